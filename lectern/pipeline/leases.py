"""Taking tasks back from workers that vanished; fences make a mistake about that harmless."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lectern.errors import Message
from lectern.models.work import Task, TaskState

# Infrastructure may die at any time; three workers in a row over one input are the input's doing.
DEATHS = 3
CRASHES = Message(
    "This file crashed the decoder three times. Export it again from the original "
    "program and upload the new file."
)

STUCK = Message(
    "This change stopped the worker three times at the same point. Changes made so far "
    "are kept. Ask your server administrator to check the log."
)


def sweep(session: Session, limit: int = 500) -> tuple[Sequence[Task], Sequence[Task]]:
    """Take tasks from workers that vanished: (queued again, failed for killing too many).

    The caller ends the subjects of the failed ones in the same transaction.
    """
    expired = session.scalars(
        select(Task)
        .where(Task.state == TaskState.RUNNING, Task.lease_until < func.clock_timestamp())
        .order_by(Task.lease_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    return _take_back(session, expired)


def take_from(session: Session, workers: Sequence[str]) -> tuple[Sequence[Task], Sequence[Task]]:
    """The same as `sweep`, without waiting for the leases of workers known to be dead."""
    held = session.scalars(
        select(Task)
        .where(Task.state == TaskState.RUNNING, Task.worker.in_(workers))
        .with_for_update(skip_locked=True)
    ).all()
    return _take_back(session, held)


def busy_workers(session: Session) -> Sequence[str]:
    """The names of workers that hold a task."""
    return session.scalars(
        select(Task.worker)
        .where(Task.state == TaskState.RUNNING, Task.worker.is_not(None))
        .distinct()
    ).all()  # type: ignore[return-value]


def _take_back(session: Session, held: Sequence[Task]) -> tuple[Sequence[Task], Sequence[Task]]:
    failed = []
    for task in held:
        task.deaths += 1
        task.lease_until = None
        if task.deaths >= DEATHS:
            task.state = TaskState.FAILED
            task.reason = CRASHES if task.batch_id is None else STUCK
            failed.append(task)
        else:
            task.state = TaskState.QUEUED
    session.flush()
    return [task for task in held if task.state == TaskState.QUEUED], failed
