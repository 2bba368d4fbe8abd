"""Uploads: from the first announced byte to a complete file, or to a refusal in words."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from lectern.errors import Invalid, Message, NotFound, TooLarge
from lectern.ingest import checks
from lectern.library import assets, schedules
from lectern.library.schedules import Moment
from lectern.models import Role, Upload, UploadState
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step
from lectern.settings import Settings
from lectern.taxonomy import folders, tags
from lectern.text import clean_text, file_name

MISSING = Message("Upload not found.")
EMPTY = Message("The file is empty: it has 0 bytes. Check the original and upload it again.")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ON_DUPLICATE = ("reuse", "keep", "refuse")


@dataclass(frozen=True)
class NewUpload:
    """What a sender announces. `size` is in bytes; `digest` is a claim, never trusted.

    `switch_at` is when the new version of what it `replaces` becomes current, a local time in
    `switch_zone` (empty: the sender's own); empty means as soon as it is ready.
    """

    filename: str
    size: int
    filetype: str = ""
    digest: str | None = None
    on_duplicate: str = "reuse"
    replaces: uuid.UUID | None = None
    folder: str = ""
    tags: Sequence[str] = field(default_factory=tuple)
    switch_at: str = ""
    switch_zone: str = ""


def spool_path(settings: Settings, upload: Upload) -> Path:
    """Where the upload's bytes wait; named by us, never by the sender."""
    return settings.spool / upload.workspace_id.hex / upload.id.hex


def create(session: Session, principal: Principal, new: NewUpload, *, settings: Settings) -> Upload:
    """Announce an upload. Everything that can be refused before a byte is sent, is.

    Raises:
        TooLarge: over the size limit.
        Invalid: a field is unusable, or `replaces` names nothing that can be replaced.
    """
    require(principal, Action.UPLOAD)
    if new.size > settings.max_upload_bytes:
        limit = f"{settings.max_upload_bytes / (1 << 30):.3g}"
        raise TooLarge("Files can be at most %(limit)s GiB.", limit=limit)
    if new.digest is not None and not _DIGEST.fullmatch(new.digest):
        message = Message("A digest is 64 lower-case hexadecimal digits (BLAKE3).")
        raise Invalid(message, {"digest": message})
    if new.on_duplicate not in _ON_DUPLICATE:
        message = Message("on_duplicate is one of %(choices)s.", choices=", ".join(_ON_DUPLICATE))
        raise Invalid(message, {"on_duplicate": message})
    if new.replaces is not None:
        _check_replaceable(session, principal, new.replaces)
    moment = _switch(session, principal, new)
    upload = Upload(
        workspace_id=principal.workspace_id,
        created_by=principal.user_id,
        filename=file_name(new.filename),
        filetype=clean_text(new.filetype)[:200],
        byte_size=new.size,
        announced_digest=new.digest,
        on_duplicate=new.on_duplicate,
        replaces=new.replaces,
        folder="/".join(folders.split(new.folder)),
        tags=tags.clean(new.tags),
        expires_at=func.clock_timestamp() + text(f"interval '{settings.upload_ttl_s} seconds'"),
    )
    session.add(upload)
    session.flush()
    schedules.plan(session, upload, moment)
    if new.size == 0:
        refuse(session, upload, EMPTY)
    session.refresh(upload)
    return upload


def _check_replaceable(session: Session, principal: Principal, asset_id: uuid.UUID) -> None:
    try:
        asset = assets.get(session, principal, asset_id)
    except NotFound as error:
        raise Invalid(
            "The file to replace does not exist.", {"replaces": "File not found."}
        ) from error
    require(principal, Action.EDIT, asset)
    if not asset.live:
        message = Message("The file to replace is in the trash. Restore it first.")
        raise Invalid(message, {"replaces": message})


def _switch(session: Session, principal: Principal, new: NewUpload) -> Moment | None:
    if not new.switch_at:
        return None
    if new.replaces is None:
        message = "switch_at goes with replaces: only a new version waits for its time."
        raise Invalid(message, {"switch_at": message})
    return schedules.future_moment(session, principal, new.switch_at, new.switch_zone)


def get(
    session: Session, principal: Principal, upload_id: uuid.UUID, *, lock: bool = False
) -> Upload:
    """The principal's own upload as it is now; owners see all of the workspace.

    With `lock` nobody else changes it until the commit.

    Raises:
        NotFound: no such upload, or somebody else's.
    """
    require(principal, Action.SEE)
    upload = session.get(
        Upload,
        (principal.workspace_id, upload_id),
        populate_existing=True,
        with_for_update=lock or None,
    )
    if upload is None or not (
        principal.role == Role.OWNER or upload.created_by == principal.user_id
    ):
        raise NotFound(MISSING)
    return upload


def broken_off(upload: Upload) -> bool:
    """True when the upload has ended and its missing bytes are not wanted any more."""
    ended = upload.state not in {UploadState.RECEIVING, UploadState.CHECKING}
    return ended and upload.received < upload.byte_size


def list_open(session: Session, principal: Principal) -> list[Upload]:
    """This person's unfinished uploads, newest first: what a reloaded page goes on with."""
    require(principal, Action.SEE)
    return list(
        session.scalars(
            select(Upload)
            .where(
                Upload.workspace_id == principal.workspace_id,
                Upload.created_by == principal.user_id,
                Upload.state.in_([UploadState.RECEIVING, UploadState.CHECKING]),
            )
            .order_by(Upload.created_at.desc())
            .limit(200)
        )
    )


def complete(session: Session, upload: Upload, digest: str | None) -> None:
    """All bytes are here and durable: the upload is `checking`, and a worker takes it."""
    upload.state = UploadState.CHECKING
    upload.digest = digest
    upload.updated_at = func.clock_timestamp()
    session.flush()
    tasks.add(session, upload.workspace_id, Step.PROBE, upload_id=upload.id)


def refuse(session: Session, upload: Upload, reason: str) -> None:
    """The file is not accepted; `reason` says why and what to do."""
    _end(session, upload, UploadState.REFUSED, reason)


def fail(session: Session, upload: Upload, reason: str) -> None:
    """We could not check the file; that is not the file's fault as far as we know."""
    _end(session, upload, UploadState.FAILED, reason)


def succeed(session: Session, upload: Upload, asset_id: uuid.UUID) -> None:
    """The file is in the library, as this asset or as a version of it."""
    upload.asset_id = asset_id
    _end(session, upload, UploadState.DONE, None)


def cancel(session: Session, upload: Upload) -> None:
    """The sender gave up. What is being checked goes on, what has ended stays as it ended."""
    session.refresh(upload, with_for_update=True)
    checking = upload.state == UploadState.CHECKING
    stopped = checking and checks.stopped_among(session, upload.workspace_id, [upload])
    if stopped or upload.state == UploadState.RECEIVING:
        _end(session, upload, UploadState.EXPIRED, Message("The upload was cancelled."))


def _end(session: Session, upload: Upload, state: UploadState, reason: str | None) -> None:
    upload.state = state
    upload.reason = reason
    upload.writer = None
    upload.updated_at = func.clock_timestamp()
    session.flush()


def expire_due(session: Session, settings: Settings) -> list[Path]:
    """End uploads nobody went on with in time; returns their spool files.

    The caller deletes the files after its commit.
    """
    ended = session.scalars(
        update(Upload)
        .where(
            (Upload.state == UploadState.RECEIVING)
            | ((Upload.state == UploadState.CHECKING) & checks.STOPPED),
            Upload.expires_at < func.clock_timestamp(),
        )
        .values(
            state=UploadState.EXPIRED,
            reason=Message("Nothing more arrived for too long. Upload the file again."),
            writer=None,
        )
        .returning(Upload)
    ).all()
    return [spool_path(settings, upload) for upload in ended]
