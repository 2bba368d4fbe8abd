"""Drawing the pages of a document, for its page in the library."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.orm import Session

from jobs.steps.derivation import Derivation
from jobs.steps.documents.first_page import CRASHED, NO_LIBREOFFICE, NOT_CONVERTED
from jobs.work import Work
from lectern.media import office
from lectern.media.pictures import pages
from lectern.media.sandbox.refusal import Refused, SandboxCrashed
from lectern.models import Blob
from lectern.pipeline.leases import DEATHS
from lectern.renditions import documents, renditions


def run(work: Work) -> None:
    """Draw the first pages, unless that was done for equal bytes of this workspace."""
    step = Derivation(work)
    if step.has(documents.page(1)):
        step.done()
        return
    try:
        with _pdf(step) as source:
            if source is None:
                step.skip(NO_LIBREOFFICE if office.program() is None else NOT_CONVERTED)
                return
            drawn = pages.pictures(source, work.scratch, work.progress, work.cancelled)
        for path in drawn.paths:
            step.store(path, pages.PICTURE_MIME)
        step.finish(lambda session, blobs: _record(session, step, blobs))
    except Refused as refusal:
        step.skip(refusal.message)
    except SandboxCrashed:
        if work.claim.attempts + 1 < DEATHS:
            raise
        step.skip(CRASHED)


@contextmanager
def _pdf(step: Derivation) -> Iterator[Path | None]:
    """The document itself, or LibreOffice's PDF of it."""
    if step.facts.container == "pdf":
        with step.original() as source:
            yield source
        return
    made = step.work.read(lambda s: renditions.find(s, *step.source, documents.PDF))
    if made is None:
        yield None
        return
    with step.work.process.storage.local_copy(made.blob.key) as source:
        yield source


def _record(session: Session, step: Derivation, blobs: Sequence[Blob]) -> None:
    for number, blob in enumerate(blobs, start=1):
        step.record(session, documents.page(number), blob, {})
