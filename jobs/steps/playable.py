"""Making what a browser plays or shows of a version."""

from sqlalchemy.orm import Session

from jobs import subject
from jobs.steps.results import Results
from jobs.work import Work
from lectern.library import assets
from lectern.media import playable
from lectern.media.playable import Skip
from lectern.models import TaskState
from lectern.renditions import renditions


def run(work: Work) -> None:
    """Make the playable rendition, unless equal bytes of this workspace have one already."""
    this = subject.load(work)
    source = (this.workspace_id, this.blob_id, renditions.PLAYABLE)

    def settle(session: Session) -> None:
        assets.settle(session, this.workspace_id, this.asset_id)

    if work.read(lambda session: renditions.find(session, *source)) is not None:
        work.finish(settle)
        return
    with subject.original(work, this) as original:
        made = playable.make(
            original,
            this.facts,
            work.scratch,
            on_progress=work.progress,
            cancelled=work.cancelled,
        )
    if isinstance(made, Skip):
        work.finish(settle, TaskState.SKIPPED, made.reason)
        return
    results = Results(work)
    results.store(made.path, made.mime)

    def record(session: Session) -> None:
        (blob,) = results.add(session)
        renditions.record(session, *source, blob, made.facts)
        settle(session)

    work.finish(record)
    results.tidy()
