"""Versions: append-only, numbered in their asset; one is current."""

import uuid
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lectern.library import posters
from lectern.models import Asset, Blob, Version


def get_current(session: Session, asset: Asset) -> Version | None:
    """The version whose bytes are the asset's bytes now."""
    if asset.current_version_id is None:
        return None
    return session.get(Version, (asset.workspace_id, asset.current_version_id))


def find(session: Session, asset: Asset, number: int) -> Version | None:
    """The asset's version by its number, whatever number that is."""
    if number > asset.version_count:
        return None
    return session.scalar(
        select(Version).where(
            Version.workspace_id == asset.workspace_id,
            Version.asset_id == asset.id,
            Version.number == number,
        )
    )


def list_of(session: Session, asset: Asset) -> list[Version]:
    """All versions, newest first."""
    return list(
        session.scalars(
            select(Version)
            .where(Version.workspace_id == asset.workspace_id, Version.asset_id == asset.id)
            .order_by(Version.number.desc())
        )
    )


def add(
    session: Session,
    asset: Asset,
    blob: Blob,
    *,
    origin: str,
    original_name: str,
    facts: dict[str, Any],
    created_by: uuid.UUID | None,
) -> Version:
    """Append `blob` as the asset's next version; the first one becomes current at once.

    Concurrent calls number their versions one after the other.
    """
    # Locking the asset serialises numbering: two uploads may not both become 4.
    session.refresh(asset, with_for_update=True)
    asset.version_count += 1
    version = Version(
        workspace_id=asset.workspace_id,
        asset_id=asset.id,
        number=asset.version_count,
        blob_id=blob.id,
        origin=origin,
        original_name=original_name,
        facts=facts,
        created_by=created_by,
    )
    session.add(version)
    session.flush()
    if asset.current_version_id is None:
        make_current(session, asset, version, blob)
    return version


def make_current(session: Session, asset: Asset, version: Version, blob: Blob) -> None:
    """Move the asset's pointer, and the facts repeated beside it; the caller holds the row lock."""
    facts = version.facts
    asset.current_version_id = version.id
    asset.version_number = version.number
    asset.digest = blob.digest
    asset.byte_size = blob.byte_size
    asset.mime = facts.get("mime") or blob.mime
    asset.kind = facts.get("kind", asset.kind)
    asset.duration_s = facts.get("duration_s")
    asset.width = facts.get("width")
    asset.height = facts.get("height")
    asset.updated_at = func.clock_timestamp()
    asset.lock_version += 1
    session.flush()
    posters.show_best(session, version)
