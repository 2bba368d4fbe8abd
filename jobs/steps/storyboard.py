"""Making the small pictures that a video is scrubbed and previewed by."""

from sqlalchemy.orm import Session

from jobs import subject
from jobs.steps.results import Results
from jobs.work import Work
from lectern.media.pictures import storyboard
from lectern.renditions import renditions, storyboards


def run(work: Work) -> None:
    """Make the storyboard, unless equal bytes of this workspace have one already."""
    this = subject.load(work)
    first = (this.workspace_id, this.blob_id, storyboards.spec(0))
    if work.read(lambda session: renditions.find(session, *first)) is not None:
        work.finish(lambda session: None)
        return
    with subject.original(work, this) as source:
        made = storyboard.make(
            source,
            this.facts,
            work.scratch,
            on_progress=work.progress,
            cancelled=work.cancelled,
        )
    results = Results(work)
    for sheet in made.sheets:
        results.store(sheet, storyboard.MIME)

    def record(session: Session) -> None:
        storyboards.record(session, this.version, results.add(session), made.facts)

    work.finish(record)
    results.tidy()
