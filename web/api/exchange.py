"""All metadata out of the library and into it, in JSON; the archives are docs/exchange.md's."""

import uuid
from typing import Any

from flask import Blueprint, g, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from lectern.errors import Invalid
from lectern.exchange import runs
from lectern.exchange import undo as import_undo
from lectern.exchange.imports import recording
from lectern.exchange.imports.recording import EXPORT, IMPORT
from lectern.models import Batch, BatchState
from lectern.people.rights import Action
from web import changes
from web.api.representations import moment
from web.api.requests import parsing
from web.auth import allow
from web.bytes import archives
from web.extensions import db, settings
from web.i18n import translated
from web.serving.replies import FileReply

bp = Blueprint("exchange", __name__, url_prefix="/api/v1")


@bp.post("/exports")
@allow(Action.EXCHANGE)
def start_export() -> ResponseReturnValue:
    """Have an export made; ask for it until its `state` is `done`, then fetch its `url`."""
    with_files = parsing.flag_of(parsing.json_object(), "with_files")
    session = db.session()
    batch, task = runs.start_export(session, g.principal, with_files=with_files)
    changes.commit(tasks=[task])
    return jsonify(_export(batch)), 202


@bp.get("/exports/<uuid:export_id>")
@allow(Action.EXCHANGE)
def show_export(export_id: uuid.UUID) -> ResponseReturnValue:
    """How far an export is, and where its archive is."""
    return jsonify(_export(recording.get(db.session(), g.principal, export_id, EXPORT)))


@bp.get("/exports/<uuid:export_id>/file")
@allow(Action.EXCHANGE)
def fetch(export_id: uuid.UUID) -> ResponseReturnValue:
    """The archive, for whoever had it made; for 24 hours."""
    return archive_reply(export_id)


@bp.post("/imports")
@allow(Action.EXCHANGE)
def start_import() -> ResponseReturnValue:
    """Bring an archive in, or say field by field what that would change."""
    asked = request.args.get("dry_run", "0")
    if asked not in {"0", "1"}:
        raise Invalid.of("dry_run", "Send 0 or 1.")
    dry = asked == "1"
    return archives.receive(_foretold if dry else _begun, keep=not dry)


@bp.get("/imports/<uuid:import_id>")
@allow(Action.EXCHANGE)
def show_import(import_id: uuid.UUID) -> ResponseReturnValue:
    """How far an import is, and what it changed."""
    return jsonify(_import(recording.get(db.session(), g.principal, import_id, IMPORT)))


@bp.post("/imports/<uuid:import_id>/undo")
@allow(Action.EXCHANGE)
def undo(import_id: uuid.UUID) -> ResponseReturnValue:
    """Take an import back, except for what is used or was changed since."""
    session = db.session()
    batch, task = runs.start_undo(session, g.principal, import_id)
    changes.commit(tasks=[task])
    return jsonify(_import(batch)), 202


def archive_reply(export_id: uuid.UUID) -> FileReply:
    """The bytes of an export as a download."""
    archive = runs.fetch(db.session(), g.principal, export_id)
    path = runs.path_of(settings(), export_id)
    reply = FileReply(path, mime=archives.TYPE, etag=export_id.hex)
    reply.headers["Content-Disposition"] = f"attachment; filename={archive.name}"
    reply.headers["Cache-Control"] = "private, no-store"
    return reply


def _foretold(received: archives.Received) -> ResponseReturnValue:
    return jsonify(would=received.report)


def _begun(received: archives.Received) -> ResponseReturnValue:
    session = db.session()
    known = (received.id, received.name, received.size, received.report)
    runs.keep_import(session, g.principal, *known)
    batch, task = runs.start_import(session, g.principal, received.id)
    changes.commit(tasks=[task])
    return jsonify(_import(batch)), 202


def _run(batch: Batch) -> dict[str, Any]:
    return {
        "id": str(batch.id),
        "state": batch.state,
        "progress": runs.share_of(db.session(), batch),
        "reason": translated(batch.reason),
        "created_at": moment(batch.created_at),
        "created_by": str(batch.created_by) if batch.created_by else None,
        "finished_at": moment(batch.finished_at),
    }


def _export(batch: Batch) -> dict[str, Any]:
    archive = runs.archive_of(db.session(), batch)
    done = batch.state == BatchState.DONE and archive is not None
    return {
        **_run(batch),
        "with_files": bool(batch.args.get("with_files")),
        "bytes": archive.byte_size if archive is not None and done else None,
        "url": url_for("api.exchange.fetch", export_id=batch.id) if done else None,
        "expires_at": moment(archive.expires_at) if archive is not None else None,
    }


def _import(batch: Batch) -> dict[str, Any]:
    session = db.session()
    archive = runs.archive_of(session, batch)
    return {
        **_run(batch),
        "total": batch.total,
        "undone": batch.undone,
        "kept": [
            {"file": each.file, "id": str(each.id), "reason": translated(each.reason)}
            for each in import_undo.kept(session, batch)
        ],
        "can_undo": import_undo.possible(batch),
        "report": archive.report if archive is not None else None,
    }
