"""Streams of a version: what workers agree on, the stretches that they share, and what is made."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lectern.library import renditions, tasks
from lectern.library.tasks import Claim
from lectern.models import Blob, Rendition, Step, StreamPlan, Task, TaskState, Version, new_id

FOLDER = "hls/"
MASTER = "master.m3u8"
# The coded data of the source alone: to be played until all rungs are there.
FIRST = "first.m3u8"
PROGRESSIVE = "mp4"
# The shorter side, in pixels, that a plain MP4 has at most.
PLAIN_SIDE = 720
PARTS = "hls.part."
# What a task waits for whose stretches are being encoded.
AWAITS = "hls_parts"


def find(
    session: Session, workspace_id: uuid.UUID, source_blob_id: uuid.UUID, name: str
) -> Rendition | None:
    """The file of that name among the blob's streams; for the master playlist the best there is."""
    found = renditions.find(session, workspace_id, source_blob_id, FOLDER + name)
    if found is None and name == MASTER:
        return renditions.find(session, workspace_id, source_blob_id, FOLDER + FIRST)
    return found


def plain(session: Session, workspace_id: uuid.UUID, source_blob_id: uuid.UUID) -> Blob | None:
    """A plain MP4 of at most 720p: one of its own, or what is played where that is one."""
    own = renditions.find(session, workspace_id, source_blob_id, PROGRESSIVE)
    if own is not None:
        return own.blob
    played = renditions.find(session, workspace_id, source_blob_id, renditions.PLAYABLE)
    return played.blob if played and is_plain(played.blob.mime, played.facts) else None


def is_plain(mime: str, facts: Mapping[str, Any]) -> bool:
    """True for a file that plays everywhere, by its facts; see `lectern.media.facts`."""
    side = min(facts.get("width") or 0, facts.get("height") or 0)
    plays = mime == "video/mp4" and facts.get("video_codec") == "h264"
    return plays and 0 < side <= PLAIN_SIDE


def rebased(master: str, folder: str) -> str:
    """The same master playlist for another address: its names are in `folder`."""
    lines = (
        line if line.startswith("#") or not line else f"{folder}{line}"
        for line in master.split("\n")
    )
    return "\n".join(lines).replace(',URI="', f',URI="{folder}')


def part_spec(number: int, name: str) -> str:
    """The rendition's spec for stretch `number` (from 0) of a rung."""
    return f"{PARTS}{number}/{name}"


def find_plan(
    session: Session, workspace_id: uuid.UUID, version_id: uuid.UUID
) -> StreamPlan | None:
    """What was agreed on for the version, while its streams are being made."""
    query = select(StreamPlan).filter_by(workspace_id=workspace_id, version_id=version_id)
    return session.scalar(query)


def keep_plan(
    session: Session, claim: Claim, plan: Mapping[str, Any], made: Mapping[str, Any]
) -> None:
    """Write down what all workers of the claimed version are to go by.

    Raises:
        LostLease: another worker has the task; the caller's transaction must roll back.
    """
    tasks.record_progress(session, claim, 0.0)
    values = {"plan": dict(plan), "made": dict(made)}
    session.execute(
        insert(StreamPlan)
        .values(id=new_id(), workspace_id=claim.workspace_id, version_id=claim.version_id, **values)
        .on_conflict_do_update(index_elements=["workspace_id", "version_id"], set_=values)
    )


def all_done(session: Session, claim: Claim, stretches: int) -> bool:
    """Whether other tasks have encoded every stretch of what the claimed task is to make."""
    done = select(func.count()).where(*_parts(claim), Task.state == TaskState.DONE)
    return session.scalar(done) == stretches


def share_out(session: Session, claim: Claim, stretches: int) -> None:
    """Have other tasks encode the stretches, and the claimed one wait until they have ended.

    Those that failed begin again. The caller rings after the commit.

    Raises:
        LostLease: another worker has the task.
    """
    # Holding its own row first, as `end_part` does: either sees what the other has written.
    tasks.wait(session, claim, AWAITS, _reason(0, stretches))
    for part in range(1, stretches + 1):
        task = tasks.add(
            session,
            claim.workspace_id,
            Step.HLS_PART,
            version_id=claim.version_id,
            asset_id=claim.asset_id,
            part=part,
        )
        if task.state in {TaskState.FAILED, TaskState.CANCELLED, TaskState.SKIPPED}:
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


def end_part(session: Session, claim: Claim) -> None:
    """The claimed stretch is ended in this transaction: tell the task that waits for all."""
    session.execute(_whole(claim).with_only_columns(Task.id).with_for_update())
    _go_on(session, claim)


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


def tidy(session: Session, version: Version) -> None:
    """Forget the plan and the stretches, now that the whole is made of them."""
    session.execute(
        delete(StreamPlan)
        .filter_by(workspace_id=version.workspace_id, version_id=version.id)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(Rendition)
        .where(
            Rendition.workspace_id == version.workspace_id,
            Rendition.source_blob_id == version.blob_id,
            Rendition.spec.startswith(PARTS, autoescape=True),
        )
        .execution_options(synchronize_session=False)
    )


def _go_on(session: Session, claim: Claim) -> None:
    """Note how many stretches are done; with the last the waiting task is queued."""
    states = session.scalars(select(Task.state).where(*_parts(claim))).all()
    done = states.count(TaskState.DONE)
    over = done == len(states)
    values = {"state": TaskState.QUEUED, "awaits": None, "run_at": func.clock_timestamp()}
    session.execute(
        update(Task)
        .where(*_of_version(claim), Task.step == Step.HLS, Task.awaits == AWAITS)
        .values(
            progress=0.1 + 0.8 * done / len(states),
            reason=None if over else _reason(done, len(states)),
            **(values if over else {}),
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
