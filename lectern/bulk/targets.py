"""Which assets a bulk change is for: named ones, all of a query, or a selection."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, insert, literal, select
from sqlalchemy.orm import Session

from lectern import search
from lectern.bulk import rows as chunk
from lectern.errors import Invalid, Message
from lectern.models import Asset, Batch, BatchItem, ItemState
from lectern.people.principal import Principal
from lectern.search import Query, selections
from lectern.search.syntax import operators

NO_FILE = Message("File not found.")
# One request names no more; a query or a selection says more in fewer words.
MOST = 10_000


@dataclass(frozen=True)
class Targets:
    """One of three: ids in the caller's order, all that a query finds, or one's own selection.

    What a query or a selection holds is decided once, when the change begins.
    """

    ids: Sequence[uuid.UUID] | None = None
    query: Query | None = None
    selection: uuid.UUID | None = None


def check(chosen: Targets) -> None:
    """Refuse what says nothing, or two things.

    Raises:
        Invalid: with the field's name.
    """
    if sum(each is not None for each in (chosen.ids, chosen.query, chosen.selection)) != 1:
        message = Message("Send ids, query or selection: one of them says which files.")
        raise Invalid(message, {"ids": message})
    if chosen.ids is not None and len(chosen.ids) > MOST:
        message = Message(
            "At most %(most)s files can be named at once. Send a query or a selection.",
            most=f"{MOST:,}",
        )
        raise Invalid(message, {"ids": message})


def chunks(
    session: Session, principal: Principal, chosen: Targets, size: int
) -> Iterator[list[uuid.UUID]]:
    """The ids in order, so many at a time, read as they are needed."""
    if chosen.ids is not None:
        unique = list(dict.fromkeys(chosen.ids))
        yield from (unique[start : start + size] for start in range(0, len(unique), size))
        return
    statement = _statement(session, principal, chosen).execution_options(yield_per=size)
    for part in session.scalars(statement).partitions():
        yield list(part)


def fill(session: Session, principal: Principal, batch: Batch, chosen: Targets) -> None:
    """Write down the batch's items, in order; ids that no asset has are refused at once."""
    values: dict[str, Any] = {"workspace_id": batch.workspace_id, "batch_id": batch.id}
    if chosen.ids is not None:
        unique = list(dict.fromkeys(chosen.ids))
        query = select(Asset.id).where(
            Asset.workspace_id == batch.workspace_id, chunk.among(unique)
        )
        known = set(session.scalars(query))
        batch.total, batch.refused = len(unique), len(unique) - len(known)
        unknown = {"state": ItemState.REFUSED, "reason": NO_FILE}
        pending = {"state": ItemState.PENDING, "reason": None}
        items = [
            {**values, "position": n, "asset_id": each, **(pending if each in known else unknown)}
            for n, each in enumerate(unique)
        ]
        if items:
            session.execute(insert(BatchItem), items)
        return
    found = _statement(session, principal, chosen).subquery()
    # The subquery is in order, and numbering it without an order of its own keeps that.
    numbered = select(
        literal(batch.workspace_id),
        literal(batch.id),
        func.row_number().over() - 1,
        found.c[0],
    )
    columns = ["workspace_id", "batch_id", "position", "asset_id"]
    session.execute(insert(BatchItem).from_select(columns, numbered, include_defaults=False))
    mine = (BatchItem.workspace_id == batch.workspace_id, BatchItem.batch_id == batch.id)
    batch.total = session.scalar(select(func.count()).where(*mine)) or 0


def _statement(session: Session, principal: Principal, chosen: Targets) -> Select[uuid.UUID]:
    if chosen.selection is not None:
        selection = selections.get(session, principal, chosen.selection)
        return selections.in_order(session, principal, selection)
    query = chosen.query or Query()
    operators.require_finished(query)
    found = search.filtered(session, principal, query).with_only_columns(Asset.id)
    return selections.ordered(principal, found, query)
