"""Title cards: pictures that several files of a folder or course show, and that tell none."""

import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.models import Asset, Blob, Rendition, Usage, Version
from lectern.text import N_

SHARED = N_("Other files here show it too")
# Two pictures are the same title card up to so many differing bits of their difference hashes.
_SAME_BITS = 2
_MOST_NEIGHBOURS = 200
_SPECS = tuple(f"poster.{rank}" for rank in range(1, 6))

Made = tuple[Blob, dict[str, Any]]


class _Neighbour(NamedTuple):
    """A candidate of another file nearby; `frame_hash` is its difference hash."""

    asset_id: uuid.UUID
    spec: str
    blob_id: uuid.UUID
    frame_hash: int


def ranked(session: Session, version: Version, made: Sequence[Made]) -> list[Made]:
    """The candidates, those that files nearby have as well after those that only this one has.

    Where all are shared, as between two cuts of one recording, the order stays.
    """
    there = {each.frame_hash for each in _nearby(session, version)}
    own, shared = [], []
    for blob, facts in made:
        frame_hash = _hash(facts)
        if frame_hash and any(_same(frame_hash, other) for other in there):
            shared.append((blob, {**facts, "reasons": [SHARED, *facts["reasons"]]}))
        else:
            own.append((blob, facts))
    return [*own, *shared] if own else list(made)


def step_aside(session: Session, version: Version, made: Sequence[Made]) -> list[uuid.UUID]:
    """Have files nearby that are shown by one of these title cards show another; gives their ids.

    Where a person chose, nothing changes; nor where the title card is all that there is.
    """
    frame_hashes = [frame_hash for _, facts in made if (frame_hash := _hash(facts))]
    nearby: dict[uuid.UUID, list[_Neighbour]] = {}
    for each in _nearby(session, version):
        nearby.setdefault(each.asset_id, []).append(each)
    changed = []
    for asset_id, theirs in nearby.items():
        common = {
            t.blob_id for t in theirs if any(_same(t.frame_hash, known) for known in frame_hashes)
        }
        better = next((t.blob_id for t in theirs if t.blob_id not in common), None)
        if common and better and _swap(session, version.workspace_id, asset_id, common, better):
            changed.append(asset_id)
    return changed


def _swap(
    session: Session,
    workspace_id: uuid.UUID,
    asset_id: uuid.UUID,
    common: set[uuid.UUID],
    better: uuid.UUID,
) -> bool:
    # Whoever holds the row changes the asset anyway; waiting for them here could be a deadlock.
    free = (
        scoped(Asset, workspace_id, Asset.id)
        .where(
            Asset.id == asset_id, Asset.poster_chosen_by.is_(None), Asset.poster_blob_id.in_(common)
        )
        .with_for_update(skip_locked=True)
    )
    if session.scalar(free) is None:
        return False
    session.execute(
        update(Asset)
        .where(Asset.workspace_id == workspace_id, Asset.id == asset_id)
        .values(poster_blob_id=better, lock_version=Asset.lock_version + 1)
    )
    return True


def _nearby(session: Session, version: Version) -> list[_Neighbour]:
    """The candidates of live files in the same folder or the same courses, best first."""
    mine = scoped(Asset, version, Asset.folder_id).where(Asset.id == version.asset_id)
    courses = scoped(Usage, version, Usage.course_id).where(Usage.asset_id == version.asset_id)
    fellows = scoped(Usage, version, Usage.asset_id).where(Usage.course_id.in_(courses))
    near = (
        scoped(Asset, version, Asset.id, Asset.current_version_id)
        .where(
            Asset.live,
            Asset.id != version.asset_id,
            or_(Asset.folder_id == mine.scalar_subquery(), Asset.id.in_(fellows)),
        )
        .order_by(Asset.created_at.desc())
        .limit(_MOST_NEIGHBOURS)
        .subquery()
    )
    rows = session.execute(
        select(near.c.id, Rendition.spec, Rendition.blob_id, Rendition.facts)
        .join(
            Version,
            (Version.workspace_id == version.workspace_id)
            & (Version.id == near.c.current_version_id),
        )
        .join(
            Rendition,
            (Rendition.workspace_id == Version.workspace_id)
            & (Rendition.source_blob_id == Version.blob_id),
        )
        .where(Rendition.spec.in_(_SPECS), Rendition.source_blob_id != version.blob_id)
        .order_by(near.c.id, Rendition.spec)
    )
    found = [_Neighbour(asset_id, spec, blob, _hash(facts)) for asset_id, spec, blob, facts in rows]
    return [each for each in found if each.frame_hash]


def _hash(facts: dict[str, Any]) -> int:
    """The difference hash of a candidate; 0 for a plain picture, and where there is none."""
    return int(facts.get("scores", {}).get("difference_hash") or "0", 16)


def _same(one: int, other: int) -> bool:
    return (one ^ other).bit_count() <= _SAME_BITS
