"""Encoding one stretch of a long video, for the task that joins them all."""

from sqlalchemy.orm import Session

from jobs import enqueue, subject
from jobs import hls as hls_step
from jobs.hls_files import Files
from jobs.work import Work
from lectern.library import renditions, streams
from lectern.media import hls
from lectern.media.hls_plan import Plan
from lectern.models import Step, TaskState

NOT_NEEDED = "The whole of it is not being made any more."


def run(work: Work) -> None:
    """Encode the stretch in every rung, unless equal bytes of this workspace have it already."""
    this = subject.load(work)
    number = work.claim.part - 1
    key = (this.workspace_id, this.blob_id)
    kept = work.read(lambda s: streams.find_plan(s, this.workspace_id, this.version.id))
    if kept is None or not work.read(lambda s: streams.is_wanted(s, work.claim)):
        work.finish(lambda _: None, TaskState.SKIPPED, NOT_NEEDED)
        return
    plan = Plan.from_json(kept.plan)
    specs = [streams.part_spec(number, rung.name) for rung in plan.rungs]
    files = Files(work)
    if not work.read(lambda s: all(renditions.find(s, *key, spec) for spec in specs)):
        with subject.original(work, this) as source:
            made = hls.encode(source, plan, number, work.scratch, work.progress, work.cancelled)
        for spec, each in zip(specs, made, strict=True):
            files.add(spec, each.path, hls_step.VIDEO)

    def record(session: Session) -> None:
        files.record(session, this)
        streams.end_part(session, work.claim)

    work.finish(record)
    files.tidy()
    due = work.read(lambda session: streams.due(session, work.claim))
    enqueue.ring([each for each in due if each.step == Step.HLS])
