"""One asset: its page, the page's parts as fragments, and what can be done with it."""

import uuid
from functools import partial

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from jobs import live
from lectern.errors import Invalid
from lectern.library import assets, retries, trash
from lectern.library import undo as event_undo
from lectern.models import Asset
from lectern.people import audit_reading
from lectern.people.audit_reading import Only
from lectern.people.rights import Action, require
from lectern.renditions import posters
from lectern.search import cards
from web import changes, htmx
from web.auth import allow
from web.extensions import db, settings
from web.forms import Form
from web.pages.assets import panels
from web.pages.assets.field_form import FieldForm
from web.pages.assets.page import AssetPage
from web.pages.library.views import card_html, gone

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


@bp.get(f"/<any({', '.join(panels.BY_NAME)}):part>")
@allow(Action.SEE)
def show_panel(asset_id: uuid.UUID, part: str) -> ResponseReturnValue:
    """One part of the page, for when it has changed; without scripts the page, at that part."""
    page, panel = _page(asset_id), panels.BY_NAME[part]
    require(g.principal, panel.right, page.asset)
    if not htmx.wants_fragment():
        return redirect(url_for(".show", asset_id=asset_id, _anchor=part))
    return htmx.fragment(render_template(panel.template, page=page))


FIELD = "/fields/<any(name, description, tags, folder, language, licence, access, custom):part>"


@bp.get(FIELD)
@allow(Action.SEE)
def show_field(asset_id: uuid.UUID, part: str) -> ResponseReturnValue:
    """One field as it is now, for when its form is left."""
    page = _page(asset_id)
    return htmx.fragment(_field(page, part, focus=bool(request.args.get("focus"))))


@bp.get(f"{FIELD}/edit")
@allow(Action.EDIT)
def edit_field(asset_id: uuid.UUID, part: str) -> ResponseReturnValue:
    """A field as a form: in its place, or as a page of its own."""
    page = _page(asset_id)
    require(g.principal, Action.EDIT, page.asset)
    return _form(page, FieldForm(page.row(part, request.args.get("key", ""))), 200)


@bp.post(FIELD)
@allow(Action.EDIT)
def change(asset_id: uuid.UUID, part: str) -> ResponseReturnValue:
    """Save a field; 409 with both values when somebody else has changed it meanwhile."""
    session, page = db.session(), _page(asset_id)
    require(g.principal, Action.EDIT, page.asset)
    key, before = request.form.get("key", ""), _latest(asset_id, part)
    form = FieldForm(page.row(part, key), request.form.to_dict())
    edit = partial(assets.edit, session, g.principal, page.asset)
    if not form.attempt(lambda: edit(form.changes(), seen=form.seen())):
        page = _page(asset_id)
        form.row = page.row(part, key)
        return _form(page, form, 409 if form.clash else 422)
    changes.commit(asset_id)
    seq = _latest(asset_id, part)
    back = url_for(".undo", asset_id=asset_id, seq=seq) if seq != before else None
    url, show = url_for(".show", asset_id=asset_id), partial(_field, key=key, focus=True)
    return changes.reply(
        url, lambda: show(_page(asset_id), part), toast=gettext("Saved."), undo=back
    )


@bp.post("/undoing")
@allow(Action.EDIT)
def undo(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Take back one change of the history, by its number."""
    session, asset = db.session(), _asset(asset_id)
    require(g.principal, Action.EDIT, asset)
    seq = Form(request.args).number("seq")
    if seq is None:
        raise Invalid(gettext("Say which change to undo."))
    trashed = not asset.live
    event_undo.undo(session, g.principal, asset, min(seq, (1 << 63) - 1))
    back = trashed and asset.live
    changes.commit(asset_id, event=live.ADDED if back else live.CHANGED)
    # Without an anchor: to one of the same page a browser would scroll, not go.
    url = url_for(".show", asset_id=asset_id)
    if back:
        return htmx.go_to(url)
    return changes.reply(url, toast=gettext("Undone."), event=f"asset-{asset_id}")


@bp.get("/history/earlier")
@allow(Action.SEE)
def show_earlier(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Events before those that are shown; without scripts the page that begins with them."""
    page = _page(asset_id)
    if not htmx.wants_fragment():
        return render_template("assets/show.html", page=page)
    return htmx.fragment(render_template("assets/_events.html", page=page))


@bp.get("/history.<any(csv, json):part>")
@allow(Action.SEE)
def export_history(asset_id: uuid.UUID, part: str) -> ResponseReturnValue:
    """The history as a file, as filtered as it is shown."""
    page = _page(asset_id)
    reply = Response("".join(page.history.exported(part)))
    reply.mimetype = "text/csv" if part == "csv" else "application/json"
    name = f"history-{asset_id}.{part}"
    reply.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return reply


@bp.post("/poster")
@allow(Action.CHOOSE_POSTER)
def choose_poster(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Keep one of the candidates as the poster, for ever."""
    session, page = db.session(), _page(asset_id)
    rank = request.form.get("rank", default=0, type=int)
    posters.choose(session, g.principal, page.asset, rank)
    changes.commit(asset_id)
    return changes.reply(
        url_for(".show", asset_id=asset_id),
        lambda: render_template("assets/_posters.html", page=_page(asset_id)),
        toast=gettext("This poster is kept until you choose another one."),
    )


@bp.post("/trashing")
@allow(Action.TRASH)
def move_to_trash(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Move to the trash; refused with the places while a course uses it."""
    session, asset = db.session(), _asset(asset_id)
    trash.trash(session, g.principal, asset, days=settings().trash_days)
    changes.commit(asset_id, event=live.REMOVED)
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
    changes.commit(asset_id, event=live.ADDED)
    if not htmx.wants_fragment():
        return htmx.go_to(url_for(".show", asset_id=asset_id))
    text = gettext("“%(name)s” has been restored to the library.", name=asset.name)
    return htmx.fragment(gone(asset_id), toast=text, event="library-changed")


@bp.post("/retries")
@allow(Action.EDIT)
def retry(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Try the failed steps again."""
    session, asset = db.session(), _asset(asset_id)
    retries.try_again(session, g.principal, asset)
    changes.commit(asset_id, wake=True)
    return htmx.go_to(url_for(".show", asset_id=asset_id))


def _asset(asset_id: uuid.UUID) -> Asset:
    return assets.get(db.session(), g.principal, asset_id)


def _page(asset_id: uuid.UUID) -> AssetPage:
    return AssetPage(db.session(), g.principal, _asset(asset_id))


def _field(page: AssetPage, part: str, *, key: str = "", focus: bool = False) -> str:
    if part == "name":
        return render_template("assets/_title.html", page=page, saved=focus)
    row = page.row(part, key or request.args.get("key", ""))
    return render_template("assets/_field.html", page=page, row=row, saved=focus)


def _form(page: AssetPage, form: FieldForm, status: int) -> ResponseReturnValue:
    title = form.row.part == "name"
    whole = not htmx.wants_fragment()
    name = "edit" if whole else "_title_form" if title else "_field_form"
    html = render_template(f"assets/{name}.html", page=page, form=form, row=form.row, whole=whole)
    return htmx.fragment(html, status=status)


def _latest(asset_id: uuid.UUID, part: str) -> int:
    """The number of the reader's own last change of a field; 0 for none."""
    mine = Only((f"asset.{part}",), actor=g.principal.user_id)
    lines = audit_reading.history(db.session(), g.principal, asset_id, mine, limit=1)
    return lines[0].seq if lines else 0
