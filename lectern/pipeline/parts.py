"""Stretches of a long video: tasks that workers share, and the step that waits for all of them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.orm import Session, aliased

from lectern.models import Asset, Task, TaskState
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step
from lectern.pipeline.tasks import Claim

# What a task waits for whose stretches are being encoded.
AWAITS = "hls_parts"
_QUEUED: Mapping[str, Any] = {
    "state": TaskState.QUEUED,
    "awaits": None,
    "run_at": func.clock_timestamp(),
}


def share_out(session: Session, claim: Claim, stretches: int, wanted: Collection[int]) -> None:
    """Have other tasks encode the `wanted` stretches, and the claimed one wait for all of them.

    Those that ended in another way, or whose files are gone, begin again. The caller rings after
    the commit.

    Raises:
        LostLease: another worker has the task.
    """
    # Holding its own row first, as `end_part` does: either sees what the other has written.
    tasks.wait(session, claim, AWAITS, _reason(0, stretches))
    # Left by a plan that divided it otherwise.
    session.execute(
        delete(Task)
        .where(*_parts(claim), Task.part > stretches)
        .execution_options(synchronize_session=False)
    )
    for part in range(1, stretches + 1):
        task = tasks.add(
            session,
            claim.workspace_id,
            Step.HLS_PART,
            version_id=claim.version_id,
            asset_id=claim.asset_id,
            part=part,
        )
        gone = part - 1 in wanted and task.state == TaskState.DONE
        if gone or task.state in {TaskState.FAILED, TaskState.CANCELLED, TaskState.SKIPPED}:
            tasks.begin_again(session, task)
    _go_on(session, claim)


def due(session: Session, claim: Claim) -> Sequence[Task]:
    """The tasks that make the claimed version's streams and can be taken now."""
    streaming = Task.step.in_([Step.HLS, Step.HLS_PART])
    query = select(Task).where(*_of_version(claim), streaming, Task.state == TaskState.QUEUED)
    return session.scalars(query.order_by(Task.part)).all()


def is_wanted(session: Session, claim: Claim) -> bool:
    """Whether the task that shared out the claimed stretch is still going on."""
    state = session.scalar(_whole(claim).with_only_columns(Task.state))
    return state in {TaskState.WAITING, TaskState.RUNNING, TaskState.QUEUED}


def hold(session: Session, part: Claim | Task) -> None:
    """Lock the row of the step first, as all do that change it together with its stretches."""
    session.execute(_whole(part).with_only_columns(Task.id).with_for_update())


def hold_all(session: Session, asset: Asset) -> None:
    """The same for all versions of an asset."""
    session.execute(
        select(Task.id)
        .filter_by(workspace_id=asset.workspace_id, asset_id=asset.id, step=Step.HLS)
        .order_by(Task.id)
        .with_for_update()
    )


def counted(whole: type[Task]) -> Any:
    """An expression, `[done, of, encoded]`: stretches of that task; `encoded` adds up shares."""
    part = aliased(Task)
    done = part.state == TaskState.DONE
    running = part.state == TaskState.RUNNING
    encoded = case((done, 1.0), (running, part.progress), else_=0.0)
    return (
        select(func.jsonb_build_array(func.count().filter(done), func.count(), func.sum(encoded)))
        .where(
            part.workspace_id == whole.workspace_id,
            part.version_id == whole.version_id,
            part.step == Step.HLS_PART,
        )
        .correlate(whole)
        .scalar_subquery()
    )


def share(encoded: float) -> float:
    """How far the step is when that share of its stretches is encoded."""
    return 0.1 + 0.8 * encoded


def end_part(session: Session, claim: Claim) -> None:
    """The claimed stretch is ended in this transaction: tell the task that waits for all.

    The caller holds the step; see `hold`.
    """
    _go_on(session, claim)


def ask_anew(session: Session, claim: Claim) -> None:
    """The claimed stretch belongs to a plan that cannot be read: have the step make another."""
    session.execute(
        update(Task)
        .where(*_of_version(claim), Task.step == Step.HLS, Task.awaits == AWAITS)
        .values(**_QUEUED, reason=None)
        .execution_options(synchronize_session=False)
    )


def fail_part(session: Session, part: Claim | Task, reason: str) -> Task:
    """The stretch has failed for good, and all of the step with it; returns the step's task.

    The other stretches are called off.
    """
    whole: Task = session.scalars(_whole(part).with_for_update()).one()
    if whole.state == TaskState.WAITING:
        whole.state, whole.awaits, whole.reason = TaskState.FAILED, None, reason
        whole.finished_at = func.clock_timestamp()
        session.flush()
    session.execute(
        update(Task)
        .where(*_parts(part), Task.state == TaskState.QUEUED)
        .values(state=TaskState.CANCELLED, finished_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )
    return whole


def _go_on(session: Session, claim: Claim) -> None:
    """Note how many stretches are done; with the last the waiting task is queued."""
    states = session.scalars(select(Task.state).where(*_parts(claim))).all()
    done = states.count(TaskState.DONE)
    over = done == len(states)
    session.execute(
        update(Task)
        .where(*_of_version(claim), Task.step == Step.HLS, Task.awaits == AWAITS)
        .values(
            progress=share(done / len(states)),
            reason=None if over else _reason(done, len(states)),
            **(_QUEUED if over else {}),
        )
        .execution_options(synchronize_session=False)
    )


def _reason(done: int, parts: int) -> str:
    return f"It is encoded in {parts} parts, of which {done} {'is' if done == 1 else 'are'} done."


def _whole(part: Claim | Task) -> Any:
    return select(Task).where(*_of_version(part), Task.step == Step.HLS, Task.part == 0)


def _parts(task: Claim | Task) -> tuple[Any, ...]:
    return (*_of_version(task), Task.step == Step.HLS_PART)


def _of_version(task: Claim | Task) -> tuple[Any, ...]:
    return Task.workspace_id == task.workspace_id, Task.version_id == task.version_id
