"""The assets of a chunk as plain rows: a thousand objects would cost more than their change."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    SQLColumnExpression,
    Uuid,
    and_,
    any_,
    cast,
    func,
    literal,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import UserDefinedType

from lectern.models import Asset, Batch, BatchItem, ItemState


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


# Position by asset.
Places = Mapping[uuid.UUID, int]
_NOTHING: Mapping[str, Any] = {}
_TOUCH = text("SELECT touch_assets(:workspace_id, CAST(:assets AS uuid[]))")


class Items(NamedTuple):
    """Items of a batch: the assets, by position, and the positions of those that are gone."""

    rows: list[Row]
    gone: list[int]


def read(
    session: Session, workspace_id: uuid.UUID, places: Places, columns: Sequence[str] = ()
) -> list[Row]:
    """Those of the assets that exist, by position; `columns` are the further ones to be read."""
    query = select(*_columns(columns)).where(Asset.workspace_id == workspace_id, among(places))
    rows = [
        _row(workspace_id, columns, places[asset_id], None, asset_id, *known)
        for asset_id, *known in session.connection().execute(query)
    ]
    return sorted(rows, key=lambda row: row.position)


def take(
    session: Session,
    batch: Batch,
    places: range,
    columns: Sequence[str] = (),
    *,
    undoing: bool = False,
    against_use: bool = False,
) -> Items:
    """What is to do, or to undo, at these places of a batch; the assets are held until the commit.

    They are locked in id order; `against_use` bars new usages as well. What is read is what they
    are once locked: a statement sees nothing that was committed while it waited.
    """
    items = [
        BatchItem.workspace_id == batch.workspace_id,
        BatchItem.batch_id == batch.id,
        BatchItem.position >= places.start,
        BatchItem.position < places.stop,
        BatchItem.state == (ItemState.DONE if undoing else ItemState.PENDING),
    ]
    connection = session.connection()
    connection.execute(_locking(batch.workspace_id, items, against_use=against_use))
    before = BatchItem.before if undoing else literal_column("NULL")
    same = (Asset.workspace_id == BatchItem.workspace_id, Asset.id == BatchItem.asset_id)
    query = (
        select(BatchItem.position, before, *_columns(columns))
        .outerjoin_from(BatchItem, Asset, and_(*same))
        .where(*items)
        .order_by(BatchItem.position)
    )
    known = connection.execute(query).all()
    return Items(
        [_row(batch.workspace_id, columns, *each) for each in known if each[2] is not None],
        [each[0] for each in known if each[2] is None],
    )


def _locking(
    workspace_id: uuid.UUID, items: Sequence[ColumnElement[bool]], *, against_use: bool
) -> Select[int]:
    """Locks the assets of these items; all that comes back is how many there are."""
    assets = select(BatchItem.asset_id).where(*items).scalar_subquery()
    locked = (
        select(Asset.id)
        .where(Asset.workspace_id == workspace_id, Asset.id == any_(func.array(assets)))
        .order_by(Asset.id)
        .with_for_update(key_share=not against_use)
        .cte("locked")
    )
    return select(func.count()).select_from(locked)


def _columns(more: Sequence[str]) -> list[Any]:
    return [Asset.id, Asset.name, Asset.created_by, *(getattr(Asset, name) for name in more)]


def _row(
    workspace_id: uuid.UUID,
    columns: Sequence[str],
    position: int,
    before: Mapping[str, Any] | None,
    asset_id: uuid.UUID,
    name: str,
    created_by: uuid.UUID | None,
    *more: Any,
) -> Row:
    known = (workspace_id, asset_id, name, created_by, position, before or _NOTHING)
    return Row(*known, **dict(zip(columns, more, strict=True))) if more else Row(*known)


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
    if not values:
        known = {"workspace_id": next(iter(rows)).workspace_id}
        session.execute(_TOUCH, {**known, "assets": array_of(row.id for row in rows)})
        return
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
