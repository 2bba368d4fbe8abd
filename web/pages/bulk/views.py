"""Changes to many files in the browser: the dialog, what it would do, how it goes, its undo."""

import uuid
from typing import Any

from flask import Blueprint, g, get_template_attribute, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jobs import live
from lectern import bulk
from lectern.models import Batch, ItemState, User
from lectern.people.rights import Action
from lectern.taxonomy import folders as folder_tree
from web import htmx
from web.auth import allow
from web.extensions import db
from web.pages.bulk.actions import ACTIONS, Entry, offered
from web.pages.bulk.form import BulkForm
from web.pages.library.views import gone

bp = Blueprint("bulk", __name__, url_prefix="/bulk")
# What a panel names of those that stayed; the others are counted.
MOST_NAMED = 100


@bp.app_template_global()
def bulk_actions(trashed: bool) -> list[Entry]:
    """The changes that the bar of a selection offers."""
    return offered(trashed)


@bp.get("")
@allow(Action.EDIT)
def index() -> ResponseReturnValue:
    """The newest changes to many files, each with its undo."""
    batches = [_shown(each) for each in bulk.recent(db.session(), g.principal)]
    return render_template("bulk/index.html", batches=batches)


@bp.get(f"/new/<any({', '.join(ACTIONS)}):part>")
@allow(Action.EDIT)
def ask(part: str) -> ResponseReturnValue:
    """The dialog for one kind of change to the selection, or to the one file named `asset`."""
    form = BulkForm(request.args, part)
    tree = folder_tree.tree(db.session(), g.principal) if part == "move" else []
    folders = list(folder_tree.every(tree))
    return htmx.fragment(render_template("bulk/_dialog.html", form=form, folders=folders))


@bp.post("/preview")
@allow(Action.EDIT)
def preview() -> ResponseReturnValue:
    """What the change would do, before anything is done."""
    form = BulkForm(request.form)
    would = None if form.hint else form.dry_run()
    return htmx.fragment(render_template("bulk/_preview.hx.html", form=form, would=would))


@bp.post("")
@allow(Action.EDIT)
def begin() -> ResponseReturnValue:
    """Change the files: at once, or by a worker when they are many."""
    form = BulkForm(request.form)
    started = form.begin()
    if started is None:
        html = render_template("bulk/_preview.hx.html", form=form, would=None)
        return htmx.fragment(html, status=422)
    db.session().commit()
    live.batch_started(started)
    leave = started.news.assets if _moves(form.action) else ()
    html = "".join(gone(each) for each in leave)
    return _told(started.batch, html, "lectern:batch")


@bp.get("/<uuid:batch_id>/status")
@allow(Action.EDIT)
def show_status(batch_id: uuid.UUID) -> ResponseReturnValue:
    """How far a change is, or what became of it."""
    shown = _shown(bulk.get(db.session(), g.principal, batch_id))
    html = render_template("bulk/_state.html", **shown)
    return htmx.fragment(html, event=None if shown["running"] else _event(shown["batch"]))


@bp.post("/<uuid:batch_id>/undo")
@allow(Action.EDIT)
def undo(batch_id: uuid.UUID) -> ResponseReturnValue:
    """Give every file back what the change took, except where somebody changed it since."""
    started = bulk.undo(db.session(), g.principal, batch_id)
    db.session().commit()
    live.batch_started(started)
    if not htmx.wants_fragment():
        return redirect(url_for(".index"), code=303)
    if request.form.get("from") != "panel":
        return _told(started.batch, "", _event(started.batch))
    html = render_template("bulk/_state.html", **_shown(started.batch))
    return htmx.fragment(html, event=_event(started.batch))


def _told(batch: Batch, html: str, event: str) -> ResponseReturnValue:
    """What became of a batch: a toast says it where all went well, else a panel that stays."""
    shown = _shown(batch)
    if shown["running"] or shown["staying"] or batch.reason:
        return htmx.fragment(html + render_template("bulk/_panel.hx.html", **shown), event=event)
    undoing = url_for(".undo", batch_id=batch.id) if shown["can_undo"] else None
    words = get_template_attribute("bulk/_words.html", "ended_words")(batch)
    return htmx.fragment(html, toast=str(words).strip(), undo=undoing, event=event)


def _shown(batch: Batch) -> dict[str, Any]:
    """A batch for the templates."""
    session = db.session()
    state = ItemState.KEPT if batch.undone_by else ItemState.REFUSED
    by = session.get(User, batch.created_by) if batch.created_by else None
    return {
        "batch": batch,
        "by": by.name or by.email if by else "Lectern",
        "running": batch.state in ("queued", "running", "undoing"),
        "stayed": bulk.told(session, batch, state, MOST_NAMED),
        "staying": batch.kept if batch.undone_by else batch.refused,
        "can_undo": bulk.can_undo(batch),
    }


def _event(batch: Batch) -> str:
    return "library-changed" if _moves(batch.action) else "selection-changed"


def _moves(action: str) -> bool:
    """Whether files are on other pages after it than before."""
    return action in ACTIONS and ACTIONS[action].moves
