"""Renditions: what was derived from a blob, once per spec."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from lectern.database.scope import scoped
from lectern.models import Blob, Rendition

PLAYABLE = "playable"
POSTER = "poster"
WAVEFORM = "waveform.json"
# Pieces that are soon joined and gone; see `lectern.renditions.streams`.
PIECES = "hls.part."


def find(
    session: Session, workspace_id: uuid.UUID, source_blob_id: uuid.UUID, spec: str
) -> Rendition | None:
    """The rendition of that blob by that spec, its blob loaded."""
    return session.scalar(
        scoped(Rendition, workspace_id)
        .where(Rendition.source_blob_id == source_blob_id, Rendition.spec == spec)
        .options(joinedload(Rendition.blob))
    )


def list_of(
    session: Session, workspace_id: uuid.UUID, source_blob_id: uuid.UUID
) -> list[Rendition]:
    """All renditions of a blob but pieces of one, ordered by spec, their blobs loaded."""
    return list(
        session.scalars(
            scoped(Rendition, workspace_id)
            .where(
                Rendition.source_blob_id == source_blob_id,
                ~Rendition.spec.startswith(PIECES, autoescape=True),
            )
            .options(joinedload(Rendition.blob))
            .order_by(Rendition.spec)
        )
    )


def of_blob(
    session: Session, workspace_id: uuid.UUID, source_blob_id: uuid.UUID
) -> dict[str, Rendition]:
    """The same by spec, for a page that looks for many of them."""
    return {each.spec: each for each in list_of(session, workspace_id, source_blob_id)}


def record(
    session: Session,
    workspace_id: uuid.UUID,
    source_blob_id: uuid.UUID,
    spec: str,
    blob: Blob,
    facts: dict[str, Any],
) -> Rendition:
    """Write down a made rendition; a second delivery of the same work changes nothing."""
    session.execute(
        insert(Rendition)
        .values(
            workspace_id=workspace_id,
            source_blob_id=source_blob_id,
            spec=spec,
            blob_id=blob.id,
            facts=facts,
        )
        .on_conflict_do_nothing()
    )
    made = find(session, workspace_id, source_blob_id, spec)
    assert made is not None, "inserted, or there before"  # noqa: S101 - states the upsert's promise
    return made


def remove(
    session: Session, workspace_id: uuid.UUID, source_blob_id: uuid.UUID, specs: Sequence[str]
) -> None:
    """Forget renditions that are made anew; their bytes go with the next garbage collection."""
    session.execute(
        delete(Rendition).where(
            Rendition.workspace_id == workspace_id,
            Rendition.source_blob_id == source_blob_id,
            Rendition.spec.in_(specs),
        )
    )
