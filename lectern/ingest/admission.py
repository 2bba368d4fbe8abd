"""Admission: a checked upload becomes an asset, a version, or a pointer to what is there."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.errors import Message
from lectern.ingest import awaited, uploads
from lectern.library import assets, schedules, versions
from lectern.models import Asset, Blob, Kind, Upload, UploadState, Version
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.pipeline import tasks
from lectern.taxonomy import folders, tags

_A: Mapping[str, str] = {
    Kind.VIDEO: "a video",
    Kind.AUDIO: "an audio file",
    Kind.IMAGE: "an image",
    Kind.DOCUMENT: "a document",
}


@dataclass(frozen=True)
class Admitted:
    """What became of a checked upload. `version_id` is None when nothing new was made."""

    asset_id: uuid.UUID | None
    version_id: uuid.UUID | None


def admit(session: Session, upload: Upload, facts: Mapping[str, Any], blob: Blob) -> Admitted:
    """Turn a checked upload into an asset, a version, or a pointer to what was there already.

    One transaction makes asset, version, tasks and audit entry. The caller is a worker that
    holds the upload's task; a second delivery finds the upload ended and changes nothing. `blob`
    is of this transaction (`blobs.add`): that lets equal files in one after the other, so that
    the second sees the first.
    """
    session.refresh(upload, with_for_update=True)
    if upload.state != UploadState.CHECKING:
        return Admitted(upload.asset_id, None)
    upload.digest = blob.digest
    actor = Principal.system(upload.workspace_id, upload.created_by)
    awaited.arrive(session, upload.workspace_id, blob)
    existing = _holder(session, upload.workspace_id, blob)
    upload.duplicate_of = existing.id if existing else None
    if upload.replaces is not None:
        return _replace(session, actor, upload, facts, blob)
    if existing is not None and upload.on_duplicate == "refuse":
        uploads.refuse(
            session,
            upload,
            Message("This file is already in the library as “%(name)s”.", name=existing.name),
        )
        return Admitted(None, None)
    if existing is not None and upload.on_duplicate == "reuse":
        uploads.succeed(session, upload, existing.id)
        return Admitted(existing.id, None)
    return _new_asset(session, actor, upload, facts, blob)


def _holder(session: Session, workspace_id: uuid.UUID, blob: Blob) -> Asset | None:
    return session.scalar(
        scoped(Asset, workspace_id)
        .where(
            Asset.live,
            Asset.id.in_(
                scoped(Version, workspace_id, Version.asset_id).where(Version.blob_id == blob.id)
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
        uploads.refuse(
            session, upload, Message("The file to replace was moved to the trash meanwhile.")
        )
        return Admitted(None, None)
    if facts["kind"] != asset.kind:
        uploads.refuse(
            session,
            upload,
            f"“{asset.name}” is {_A[asset.kind]}; {_A[facts['kind']]} cannot replace it. "
            "Upload it as a file of its own.",
        )
        return Admitted(None, None)
    version = _append(session, actor, upload, asset, facts, blob, "replacement")
    return Admitted(asset.id, version.id)


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
    tasks.begin(session, version)
    details = {"version": version.number, "digest": blob.digest, "bytes": blob.byte_size}
    action = "asset.upload" if origin == "upload" else "asset.replace"
    audit.record(session, actor, action, "asset", asset.id, details)
    uploads.succeed(session, upload, asset.id)
    schedules.adopt(session, upload, version)
    assets.settle(session, asset.workspace_id, asset.id)
    return version
