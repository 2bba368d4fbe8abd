"""Import and export in the browser: an archive made, an archive looked at, brought in, undone."""

import uuid
from typing import Any

from flask import Blueprint, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lectern.exchange import runs
from lectern.exchange import undo as import_undo
from lectern.exchange.imports import recording
from lectern.exchange.imports.recording import EXPORT, IMPORT
from lectern.models import Batch, BatchState, Task, User
from lectern.people.rights import Action
from web import changes, htmx
from web.api.exchange import archive_reply
from web.auth import allow
from web.bytes import archives
from web.extensions import db, settings
from web.pages.admin.exchange_labels import Shown

bp = Blueprint("exchange", __name__, url_prefix="/exchange")


@bp.get("")
@allow(Action.EXCHANGE)
def index() -> ResponseReturnValue:
    """Make an export, choose an archive to bring in, and what was done before."""
    shown = [_shown(each) for each in runs.recent(db.session(), g.principal)]
    return render_template("exchange/index.html", runs=shown, most=settings().max_upload_bytes)


@bp.post("/exports")
@allow(Action.EXCHANGE)
def export() -> ResponseReturnValue:
    """Have an export made."""
    with_files = request.form.get("with_files") == "1"
    _, task = runs.start_export(db.session(), g.principal, with_files=with_files)
    return _begun(task, url_for(".index"))


@bp.get("/exports/<uuid:export_id>.zip")
@allow(Action.EXCHANGE)
def download(export_id: uuid.UUID) -> ResponseReturnValue:
    """The archive, for whoever had it made."""
    return archive_reply(export_id)


@bp.get("/exports/<uuid:export_id>")
@allow(Action.EXCHANGE)
def show_export(export_id: uuid.UUID) -> ResponseReturnValue:
    """The row of an export, as it is now."""
    return _row(recording.get(db.session(), g.principal, export_id, EXPORT))


@bp.get("/imports/<uuid:import_id>/row")
@allow(Action.EXCHANGE)
def show_row(import_id: uuid.UUID) -> ResponseReturnValue:
    """The row of an import, as it is now."""
    return _row(recording.get(db.session(), g.principal, import_id, IMPORT))


@bp.post("/imports")
@allow(Action.EXCHANGE)
def receive() -> ResponseReturnValue:
    """Take an archive in and keep it, with what it would change; nothing is changed."""
    return archives.receive(_kept, keep=True)


@bp.get("/imports/<uuid:import_id>")
@allow(Action.EXCHANGE)
def show(import_id: uuid.UUID) -> ResponseReturnValue:
    """What an import would change, or has changed."""
    batch = recording.get(db.session(), g.principal, import_id, IMPORT)
    if htmx.wants_fragment():
        return htmx.fragment(render_template("exchange/_state.html", run=_shown(batch)))
    return render_template("exchange/import.html", run=_shown(batch))


@bp.post("/imports/<uuid:import_id>/apply")
@allow(Action.EXCHANGE)
def apply(import_id: uuid.UUID) -> ResponseReturnValue:
    """Bring in what was looked at."""
    _, task = runs.start_import(db.session(), g.principal, import_id)
    return _begun(task, url_for(".show", import_id=import_id))


@bp.post("/imports/<uuid:import_id>/discard")
@allow(Action.EXCHANGE)
def discard(import_id: uuid.UUID) -> ResponseReturnValue:
    """Throw away an archive that was only looked at."""
    runs.discard(db.session(), g.principal, import_id)
    db.session().commit()
    runs.path_of(settings(), import_id).unlink(missing_ok=True)
    return redirect(url_for(".index"), code=303)


@bp.post("/imports/<uuid:import_id>/undo")
@allow(Action.EXCHANGE)
def undo(import_id: uuid.UUID) -> ResponseReturnValue:
    """Take an import back."""
    _, task = runs.start_undo(db.session(), g.principal, import_id)
    return _begun(task, url_for(".show", import_id=import_id))


def _begun(task: Task, address: str) -> ResponseReturnValue:
    """A worker is to do it, and the page shows how far it is."""
    changes.commit(tasks=[task])
    return redirect(address, code=303)


def _kept(received: archives.Received) -> ResponseReturnValue:
    session = db.session()
    known = (received.id, received.name, received.size, received.report)
    runs.keep_import(session, g.principal, *known)
    session.commit()
    return jsonify(address=url_for(".show", import_id=received.id)), 201


def _row(batch: Batch) -> ResponseReturnValue:
    return htmx.fragment(render_template("exchange/_row.html", run=_shown(batch)))


def _shown(batch: Batch) -> Shown:
    session: Session = db.session()
    by = session.get(User, batch.created_by) if batch.created_by else None
    kept = runs.archive_of(session, batch)
    known: dict[str, Any] = {
        "by": by.name or by.email if by else "Lectern",
        "archive": kept,
        "share": runs.share_of(session, batch),
        "waits": runs.waits(session, batch),
        "can_undo": import_undo.possible(batch),
        "mine": batch.created_by == g.principal.user_id,
    }
    stays = import_undo.kept(session, batch) if batch.state == BatchState.UNDONE else []
    return Shown(batch=batch, stays=stays, **known)
