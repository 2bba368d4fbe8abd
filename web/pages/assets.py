"""One asset: its page, the page's parts as fragments, and what can be done with it."""

import uuid
from functools import partial

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from jobs import broker, enqueue
from lectern.library import assets, cards, posters, retrying, tasks, trash
from lectern.models import Asset
from lectern.people.rights import Action, require
from web import htmx
from web.auth import allow
from web.extensions import db, settings
from web.forms import Form
from web.pages.asset_page import AssetPage
from web.pages.library import card_html, gone

bp = Blueprint("assets", __name__, url_prefix="/assets/<uuid:asset_id>")


@bp.get("")
@allow(Action.SEE)
def show(asset_id: uuid.UUID) -> ResponseReturnValue:
    """The whole page."""
    return render_template("assets/show.html", page=_page(asset_id))


@bp.get("/card")
@allow(Action.SEE)
def show_card(asset_id: uuid.UUID) -> ResponseReturnValue:
    """The asset as a card; nothing when there is no such asset any more."""
    card = cards.one(db.session(), g.principal, asset_id)
    return htmx.fragment(card_html(card) if card else "")


@bp.get("/<any(title, details, stage, tasks, facts, usages, history, posters):part>")
@allow(Action.SEE)
def show_part(asset_id: uuid.UUID, part: str) -> ResponseReturnValue:
    """One part of the page, for when it has changed."""
    return htmx.fragment(render_template(f"assets/_{part}.html", page=_page(asset_id)))


@bp.get("/<any(title, details):part>/edit")
@allow(Action.EDIT)
def edit_part(asset_id: uuid.UUID, part: str) -> ResponseReturnValue:
    """A part as a form: in its place, or as a page of its own."""
    page = _page(asset_id)
    require(g.principal, Action.EDIT, page.asset)
    template = f"assets/_{part}_form.html" if htmx.wants_fragment() else "assets/edit.html"
    return htmx.fragment(render_template(template, page=page, form=Form(), part=part))


@bp.post("/<any(title, details):part>")
@allow(Action.EDIT)
def change(asset_id: uuid.UUID, part: str) -> ResponseReturnValue:
    """Save what a part's form holds."""
    form, session, page = Form(request.form), db.session(), _page(asset_id)
    wanted = _name(form) if part == "title" else _details(form)
    seen = form.number("seen")
    edit = partial(assets.edit, session, g.principal, page.asset, wanted, expected=seen)
    if form.attempt(edit) is None:
        template = f"assets/_{part}_form.html" if htmx.wants_fragment() else "assets/edit.html"
        html = render_template(template, page=_page(asset_id), form=form, part=part)
        return htmx.fragment(html, status=422)
    session.commit()
    broker.publish(page.asset.workspace_id, asset_id=asset_id)
    if not htmx.wants_fragment():
        return redirect(url_for(".show", asset_id=asset_id), code=303)
    html = render_template(f"assets/_{part}.html", page=_page(asset_id), saved=True)
    return htmx.fragment(html, toast=gettext("Saved."))


@bp.post("/poster")
@allow(Action.CHOOSE_POSTER)
def choose_poster(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Keep one of the candidates as the poster, for ever."""
    session, page = db.session(), _page(asset_id)
    rank = request.form.get("rank", default=0, type=int)
    posters.choose(session, g.principal, page.asset, rank)
    session.commit()
    broker.publish(page.asset.workspace_id, asset_id=asset_id)
    if not htmx.wants_fragment():
        return redirect(url_for(".show", asset_id=asset_id), code=303)
    html = render_template("assets/_posters.html", page=_page(asset_id))
    return htmx.fragment(html, toast=gettext("This picture stays until you choose another one."))


@bp.post("/trashing")
@allow(Action.TRASH)
def move_to_trash(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Move to the trash; refused with the places while a course uses it."""
    session, asset = db.session(), _asset(asset_id)
    trash.trash(session, g.principal, asset, days=settings().trash_days)
    session.commit()
    broker.publish(asset.workspace_id, asset_id=asset_id, event="removed")
    if request.form.get("from") != "grid":
        return htmx.go_to(url_for(".show", asset_id=asset_id))
    text = gettext("“%(name)s” is in the trash.", name=asset.name)
    undo = url_for(".restore", asset_id=asset_id)
    return htmx.fragment(gone(asset_id), toast=text, undo=undo, event="library-total")


@bp.post("/restoration")
@allow(Action.RESTORE)
def restore(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Take back from the trash."""
    session, asset = db.session(), _asset(asset_id)
    trash.restore(session, g.principal, asset)
    session.commit()
    broker.publish(asset.workspace_id, asset_id=asset_id, event="added")
    if not htmx.wants_fragment():
        return htmx.go_to(url_for(".show", asset_id=asset_id))
    text = gettext("“%(name)s” is back in the library.", name=asset.name)
    return htmx.fragment(gone(asset_id), toast=text, event="library-changed")


@bp.post("/retries")
@allow(Action.EDIT)
def retry(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Try the failed steps again."""
    session, asset = db.session(), _asset(asset_id)
    retrying.try_again(session, g.principal, asset)
    session.commit()
    enqueue.ring(tasks.due_of_asset(session, asset.workspace_id, asset_id))
    broker.publish(asset.workspace_id, asset_id=asset_id)
    return htmx.go_to(url_for(".show", asset_id=asset_id))


def _asset(asset_id: uuid.UUID) -> Asset:
    return assets.get(db.session(), g.principal, asset_id)


def _page(asset_id: uuid.UUID) -> AssetPage:
    return AssetPage(db.session(), g.principal, _asset(asset_id))


def _name(form: Form) -> dict[str, object]:
    return {"name": form["name"]}


def _details(form: Form) -> dict[str, object]:
    tags = [tag for tag in (text.strip() for text in form["tags"].split(",")) if tag]
    return {
        "description": form["description"],
        "tags": tags,
        "folder": form["folder"],
        "language": form["language"],
        "licence": form["licence"],
    }
