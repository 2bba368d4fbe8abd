"""The pipeline's tasks: PostgreSQL rows that are claimed, leased and fenced.

A row is the job; whatever wakes a worker may be lost or doubled (ADR 10).
All deadlines are by the database's clock. Nothing here commits.
"""

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.errors import LecternError, Message
from lectern.models import Asset, Task, TaskState, Version
from lectern.pipeline import registry
from lectern.pipeline.registry import Step

# docs/reliability.md#constants: four attempts, 10 s, 1 min and 10 min apart, ±20 %.
ATTEMPTS = 4
BACKOFF_S = (10.0, 60.0, 600.0)
JITTER = 0.2


class LostLease(LecternError):
    """The task was given to another worker meanwhile: this one's results must not be kept."""


@dataclass(frozen=True)
class Claim:
    """The right to work on one task until the lease ends. `fence` proves it at the end."""

    workspace_id: uuid.UUID
    task_id: uuid.UUID
    step: Step
    fence: int
    attempts: int
    upload_id: uuid.UUID | None
    version_id: uuid.UUID | None
    asset_id: uuid.UUID | None
    batch_id: uuid.UUID | None = None
    args: Mapping[str, Any] = field(default_factory=dict)


def add(
    session: Session,
    workspace_id: uuid.UUID,
    step: Step,
    *,
    upload_id: uuid.UUID | None = None,
    version_id: uuid.UUID | None = None,
    asset_id: uuid.UUID | None = None,
    batch_id: uuid.UUID | None = None,
    args: Mapping[str, Any] | None = None,
    awaits: str | None = None,
) -> Task:
    """The task of this step for this subject, with these arguments; asking twice gives the same.

    `args` is JSON. It is part of what tells the tasks of a version apart.
    """
    waiting = {"state": TaskState.WAITING, "awaits": awaits, "reason": registry.AWAITS_STEP}
    session.execute(
        insert(Task)
        .values(
            workspace_id=workspace_id,
            step=step,
            args=dict(args or {}),
            queue=step.queue,
            **(waiting if awaits else {}),
            upload_id=upload_id,
            version_id=version_id,
            asset_id=asset_id,
            batch_id=batch_id,
        )
        .on_conflict_do_nothing()
    )
    subjects = {"upload_id": upload_id, "version_id": version_id, "batch_id": batch_id}
    subject: dict[str, Any] = {name: value for name, value in subjects.items() if value is not None}
    if version_id is not None:
        subject["args"] = dict(args or {})
    query = select(Task).filter_by(workspace_id=workspace_id, step=step, **subject)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def begin(session: Session, version: Version) -> None:
    """Have the version go through its steps; those that it has stay as they are."""
    asset = session.get_one(Asset, (version.workspace_id, version.asset_id))
    # What came with an import may say less than a probe does.
    facts = {"kind": asset.kind, "mime": asset.mime, **version.facts}
    steps = registry.steps_for(facts)
    for step in steps:
        rule = registry.RULES[step]
        after = rule.after if rule.waits(facts) else None
        add(
            session,
            version.workspace_id,
            step,
            version_id=version.id,
            asset_id=version.asset_id,
            awaits=after if after in steps else None,
        )


def begin_again(session: Session, task: Task) -> None:
    """Queue a task that has failed, with all its attempts."""
    task.state, task.reason, task.finished_at = TaskState.QUEUED, None, None
    task.awaits = None
    task.attempts = task.deaths = 0
    task.run_at = func.clock_timestamp()
    session.flush()


