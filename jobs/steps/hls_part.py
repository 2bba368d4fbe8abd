"""Encoding one segment of a long video, for the task that joins them all."""

from sqlalchemy.orm import Session

from jobs import enqueue, subject
from jobs.steps.hls import VIDEO, Files, find_making
from jobs.work import Work
from lectern.errors import Message
from lectern.media.hls import encoder
from lectern.models import TaskState
from lectern.pipeline import segments, tasks
from lectern.pipeline.registry import Step
from lectern.renditions import renditions, streams

NOT_NEEDED = Message("The full stream is no longer being encoded.")


def run(work: Work) -> None:
    """Encode the segment in every rung, unless equal bytes of this workspace have it already."""
    this = subject.load(work)
    number = int(work.claim.args["segment"])
    key = (this.workspace_id, this.blob_id)
    making = find_making(work, this)
    if making is None or number >= len(making.plan.segments):
        work.part(lambda session: _leave(session, work))
        _notify(work)
        return
    if not work.read(lambda s: segments.is_wanted(s, work.claim)):
        work.finish(lambda _: None, TaskState.SKIPPED, NOT_NEEDED)
        return
    plan = making.plan
    specs = [streams.part_spec(number, rung.name) for rung in plan.rungs]
    files = Files(work)
    if not work.read(lambda s: all(renditions.find(s, *key, spec) for spec in specs)):
        with subject.opened(work, this) as (source, _):
            made = encoder.encode(source, plan, number, work.scratch, work.progress, work.cancelled)
        for spec, each in zip(specs, made, strict=True):
            files.add(spec, each.path, VIDEO)

    def end(session: Session) -> None:
        segments.hold(session, work.claim)
        tasks.finish(session, work.claim, TaskState.DONE)
        files.record(session, this)
        segments.end(session, work.claim)

    work.part(end)
    files.tidy()
    _notify(work)


def _leave(session: Session, work: Work) -> None:
    """Nothing says what to encode: end, and have the step plan it once more."""
    segments.hold(session, work.claim)
    tasks.finish(session, work.claim, TaskState.SKIPPED, NOT_NEEDED)
    segments.ask_anew(session, work.claim)


def _notify(work: Work) -> None:
    """Enqueue the step, if it can go on."""
    due = work.read(lambda session: segments.due(session, work.claim))
    enqueue.notify([each for each in due if each.step == Step.HLS])
