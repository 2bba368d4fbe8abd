"""Drawing the pages of a document, for its page in the library."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from jobs.steps.derivation import Derivation
from jobs.steps.documents import first_page
from jobs.work import Work
from lectern.media import office
from lectern.media.pictures import pages
from lectern.media.sandbox.refusal import Refused, SandboxCrashed
from lectern.models import Blob
from lectern.pipeline.leases import DEATHS
from lectern.renditions import documents, page_texts, renditions

LIBREOFFICE = "libreoffice"


def run(work: Work) -> None:
    """Draw the first pages, unless that was done for equal bytes of this workspace.

    Where LibreOffice is needed and not there, the task waits for it: it can be tried again.
    """
    step = Derivation(work)
    if step.has(documents.page(1)):
        step.done()
        return
    try:
        if step.facts.container == "pdf":
            with step.original() as source:
                _draw(step, source)
        else:
            _draw_office(step)
    except Refused as refusal:
        step.skip(refusal.message)
    except SandboxCrashed:
        if work.claim.attempts + 1 < DEATHS:
            raise
        step.skip(first_page.CRASHED)


def _draw_office(step: Derivation) -> None:
    known = step.work.read(lambda session: renditions.of_blob(session, *step.source))
    made, text = known.get(documents.PDF), known.get(page_texts.SPEC)
    if made is not None:
        with step.work.process.storage.local_copy(made.blob.key) as source:
            _draw(step, source)
    elif text is not None and first_page.NOT_CONVERTED in text.facts["notes"]:
        step.skip(first_page.NOT_CONVERTED)
    else:
        _convert(step)


def _convert(step: Derivation) -> None:
    """LibreOffice was not there when the first page was looked for: now it is, or is waited for."""
    with step.original() as source:
        made = first_page.of_office(step, source)
    if made.reason is first_page.NO_LIBREOFFICE and not office.is_unwanted():
        step.work.wait(LIBREOFFICE, made.reason)
        return
    if made.reason is not None:
        step.skip(made.reason)
        return
    (_, _), (pdf, _) = made.files
    step.part(first_page.store(step, made), 0.1)
    _draw(step, pdf)


def _draw(step: Derivation, source: Path) -> None:
    work, scratch = step.work, step.work.scratch / "drawn"
    scratch.mkdir()
    drawn = pages.pictures(source, scratch, work.progress, work.cancelled)
    for path in drawn.paths:
        step.store(path, pages.PICTURE_MIME)
    step.finish(lambda session, blobs: _record(session, step, blobs))


def _record(session: Session, step: Derivation, blobs: Sequence[Blob]) -> None:
    for number, blob in enumerate(blobs, start=1):
        step.record(session, documents.page(number), blob, {})
