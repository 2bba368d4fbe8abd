"""Reading slides: finding them in the box, then the text on them, from when to when."""

import importlib

from sqlalchemy.orm import Session

from jobs import subject
from jobs.steps.results import Results
from jobs.work import Work
from lectern.errors import Message
from lectern.insight import slides as kept
from lectern.media.pictures import slides
from lectern.media.pictures.slides import Reader
from lectern.media.sandbox.refusal import Stopped
from lectern.models import TaskState

NOTHING = Message("Nothing in this video can be read.")
# The share of the step that it takes to find them.
_FOUND = 0.4


def run(work: Work) -> None:
    """Find the slides and read them, unless this model has done so for equal bytes."""
    this = subject.load(work)
    reader = _reader()
    source = (this.workspace_id, this.blob_id, reader.name)
    if work.read(lambda session: kept.known(session, *source)):
        work.finish(lambda session: None)
        return
    with subject.played(work, this) as (file, facts):
        found = slides.find(
            file,
            facts,
            work.scratch,
            on_progress=lambda share: work.progress(share * _FOUND),
            cancelled=work.cancelled,
        )
    lines = slides.read(
        found,
        reader,
        lambda share: work.progress(_FOUND + share * (1 - _FOUND)),
        work.cancelled,
    )
    if len(lines) < len(found.greys):
        raise Stopped
    if not any(lines):
        work.finish(lambda session: None, TaskState.SKIPPED, NOTHING)
        return
    results = Results(work)
    for thumb in found.thumbs:
        results.store(thumb, slides.MIME)

    def record(session: Session) -> None:
        kept.record(session, this.version, reader.name, found.shown, lines, results.add(session))

    work.finish(record)
    results.tidy()


def _reader() -> Reader:
    # By name: only a worker that reads slides loads it, and keeps it.
    reading = importlib.import_module("lectern.media.pictures.slide_text")
    loaded: Reader = reading.load()
    return loaded
