"""The assets of a chunk as plain rows: a thousand objects would cost more than their change."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    SQLColumnExpression,
    Uuid,
    any_,
    cast,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import UserDefinedType

from lectern.models import Asset


class _Untyped(UserDefinedType[str]):
    """A text whose type its place in the statement decides, so that it is read once.

    Sent as a text to be cast, PostgreSQL would read all the ids for every row that it looks at.
    """

    cache_ok = True


class Row(NamedTuple):
    """One asset as far as actions judge and tell it; `position` is its place in the batch."""

    workspace_id: uuid.UUID
    id: uuid.UUID
    name: str
    created_by: uuid.UUID | None
    position: int
    # What the batch noted when it changed the asset; for the undo only.
    before: Mapping[str, Any]
    # Read only where asked for: most of the time of a batch would go into values nobody looks at.
    original_name: str = ""
    created_at: datetime = datetime.min
    folder_id: uuid.UUID | None = None
    live: bool = True
    trashed_at: datetime | None = None
    trashed_by: uuid.UUID | None = None
    trash_reason: str | None = None
    purge_after: datetime | None = None


class Done(NamedTuple):
    """A changed asset: what an undo must know, and what the asset's history says."""

    row: Row
    before: Mapping[str, Any]
    action: str
    details: Mapping[str, Any]


# Position in the batch and `before` by asset.
Places = Mapping[uuid.UUID, tuple[int, Mapping[str, Any]]]


def read(
    session: Session,
    workspace_id: uuid.UUID,
    places: Places,
    columns: Sequence[str] = (),
    *,
    lock: bool = False,
    against_use: bool = False,
) -> list[Row]:
    """Those of the assets that exist, by position; `columns` are the further ones to be read.

    `lock` holds them until the commit, taken in id order; `against_use` bars new usages as well.
    """
    more = [getattr(Asset, name) for name in columns]
    query = select(Asset.id, Asset.name, Asset.created_by, *more).where(
        Asset.workspace_id == workspace_id, among(places)
    )
    if lock:
        query = query.order_by(Asset.id).with_for_update(key_share=not against_use)
    rows = [
        Row(
            workspace_id,
            asset_id,
            name,
            by,
            *places[asset_id],
            **(dict(zip(columns, rest, strict=True)) if rest else {}),
        )
        for asset_id, name, by, *rest in session.execute(query)
    ]
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
    return cast(literal(array_of(values), _Untyped()), ARRAY(Uuid))


def array_of(values: Iterable[uuid.UUID | None]) -> str:
    """The same as PostgreSQL writes it: a tenth of the cost of a list to its driver."""
    return "{" + ",".join("NULL" if each is None else each.hex for each in values) + "}"
