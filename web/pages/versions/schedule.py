"""When a version becomes current: another time, now, or never."""

import uuid

from flask import Blueprint, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lectern.library import assets, schedule_edits, schedules
from lectern.people.rights import Action, require
from web import changes, dialogs
from web.auth import allow
from web.extensions import db
from web.forms import Form
from web.pages.assets.page import AssetPage

bp = Blueprint(
    "switches", __name__, url_prefix="/assets/<uuid:asset_id>/versions/<int:number>/switch"
)
PART = "versions/_switch.html"


@bp.get("")
@allow(Action.EDIT)
def ask(asset_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """The form for the time."""
    page = _page(asset_id)
    require(g.principal, Action.EDIT, page.asset)
    zone = schedules.home_zone(db.session(), g.principal)
    return dialogs.ask(PART, form=Form(), page=page, row=page.versions.row(number), zone=zone)


@bp.post("")
@allow(Action.EDIT)
def save(asset_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """Keep the time, switch now, or call it off, whichever button was pressed."""
    form = Form(request.form)
    form.attempt(lambda: _do(form, number))
    if form.errors:
        page, zone = _page(asset_id), form["switch_zone"] or "UTC"
        row = page.versions.row(number)
        return dialogs.go_on(PART, status=422, form=form, page=page, row=row, zone=zone)
    changes.commit(asset_id)
    panel = url_for("assets.show", asset_id=asset_id, _anchor="versions")
    return dialogs.done(panel, event="asset-changed", toast=gettext("Saved."))


def _do(form: Form, number: int) -> None:
    session, asset_id = db.session(), (request.view_args or {})["asset_id"]
    asset = assets.get(session, g.principal, asset_id)
    if form["do"] == "now":
        schedule_edits.now(session, g.principal, asset, number)
    elif form["do"] == "cancel":
        schedule_edits.cancel(session, g.principal, asset, number)
    else:
        at, zone = form["switch_at"], form["switch_zone"]
        schedule_edits.schedule(session, g.principal, asset, number, at, zone)


def _page(asset_id: uuid.UUID) -> AssetPage:
    session = db.session()
    return AssetPage(session, g.principal, assets.get(session, g.principal, asset_id))
