"""Reading slides: finding them in the sandbox, then the text on them, from when to when."""

import importlib

from jobs.steps.derivation import Derivation
from jobs.work import Work
from lectern.errors import Message
from lectern.insight import slides as slide_rows
from lectern.media.pictures import slides
from lectern.media.pictures.slides import Reader
from lectern.media.sandbox.refusal import Stopped

NOTHING = Message("No text was found in this video.")
# The share of the step that it takes to find them.
_FOUND = 0.4


def run(work: Work) -> None:
    """Find the slides and read them, unless this model has done so for equal bytes."""
    this = Derivation(work)
    reader = _reader()
    if work.read(lambda session: slide_rows.known(session, *this.source, reader.name)):
        this.done()
        return
    found, _ = this.make_of_played(slides.find, lambda share: work.progress(share * _FOUND))
    lines = slides.read(
        found,
        reader,
        lambda share: work.progress(_FOUND + share * (1 - _FOUND)),
        work.cancelled,
    )
    if len(lines) < len(found.greys):
        raise Stopped
    if not any(lines):
        this.skip(NOTHING)
        return
    for thumb in found.thumbs:
        this.store(thumb, slides.MIME)
    this.finish(
        lambda session, blobs: slide_rows.record(
            session, this.version, reader.name, found.shown, lines, blobs
        )
    )


def _reader() -> Reader:
    # By name: only a worker that reads slides loads it, and keeps it.
    reading = importlib.import_module("lectern.media.pictures.slide_text")
    loaded: Reader = reading.load()
    return loaded
