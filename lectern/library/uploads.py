"""Uploads: from the first announced byte to an asset, or to a refusal in words."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from lectern.errors import Invalid, NotFound, TooLarge
from lectern.library import assets, folders, names, tags, tasks, versions
from lectern.models import Asset, Blob, Kind, Role, Step, Upload, UploadState, Version
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.settings import Settings

MISSING = "There is no such upload."
EMPTY = "The file is empty: it has 0 bytes. Check the original and upload it again."
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ON_DUPLICATE = ("reuse", "keep", "refuse")


@dataclass(frozen=True)
class NewUpload:
    """What a sender announces. `size` is in bytes; `digest` is a claim, never trusted."""

    filename: str
    size: int
    filetype: str = ""
    digest: str | None = None
    on_duplicate: str = "reuse"
    replaces: uuid.UUID | None = None
    folder: str = ""
    tags: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True)
class Admitted:
    """What became of a checked upload. `version_id` is None when nothing new was made."""

    asset_id: uuid.UUID | None
    version_id: uuid.UUID | None


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
        limit = settings.max_upload_bytes / (1 << 30)
        raise TooLarge(f"A file may have at most {limit:.3g} GiB here.")
    if new.digest is not None and not _DIGEST.fullmatch(new.digest):
        message = "A digest is 64 lower-case hexadecimal digits (BLAKE3)."
        raise Invalid(message, {"digest": message})
    if new.on_duplicate not in _ON_DUPLICATE:
        message = f"on_duplicate is one of {', '.join(_ON_DUPLICATE)}."
        raise Invalid(message, {"on_duplicate": message})
    if new.replaces is not None:
        _replaceable(session, principal, new.replaces)
    upload = Upload(
        workspace_id=principal.workspace_id,
        created_by=principal.user_id,
        filename=names.file_name(new.filename),
        filetype=names.clean_text(new.filetype)[:200],
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
    if new.size == 0:
        refuse(session, upload, EMPTY)
    session.refresh(upload)
    return upload


def _replaceable(session: Session, principal: Principal, asset_id: uuid.UUID) -> Asset:
    try:
        asset = assets.get(session, principal, asset_id)
    except NotFound as error:
        raise Invalid(
            "The file to replace does not exist.", {"replaces": "There is no such file."}
        ) from error
    require(principal, Action.EDIT, asset)
    if not asset.live:
        message = "The file to replace is in the trash. Restore it first."
        raise Invalid(message, {"replaces": message})
    return asset


def get(session: Session, principal: Principal, upload_id: uuid.UUID) -> Upload:
    """The principal's own upload; owners see all of the workspace.

    Raises:
        NotFound: no such upload, or somebody else's.
    """
    require(principal, Action.SEE)
    upload = session.get(Upload, (principal.workspace_id, upload_id))
    if upload is None or not (
        principal.role == Role.OWNER or upload.created_by == principal.user_id
    ):
        raise NotFound(MISSING)
    return upload


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


def cancel(session: Session, upload: Upload) -> None:
    """The sender gave up. An upload that has ended already stays as it ended."""
    if upload.state == UploadState.RECEIVING:
        _end(session, upload, UploadState.EXPIRED, "The upload was cancelled.")


def _end(session: Session, upload: Upload, state: UploadState, reason: str) -> None:
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
        .where(Upload.state == UploadState.RECEIVING, Upload.expires_at < func.clock_timestamp())
        .values(
            state=UploadState.EXPIRED,
            reason="Nothing more arrived for too long. Upload the file again.",
            writer=None,
        )
        .returning(Upload)
    ).all()
    return [spool_path(settings, upload) for upload in ended]


def admit(session: Session, upload: Upload, facts: Mapping[str, Any], blob: Blob) -> Admitted:
    """Turn a checked upload into an asset, a version, or a pointer to what was there already.

    One transaction makes asset, version, tasks and audit entry. The caller is a worker that
    holds the upload's task; a second delivery finds the upload ended and changes nothing.
    """
    session.refresh(upload, with_for_update=True)
    if upload.state != UploadState.CHECKING:
        return Admitted(upload.asset_id, None)
    upload.digest = blob.digest
    actor = Principal.system(upload.workspace_id, upload.created_by)
    # Without this lock two equal files that arrive together would not see each other.
    lock = func.hashtextextended(f"admit:{upload.workspace_id}:{blob.digest}", 0)
    session.execute(select(func.pg_advisory_xact_lock(lock)))
    existing = _holder(session, upload.workspace_id, blob)
    upload.duplicate_of = existing.id if existing else None
    if upload.replaces is not None:
        return _replace(session, actor, upload, facts, blob)
    if existing is not None and upload.on_duplicate == "refuse":
        refuse(session, upload, f"This file is already in the library as “{existing.name}”.")
        return Admitted(None, None)
    if existing is not None and upload.on_duplicate == "reuse":
        _done(session, upload, existing.id)
        return Admitted(existing.id, None)
    return _new_asset(session, actor, upload, facts, blob)


def _holder(session: Session, workspace_id: uuid.UUID, blob: Blob) -> Asset | None:
    return session.scalar(
        select(Asset)
        .where(
            Asset.workspace_id == workspace_id,
            Asset.live,
            Asset.id.in_(
                select(Version.asset_id).where(
                    Version.workspace_id == workspace_id, Version.blob_id == blob.id
                )
            ),
        )
        .order_by((Asset.digest == blob.digest).desc(), Asset.created_at)
        .limit(1)
    )


def _replace(
    session: Session, actor: Principal, upload: Upload, facts: Mapping[str, Any], blob: Blob
) -> Admitted:
    asset = session.get(Asset, (upload.workspace_id, upload.replaces))
    if asset is None or not asset.live:
        refuse(session, upload, "The file to replace was moved to the trash meanwhile.")
        return Admitted(None, None)
    if facts["kind"] != asset.kind:
        refuse(
            session,
            upload,
            f"“{asset.name}” is {_A[asset.kind]}; {_A[facts['kind']]} cannot replace it. "
            "Upload it as a file of its own.",
        )
        return Admitted(None, None)
    version = _append(session, actor, upload, asset, facts, blob, "replacement")
    return Admitted(asset.id, version.id)


_A: Mapping[str, str] = {
    Kind.VIDEO: "a video",
    Kind.AUDIO: "an audio file",
    Kind.IMAGE: "an image",
    Kind.DOCUMENT: "a document",
}


def _new_asset(
    session: Session, actor: Principal, upload: Upload, facts: Mapping[str, Any], blob: Blob
) -> Admitted:
    folder = folders.ensure(session, actor, upload.folder)
    asset = Asset(
        workspace_id=upload.workspace_id,
        name=upload.filename,
        original_name=upload.filename,
        kind=facts["kind"],
        folder_id=folder.id if folder else None,
        created_by=upload.created_by,
    )
    session.add(asset)
    session.flush()
    session.refresh(asset)
    tags.put(session, asset, upload.tags)
    version = _append(session, actor, upload, asset, facts, blob, "upload")
    return Admitted(asset.id, version.id)


def _append(
    session: Session,
    actor: Principal,
    upload: Upload,
    asset: Asset,
    facts: Mapping[str, Any],
    blob: Blob,
    origin: str,
) -> Version:
    version = versions.add(
        session,
        asset,
        blob,
        origin=origin,
        original_name=upload.filename,
        facts=dict(facts),
        created_by=upload.created_by,
    )
    if facts["kind"] != Kind.DOCUMENT:
        for step in (Step.POSTER, Step.PLAYABLE):
            tasks.add(session, asset.workspace_id, step, version_id=version.id, asset_id=asset.id)
    details = {"version": version.number, "digest": blob.digest, "bytes": blob.byte_size}
    action = "asset.upload" if origin == "upload" else "asset.replace"
    audit.record(session, actor, action, "asset", asset.id, details)
    _done(session, upload, asset.id)
    assets.settle(session, asset.workspace_id, asset.id)
    return version


def _done(session: Session, upload: Upload, asset_id: uuid.UUID) -> None:
    upload.state = UploadState.DONE
    upload.asset_id = asset_id
    upload.updated_at = func.clock_timestamp()
    session.flush()
