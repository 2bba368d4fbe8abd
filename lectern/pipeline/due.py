"""Tasks that a worker could take now: what is enqueued."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from lectern.models import Task, TaskState, Version
from lectern.pipeline import registry
from lectern.pipeline.tasks import Claim


@dataclass(frozen=True)
class Due:
    """A task that a worker could take now; the attributes a queue entry needs."""

    workspace_id: uuid.UUID
    id: uuid.UUID
    queue: str
    fence: int
    step: str


def everywhere(session: Session, limit: int = 10_000) -> Sequence[Due]:
    """Tasks of all workspaces, longest due first."""
    return _read(session, _DUE.order_by(Task.run_at).limit(limit))


def of_asset(session: Session, workspace_id: uuid.UUID, asset_id: uuid.UUID) -> Sequence[Due]:
    """The asset's tasks, in the order of the pipeline."""
    query = _DUE.where(Task.workspace_id == workspace_id, Task.asset_id == asset_id)
    return _read(session, query.order_by(Task.created_at, Task.id))


def after(session: Session, claim: Claim) -> Sequence[Due]:
    """The tasks of the same version that waited for this one, which has ended."""
    if claim.version_id is None:
        return []
    facts = session.get_one(Version, (claim.workspace_id, claim.version_id)).facts
    steps = [
        step
        for step, rule in registry.RULES.items()
        if rule.after == claim.step and rule.waits(facts)
    ]
    if not steps:
        return []
    query = _DUE.where(
        Task.workspace_id == claim.workspace_id,
        Task.version_id == claim.version_id,
        Task.step.in_(steps),
    )
    return _read(session, query.order_by(Task.created_at, Task.id))


_DUE: Select[uuid.UUID, uuid.UUID, str, int, str] = select(
    Task.workspace_id, Task.id, Task.queue, Task.fence, Task.step
).where(Task.state == TaskState.QUEUED, Task.run_at <= func.clock_timestamp())


def _read(session: Session, query: Select[uuid.UUID, uuid.UUID, str, int, str]) -> Sequence[Due]:
    return [Due(*row) for row in session.execute(query)]
