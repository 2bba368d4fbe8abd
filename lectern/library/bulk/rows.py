"""The assets of a chunk as plain rows: a thousand objects would cost more than their change."""

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, SQLColumnExpression, Uuid, any_, func, literal, select, update
from sqlalchemy.orm import Session

from lectern.models import Asset


class Row(NamedTuple):
    """One asset as far as actions judge and tell it; `position` is its place in the batch."""

    workspace_id: uuid.UUID
    id: uuid.UUID
    name: str
    original_name: str
    created_by: uuid.UUID | None
    created_at: datetime
    folder_id: uuid.UUID | None
    live: bool
    trashed_at: datetime | None
    trashed_by: uuid.UUID | None
    trash_reason: str | None
    purge_after: datetime | None
    position: int = 0
    # What the batch noted when it changed the asset; for the undo only.
    before: Mapping[str, Any] = {}


class Done(NamedTuple):
    """A changed asset: what an undo must know, and what the asset's history says."""

    row: Row
    before: Mapping[str, Any]
    action: str
    details: Mapping[str, Any]


# Position in the batch and `before` by asset.
Places = Mapping[uuid.UUID, tuple[int, Mapping[str, Any]]]

_COLUMNS = [getattr(Asset, name) for name in Row._fields[:-2]]


def read(
    session: Session,
    workspace_id: uuid.UUID,
    places: Places,
    *,
    lock: bool = False,
    against_use: bool = False,
) -> list[Row]:
    """Those of the assets that exist, by position.

    `lock` holds them until the commit, taken in id order; `against_use` bars new usages as well.
    """
    query = select(*_COLUMNS).where(Asset.workspace_id == workspace_id, among(places))
    if lock:
        query = query.order_by(Asset.id).with_for_update(key_share=not against_use)
    rows = [Row._make((*found, *places[found.id])) for found in session.execute(query)]
    return sorted(rows, key=lambda row: row.position)


def write(session: Session, rows: Collection[Row], **values: Any) -> None:
    """Give all of these assets the same values, as one change that people can see."""
    session.execute(
        update(Asset)
        .where(Asset.workspace_id == next(iter(rows)).workspace_id, among(row.id for row in rows))
        .values(lock_version=Asset.lock_version + 1, **values)
        .execution_options(synchronize_session=False)
    )


def touch(session: Session, rows: Collection[Row], **values: Any) -> None:
    """The same as an edit: it moves `updated_at` too."""
    write(session, rows, updated_at=func.clock_timestamp(), **values)


def among(asset_ids: Any) -> Any:
    """The condition that an asset is one of these."""
    return Asset.id == any_(ids(asset_ids))


def ids(values: Any) -> SQLColumnExpression[Any]:
    """A PostgreSQL array of ids: one parameter, however many."""
    return literal(list(values), ARRAY(Uuid))
