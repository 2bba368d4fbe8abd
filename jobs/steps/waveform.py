"""Drawing the sound of a version, and measuring how loud it is."""

from sqlalchemy.orm import Session

from jobs import subject
from jobs.steps.results import Results
from jobs.work import Work
from lectern.media import waveform
from lectern.renditions import renditions


def run(work: Work) -> None:
    """Make the waveform, unless equal bytes of this workspace have one already."""
    this = subject.load(work)
    source = (this.workspace_id, this.blob_id, renditions.WAVEFORM)
    if work.read(lambda session: renditions.find(session, *source)) is not None:
        work.finish(lambda session: None)
        return
    with subject.original(work, this) as original:
        made = waveform.make(
            original,
            this.facts,
            work.scratch,
            on_progress=work.progress,
            cancelled=work.cancelled,
        )
    results = Results(work)
    results.store(made.path, waveform.MIME)

    def record(session: Session) -> None:
        (blob,) = results.add(session)
        renditions.record(session, *source, blob, made.facts)

    work.finish(record)
    results.tidy()
