"""Segments of a long video: tasks that workers share, and the step that waits for all of them.

The argument `segment` of a task is the number of its segment, from 0.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.orm import Session, aliased

from lectern.errors import plural_message
from lectern.models import Asset, Task, TaskState
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step
from lectern.pipeline.tasks import Claim

# What a task waits for whose segments are being encoded.
AWAITS = "hls_parts"
_NUMBER = Task.args["segment"].as_integer()
_QUEUED: Mapping[str, Any] = {
    "state": TaskState.QUEUED,
    "awaits": None,
    "run_at": func.clock_timestamp(),
}


def share_out(session: Session, claim: Claim, number: int, wanted: Collection[int]) -> None:
    """Have other tasks encode the `wanted` segments, and the claimed one wait for all `number`.

    Those that ended in another way, or whose files are gone, begin again. The caller enqueues them
    after the commit.

    Raises:
        LostLease: another worker has the task.
    """
    # Holding its own row first, as `end` does: either sees what the other has written.
    tasks.wait(session, claim, AWAITS, _reason(0, number))
    # Left by a plan that divided it otherwise.
    session.execute(
        delete(Task)
        .where(*_segments(claim), number <= _NUMBER)
        .execution_options(synchronize_session=False)
    )
    for segment in range(number):
        task = tasks.add(
            session,
            claim.workspace_id,
            Step.HLS_PART,
            version_id=claim.version_id,
            asset_id=claim.asset_id,
            args={"segment": segment},
        )
        gone = segment in wanted and task.state == TaskState.DONE
        if gone or task.state in {TaskState.FAILED, TaskState.CANCELLED, TaskState.SKIPPED}:
            tasks.begin_again(session, task)
    _go_on(session, claim)


def due(session: Session, claim: Claim) -> Sequence[Task]:
    """The tasks that make the claimed version's streams and can be taken now."""
    streaming = Task.step.in_([Step.HLS, Step.HLS_PART])
    query = select(Task).where(*_of_version(claim), streaming, Task.state == TaskState.QUEUED)
    return session.scalars(query.order_by(Task.step, _NUMBER)).all()


def is_wanted(session: Session, claim: Claim) -> bool:
    """Whether the task that shared out the claimed segment is still going on."""
    state = session.scalar(_whole(claim).with_only_columns(Task.state))
    return state in {TaskState.WAITING, TaskState.RUNNING, TaskState.QUEUED}


def hold(session: Session, segment: Claim | Task) -> None:
    """Lock the row of the step first, as all do that change it together with its segments."""
    session.execute(_whole(segment).with_only_columns(Task.id).with_for_update())


def hold_all(session: Session, asset: Asset) -> None:
    """The same for all versions of an asset."""
    session.execute(
        select(Task.id)
        .filter_by(workspace_id=asset.workspace_id, asset_id=asset.id, step=Step.HLS)
        .order_by(Task.id)
        .with_for_update()
    )


def counted(whole: type[Task]) -> Any:
    """An expression, `[done, of, encoded]`: segments of that task; `encoded` adds up shares."""
    segment = aliased(Task)
    done = segment.state == TaskState.DONE
    running = segment.state == TaskState.RUNNING
    encoded = case((done, 1.0), (running, segment.progress), else_=0.0)
    return (
        select(func.jsonb_build_array(func.count().filter(done), func.count(), func.sum(encoded)))
        .where(
            segment.workspace_id == whole.workspace_id,
            segment.version_id == whole.version_id,
            segment.step == Step.HLS_PART,
        )
        .correlate(whole)
        .scalar_subquery()
    )


def share(encoded: float) -> float:
    """How far the step is when that share of its segments is encoded."""
    return 0.1 + 0.8 * encoded


def end(session: Session, claim: Claim) -> None:
    """The claimed segment is ended in this transaction: tell the task that waits for all.

    The caller holds the step; see `hold`.
    """
    _go_on(session, claim)


def ask_anew(session: Session, claim: Claim) -> None:
    """The claimed segment belongs to a plan that cannot be read: have the step make another."""
    session.execute(
        update(Task)
        .where(*_of_version(claim), Task.step == Step.HLS, Task.awaits == AWAITS)
        .values(**_QUEUED, reason=None)
        .execution_options(synchronize_session=False)
    )


def fail(session: Session, segment: Claim | Task, reason: str) -> Task:
    """The segment has failed for good, and all of the step with it; returns the step's task.

    The other segments are called off.
    """
    whole: Task = session.scalars(_whole(segment).with_for_update()).one()
    if whole.state == TaskState.WAITING:
        whole.state, whole.awaits, whole.reason = TaskState.FAILED, None, reason
        whole.finished_at = func.clock_timestamp()
        session.flush()
    session.execute(
        update(Task)
        .where(*_segments(segment), Task.state == TaskState.QUEUED)
        .values(state=TaskState.CANCELLED, finished_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )
    return whole


def _go_on(session: Session, claim: Claim) -> None:
    """Note how many segments are done; with the last the waiting task is queued."""
    states = session.scalars(select(Task.state).where(*_segments(claim))).all()
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


def _reason(done: int, number: int) -> str:
    return plural_message(
        "It is encoded in %(number)s parts, of which %(n)s is done.",
        "It is encoded in %(number)s parts, of which %(n)s are done.",
        done,
        number=number,
    )


def _whole(task: Claim | Task) -> Any:
    return select(Task).where(*_of_version(task), Task.step == Step.HLS)


def _segments(task: Claim | Task) -> tuple[Any, ...]:
    return (*_of_version(task), Task.step == Step.HLS_PART)


def _of_version(task: Claim | Task) -> tuple[Any, ...]:
    return Task.workspace_id == task.workspace_id, Task.version_id == task.version_id