def claim(
    session: Session, workspace_id: uuid.UUID, task_id: uuid.UUID, worker: str, lease_s: float
) -> Claim | None:
    """Take the task for `lease_s` seconds; None when it is not due, taken or ended."""
    row = session.execute(
        update(Task)
        .where(
            Task.workspace_id == workspace_id,
            Task.id == task_id,
            Task.state == TaskState.QUEUED,
            Task.run_at <= func.clock_timestamp(),
        )
        .values(
            state=TaskState.RUNNING,
            fence=Task.fence + 1,
            lease_until=_seconds_from_now(lease_s),
            worker=worker,
            progress=0,
            reason=None,
            started_at=func.clock_timestamp(),
        )
        .returning(
            Task.step,
            Task.fence,
            Task.attempts,
            Task.upload_id,
            Task.version_id,
            Task.asset_id,
            Task.batch_id,
            Task.args,
        )
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        return None
    values = row._asdict()
    return Claim(workspace_id, task_id, Step.named(values.pop("step")), **values)


def renew(session: Session, claim: Claim, lease_s: float) -> None:
    """Hold the task for `lease_s` more seconds.

    Raises:
        LostLease: another worker has it, or it has ended.
    """
    _change(session, claim, lease_until=_seconds_from_now(lease_s))


def record_progress(session: Session, claim: Claim, progress: float) -> None:
    """Write how far the step is, 0.0 to 1.0; it never goes back within one run.

    Raises:
        LostLease: another worker has it, or it has ended.
    """
    _change(session, claim, progress=func.greatest(Task.progress, min(1.0, max(0.0, progress))))


def advance(session: Session, claim: Claim, progress: float) -> None:
    """Vouch for a part of the step's results, in the transaction that writes them.

    A step that gets on is not what its workers die of.

    Raises:
        LostLease: another worker has it; the caller's transaction must roll back.
    """
    _change(session, claim, progress=min(1.0, max(0.0, progress)), deaths=0)


def finish(session: Session, claim: Claim, state: TaskState, reason: str | None = None) -> None:
    """End the task, in the transaction that writes its results: both count or neither does.

    Raises:
        LostLease: another worker has it; the caller's transaction must roll back.
    """
    changes = {"progress": 1.0} if state is TaskState.DONE else {}
    _change(
        session,
        claim,
        state=state,
        reason=reason,
        lease_until=None,
        finished_at=func.clock_timestamp(),
        deaths=0,
        **changes,
    )
    if state is not TaskState.FAILED and claim.version_id is not None:
        session.execute(
            update(Task)
            .where(
                Task.workspace_id == claim.workspace_id,
                Task.version_id == claim.version_id,
                Task.state == TaskState.WAITING,
                Task.awaits == claim.step,
            )
            .values(state=TaskState.QUEUED, awaits=None, reason=None, run_at=func.clock_timestamp())
            .execution_options(synchronize_session=False)
        )


def wait(session: Session, claim: Claim, awaits: str, reason: str) -> None:
    """Put the task aside until what it `awaits` is there and somebody tries it again.

    Raises:
        LostLease: another worker has it.
    """
    _change(session, claim, state=TaskState.WAITING, awaits=awaits, reason=reason, lease_until=None)


def retry_later(session: Session, claim: Claim, reason: str) -> TaskState:
    """Put a failed attempt back with a pause, or end it when the budget is used up.

    Returns `queued` or `failed`; `reason` is what an instructor reads in both cases.

    Raises:
        LostLease: another worker has it.
    """
    if claim.attempts + 1 >= ATTEMPTS:
        _change(session, claim, attempts=ATTEMPTS)
        finish(session, claim, TaskState.FAILED, reason)
        return TaskState.FAILED
    pause = BACKOFF_S[claim.attempts] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
    _change(
        session,
        claim,
        state=TaskState.QUEUED,
        reason=reason,
        attempts=claim.attempts + 1,
        deaths=0,
        lease_until=None,
        run_at=_seconds_from_now(pause),
    )
    return TaskState.QUEUED


def give_back(session: Session, claim: Claim) -> None:
    """Return an unfinished task, counting nothing against it: the worker is asked to stop.

    Raises:
        LostLease: another worker has it.
    """
    _change(session, claim, state=TaskState.QUEUED, lease_until=None)


def of_upload(session: Session, workspace_id: uuid.UUID, upload_id: uuid.UUID) -> Sequence[Task]:
    """Every task of the upload."""
    return session.scalars(scoped(Task, workspace_id).where(Task.upload_id == upload_id)).all()


def of_asset(session: Session, workspace_id: uuid.UUID, asset_id: uuid.UUID) -> Sequence[Task]:
    """Every task of the asset's versions, oldest first."""
    return session.scalars(
        scoped(Task, workspace_id)
        .where(Task.asset_id == asset_id)
        .order_by(Task.created_at, Task.id)
    ).all()


def _seconds_from_now(seconds: float) -> ColumnElement[datetime]:
    return func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, literal(seconds))


def _change(session: Session, claim: Claim, **values: object) -> None:
    changed = session.execute(
        update(Task)
        .where(
            Task.workspace_id == claim.workspace_id,
            Task.id == claim.task_id,
            Task.fence == claim.fence,
            Task.state == TaskState.RUNNING,
        )
        .values(**values)
        .returning(Task.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if changed is None:
        raise LostLease(Message("Another worker has taken this task over."))
