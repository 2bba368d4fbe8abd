"""Uploads in the browser: what is half sent, and the question about files that are here already."""

import uuid
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from jobs import enqueue
from lectern import values
from lectern.courses import usages
from lectern.errors import NotFound
from lectern.ingest import checks, uploads
from lectern.models import Upload, UploadState
from lectern.people.rights import Action
from lectern.pipeline import tasks
from lectern.search import cards
from web import htmx
from web.auth import allow
from web.extensions import db, settings

bp = Blueprint("uploads", __name__, url_prefix="/uploads")
# Stands for an id in addresses that a script completes.
ANY_ID = uuid.UUID(int=0)
MOST_WATCHED = 50


@bp.get("/open")
@allow(Action.UPLOAD)
def list_open() -> ResponseReturnValue:
    """This person's unfinished uploads, and how those ended that the page saw being checked."""
    return _open(_watched(request.args.get("watch", "")))


@bp.post("/<uuid:upload_id>/cancelling")
@allow(Action.UPLOAD)
def cancel(upload_id: uuid.UUID) -> ResponseReturnValue:
    """Discard a half-sent upload."""
    session = db.session()
    upload = uploads.get(session, g.principal, upload_id)
    uploads.cancel(session, upload)
    session.commit()
    if upload.state == UploadState.EXPIRED:
        uploads.spool_path(settings(), upload).unlink(missing_ok=True)
    return _answer()


@bp.post("/<uuid:upload_id>/stopping")
@allow(Action.UPLOAD)
def stop(upload_id: uuid.UUID) -> ResponseReturnValue:
    """Stop checking a complete upload; its bytes stay."""
    session = db.session()
    checks.stop(session, uploads.get(session, g.principal, upload_id))
    session.commit()
    return _answer()


@bp.post("/<uuid:upload_id>/starting")
@allow(Action.UPLOAD)
def start_again(upload_id: uuid.UUID) -> ResponseReturnValue:
    """Go on with a check that was stopped."""
    session = db.session()
    upload = uploads.get(session, g.principal, upload_id)
    checks.start_again(session, upload)
    session.commit()
    enqueue.notify(tasks.of_upload(session, upload.workspace_id, upload.id))
    return _answer()


@bp.get("/duplicate/<uuid:asset_id>")
@allow(Action.UPLOAD)
def duplicate(asset_id: uuid.UUID) -> ResponseReturnValue:
    """The question what to do with a file whose content this asset has already."""
    card = cards.one(db.session(), g.principal, asset_id)
    if card is None:
        raise NotFound("File not found in this library.")
    return htmx.fragment(
        render_template(
            "uploads/_duplicate.html",
            card=card,
            usages=usages.of_asset(db.session(), g.principal, asset_id),
            name=request.args.get("name", "")[:255],
            more=request.args.get("more") == "1",
        )
    )


def _answer() -> ResponseReturnValue:
    return _open([]) if htmx.wants_fragment() else redirect(url_for("library.index"), code=303)


def _open(watched: list[uuid.UUID]) -> ResponseReturnValue:
    return htmx.fragment(open_uploads(watched))


def open_uploads(watched: list[uuid.UUID], *, oob: bool = False) -> str:
    """The list of this person's unfinished uploads; `oob` when it comes with another fragment."""
    session = db.session()
    shown = uploads.list_open(session, g.principal)
    known = {upload.id for upload in shown}
    shown += _ended(session, [each for each in watched if each not in known])
    stopped = checks.stopped_among(session, g.principal.workspace_id, shown)
    going = [upload for upload in shown if upload.id not in stopped]
    checking = [str(upload.id) for upload in going if upload.state == "checking"]
    watch = ",".join([*checking, *(str(each) for each in watched if each not in known)])
    return render_template(
        "uploads/_open.html", uploads=shown, watched=watch, stopped=stopped, oob=oob
    )


def _ended(session: Session, ids: list[uuid.UUID]) -> list[Upload]:
    found = []
    for upload_id in ids:
        try:
            found.append(uploads.get(session, g.principal, upload_id))
        except NotFound:
            continue
    return found


def _watched(text: str) -> list[uuid.UUID]:
    return values.identifiers(text.split(",")[:MOST_WATCHED])


@bp.app_context_processor
def _globals() -> dict[str, Any]:
    return {"upload_words": upload_words, "any_id": str(ANY_ID)}


def upload_words() -> dict[str, str]:
    """The tray's sentences: one by state, one by action, two for its header."""
    return {
        "waiting": _("Waiting"),
        "hashing": _("Checking for duplicates… {percent} %"),
        "asking": _("This file is already in the library. Choose what to do."),
        "queued": _("Waiting in the queue"),
        "sending": _("{sent} of {size}"),
        "sending-timed": _("{sent} of {size} · {rate}/s · {left} left"),
        "retrying": _("The connection was lost. Trying again. Uploaded data is kept."),
        "stalled": _("No connection. The upload resumes when you are back online."),
        "paused": _("Paused at {percent} %"),
        "checking": _("Uploaded. Checking the file…"),
        "done": _("Added to the library."),
        "done-version": _("Added as a new version."),
        "done-reused": _("This file was already in the library, so it was not added again."),
        "done-kept": _("Added as a duplicate of an existing file."),
        "reused": _("Not uploaded. The existing file is used."),
        "refused": _("This file was rejected."),
        "failed": _("The upload failed. Try again. If it fails again, contact an owner."),
        "failed-signed-out": _("You were signed out. Sign in again. Uploaded data is kept."),
        "cancelled": _("Not uploaded."),
        "act-pause": _("Pause {name}"),
        "act-resume": _("Resume {name}"),
        "act-retry": _("Retry {name}"),
        "act-cancel": _("Cancel {name}"),
        "act-stop": _("Stop checking {name}"),
        "act-forget": _("Remove {name} from this list"),
        "busy": _("Uploading: {ended} of {all} finished, {percent} %"),
        "busy-checking": _("Checking: {ended} of {all} finished"),
        "idle": _("{ended} of {all} finished"),
        "idle-bad": _("{ended} of {all} finished, {bad} rejected"),
        "none": _("Unfinished uploads"),
    }
