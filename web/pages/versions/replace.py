"""Replacing: a file by a new version of it, or in all lessons by another file."""

import uuid
from typing import Any

from flask import Blueprint, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lectern import values
from lectern.courses import swapping
from lectern.errors import Invalid
from lectern.library import assets, schedules
from lectern.people.rights import Action, require
from lectern.search import Query, cards
from web import changes, dialogs, htmx
from web.auth import allow
from web.extensions import db
from web.forms import Form
from web.pages.assets.page import AssetPage

bp = Blueprint("replacing", __name__, url_prefix="/assets/<uuid:asset_id>")
REACHES = ("all", "some", "new")
SHOWN = 12


@bp.get("/replacement")
@allow(Action.EDIT)
def ask(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Which file, and which lessons get it."""
    page = _page(asset_id)
    require(g.principal, Action.EDIT, page.asset)
    zone = schedules.home_zone(db.session(), g.principal)
    # Nobody has said where they are: the browser knows.
    zone = "" if zone == "UTC" else zone
    return dialogs.ask("versions/_replace.html", form=Form(), page=page, zone=zone)


@bp.post("/replacement")
@allow(Action.EDIT)
def agree(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Before the upload: the lessons that are not to change keep the version they show."""
    session, page = db.session(), _page(asset_id)
    require(g.principal, Action.EDIT, page.asset)
    reach = request.form.get("reach", "all")
    if reach not in REACHES:
        raise Invalid("Choose which lessons get the new version.", {"reach": "Choose one."})
    if request.form.get("when") == "at":
        at, zone = request.form.get("switch_at", ""), request.form.get("switch_zone", "")
        schedules.future_moment(session, g.principal, at, zone)
    if reach != "all":
        places = request.form.getlist("place") if reach == "some" else []
        swapping.hold(session, g.principal, page.asset, but=values.identifiers(places))
    changes.commit()
    return "", 204


@bp.get("/everywhere")
@allow(Action.EDIT_COURSES)
def ask_everywhere(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Which other file takes this one's place in all lessons."""
    return dialogs.ask("versions/_everywhere.html", form=Form(), **_choice(_page(asset_id)))


@bp.post("/everywhere")
@allow(Action.EDIT_COURSES)
def exchange(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Put the other file wherever this one is used."""
    session, form, page = db.session(), Form(request.form), _page(asset_id)
    chosen = values.identifiers([form["other"]])
    if not chosen:
        form.errors["other"] = gettext("Choose a file.")
    else:
        work = swapping.exchange
        form.attempt(lambda: work(session, g.principal, asset_id, chosen[0]))
    if form.errors:
        again = _choice(_page(asset_id))
        return dialogs.go_on("versions/_everywhere.html", status=422, form=form, **again)
    changes.commit()
    return htmx.go_to(url_for("assets.show", asset_id=page.asset.id))


def _page(asset_id: uuid.UUID) -> AssetPage:
    session = db.session()
    return AssetPage(session, g.principal, assets.get(session, g.principal, asset_id))


def _choice(page: AssetPage) -> dict[str, Any]:
    """The files to choose from, by what is searched for; of the same kind, newest first."""
    words = request.args.get("q", "")[:200]
    query = Query(q=words, kind=page.asset.kind)
    found = cards.page(db.session(), g.principal, query, None, SHOWN)
    return {
        "page": page,
        "words": words,
        "cards": [card for card in found.items if card.id != page.asset.id],
    }
