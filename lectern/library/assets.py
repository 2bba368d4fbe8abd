"""Assets: read them, edit them, and keep their state true."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from lectern.database.locks import lock
from lectern.errors import Message, NotFound, Stale
from lectern.library import concurrent_edits, fields, schedules, versions
from lectern.models import Asset, Blob, Version
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.taxonomy import custom_fields

MISSING = Message("File not found in this library.")


def get(session: Session, principal: Principal, asset_id: uuid.UUID) -> Asset:
    """The asset with its tags, folder and creator, also when it lies in the trash.

    Raises:
        NotFound: no such asset in this workspace, or nothing the principal may see.
    """
    require(principal, Action.SEE)
    asset = session.scalar(
        select(Asset)
        .where(Asset.workspace_id == principal.workspace_id, Asset.id == asset_id)
        .options(selectinload(Asset.tags), selectinload(Asset.folder), selectinload(Asset.creator))
    )
    if asset is None:
        raise NotFound(MISSING)
    return asset


def with_digest(session: Session, principal: Principal, digest: str, size: int) -> list[Asset]:
    """Live assets of the workspace that have these bytes in any version, newest first."""
    require(principal, Action.SEE)
    holders = (
        select(Version.asset_id)
        .join(Blob, (Blob.workspace_id == Version.workspace_id) & (Blob.id == Version.blob_id))
        .where(
            Blob.workspace_id == principal.workspace_id,
            Blob.digest == digest,
            Blob.byte_size == size,
            # Bytes that are still awaited nobody can use instead.
            Blob.state != "awaited",
        )
    )
    return list(
        session.scalars(
            select(Asset)
            .where(
                Asset.workspace_id == principal.workspace_id,
                Asset.id.in_(holders),
                Asset.live,
            )
            .order_by(Asset.created_at.desc(), Asset.id.desc())
        )
    )


def edit(
    session: Session,
    principal: Principal,
    asset: Asset,
    changes: Mapping[str, Any],
    *,
    expected: int | None = None,
    seen: Mapping[str, Any] | None = None,
    undoes: int | None = None,
) -> Asset:
    """Change what a person may change: the keys of `changes` are the API's field names.

    `expected` is the `lock_version` the person saw; None skips the comparison. `seen` has the
    values that the person saw, by field: what others changed since is kept (`merging`). `undoes`
    is the audit log's number of the change that this one takes back.

    Raises:
        Stale: somebody changed the asset since.
        Overtaken: somebody changed a field of `seen` since, and so does this.
        Invalid: a field is unknown or unusable; nothing was changed.
    """
    require(principal, Action.EDIT, asset)
    lock(session, asset)
    if expected is not None and asset.lock_version != expected:
        raise Stale("Someone changed this file after you opened it. Reload to see the changes.")
    wanted = concurrent_edits.merged(session, principal, asset, fields.checked(changes), seen or {})
    if "custom" in wanted:
        held, value = asset.custom, wanted["custom"]
        wanted["custom"] = custom_fields.fit(session, asset.workspace_id, held, value)
    entries = _write(session, principal, asset, wanted)
    if entries:
        asset.lock_version += 1
        asset.updated_at = func.clock_timestamp()
        session.flush()
        session.expire(asset)
    for field, details in entries:
        said = details if undoes is None else {**details, "undoes": undoes}
        audit.record(session, principal, f"asset.{field}", "asset", asset.id, said)
    return asset


def _write(
    session: Session, principal: Principal, asset: Asset, wanted: Mapping[str, Any]
) -> list[tuple[str, dict[str, Any]]]:
    """Write what differs; returns each changed field with its value before and after."""
    entries = []
    for field, value in wanted.items():
        before = fields.read(session, asset, field)
        if not fields.same(field, before, value):
            fields.write(session, principal, asset, field, value)
            after = fields.read(session, asset, field) if field == "folder" else value
            if not fields.same(field, before, after):
                entries.append((field, {"before": before, "after": after}))
    return entries


def settle(session: Session, workspace_id: uuid.UUID, asset_id: uuid.UUID) -> Asset:
    """Derive the asset's state from its tasks, and move to a newer version that has become ready.

    A version with a time of its own is moved to when that has come. Safe to call at any time and
    twice; the row lock serialises callers.
    """
    asset = session.get_one(
        Asset, (workspace_id, asset_id), with_for_update=True, populate_existing=True
    )
    newer = versions.newest_ready(session, asset)
    if newer is not None:
        versions.make_current(session, asset, newer, newer.blob)
    schedules.apply(session, asset)
    current = versions.get_current(session, asset)
    if current is not None:
        asset.state = versions.state_of(session, current)
    asset.lock_version += 1
    session.flush()
    return asset
