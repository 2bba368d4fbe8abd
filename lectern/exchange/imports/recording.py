"""Imports as batches: begun, written down row by row, and ended, so that each can be undone."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from lectern.errors import Message, NotFound
from lectern.exchange.schema import written
from lectern.models import Batch, BatchState, ImportItem, new_id
from lectern.people.principal import Principal
from lectern.people.rights import Action, require

EXPORT, IMPORT = "export", "import"
NO_BATCH = Message("Export or import not found.")


class Item(NamedTuple):
    """A row that was added, or the fields of one that were changed."""

    file: str
    id: uuid.UUID
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Key:
    """Which batch, as plain values that outlive a transaction."""

    workspace_id: uuid.UUID
    batch_id: uuid.UUID


def begin(
    session: Session,
    principal: Principal,
    action: str,
    args: Mapping[str, Any],
    batch_id: uuid.UUID | None = None,
) -> Batch:
    """A batch for an export or import, `queued`; its id may have been chosen before.

    Raises:
        Forbidden: the principal is no owner.
    """
    require(principal, Action.EXCHANGE)
    batch = Batch(
        workspace_id=principal.workspace_id,
        id=batch_id or new_id(),
        action=action,
        args=dict(args),
        created_by=principal.user_id,
        asked_by=principal.user_id,
        scopes=None if principal.scopes is None else sorted(principal.scopes),
    )
    session.add(batch)
    session.flush()
    session.refresh(batch)
    return batch


def get(
    session: Session,
    principal: Principal,
    batch_id: uuid.UUID,
    *actions: str,
    lock: bool = False,
) -> Batch:
    """The export or import as it is now.

    Raises:
        NotFound: there is none in this workspace. Forbidden: the principal is no owner.
    """
    require(principal, Action.EXCHANGE)
    batch = session.get(
        Batch,
        (principal.workspace_id, batch_id),
        populate_existing=True,
        with_for_update=lock or None,
    )
    if batch is None or batch.action not in (actions or (EXPORT, IMPORT)):
        raise NotFound(NO_BATCH)
    return batch


def hold(session: Session, key: Key) -> Batch:
    """The batch as it is now, locked; for whoever works on it. Raises NotFound."""
    found = (key.workspace_id, key.batch_id)
    batch = session.get(Batch, found, with_for_update=True, populate_existing=True)
    if batch is None:
        raise NotFound(NO_BATCH)
    return batch


def note(session: Session, key: Key, items: Iterable[Item]) -> int:
    """Write down what was added or changed, in that order; returns how much of it there is."""
    noted = list(items)
    if not noted:
        return 0
    batch = hold(session, key)
    rows = [
        {
            "workspace_id": key.workspace_id,
            "batch_id": key.batch_id,
            "position": position,
            "file": item.file,
            "object_id": item.id,
            "before": _plain(item.before),
            "after": _plain(item.after),
        }
        for position, item in enumerate(noted, batch.total)
    ]
    session.execute(insert(ImportItem), rows)
    batch.total += len(rows)
    batch.done += len(rows)
    session.flush()
    return len(rows)


def end(session: Session, key: Key) -> None:
    """Nothing more will be noted."""
    batch = hold(session, key)
    if batch.state in (BatchState.QUEUED, BatchState.RUNNING):
        batch.state, batch.finished_at = BatchState.DONE, func.clock_timestamp()
        session.flush()


def unfinished(session: Session, principal: Principal, source: str) -> Batch | None:
    """An import from this folder whose command was killed."""
    return session.scalar(
        select(Batch)
        .where(
            Batch.workspace_id == principal.workspace_id,
            Batch.action == IMPORT,
            Batch.state == BatchState.RUNNING,
            Batch.args["source"].astext == source,
        )
        .order_by(Batch.created_at.desc())
        .limit(1)
    )


def newest(session: Session, principal: Principal) -> Batch | None:
    """The last import of the workspace that changed something."""
    return session.scalar(
        select(Batch)
        .where(
            Batch.workspace_id == principal.workspace_id,
            Batch.action == IMPORT,
            Batch.total > 0,
        )
        .order_by(Batch.created_at.desc())
        .limit(1)
    )


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {name: as_json(value) for name, value in values.items()}


def as_json(value: Any) -> Any:
    """A value, or a list of them, as an export writes it."""
    return [written(each) for each in value] if isinstance(value, list) else written(value)
