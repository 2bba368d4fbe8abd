"""The first page of a document as its poster, the text of all its pages, and its places."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from jobs.steps.derivation import Derivation
from lectern.errors import Message
from lectern.insight import slides
from lectern.media import office
from lectern.media.pictures import pages, poster
from lectern.media.pictures.poster import Candidate
from lectern.media.sandbox.refusal import Refused, SandboxCrashed
from lectern.models import Blob, TaskState
from lectern.pipeline import registry
from lectern.pipeline.leases import DEATHS
from lectern.renditions import documents, page_texts, places, posters, renditions
from lectern.renditions.page_texts import PageText
from lectern.renditions.places import Places

CRASHED = Message("The document could not be read. It is still available for download.")
NO_LIBREOFFICE = Message(
    "Pictures of the pages need LibreOffice on the server. The text can be searched."
)
NOT_CONVERTED = Message(
    "LibreOffice could not convert this document, so there are no pictures of its pages. "
    "The text can be searched."
)


@dataclass(frozen=True)
class Made:
    """What was made of a document: files to store, and what is written down.

    `first` are the facts of the picture of its first page, which is the first file then;
    LibreOffice's PDF of it is the second. `reason` says why there is no picture.
    """

    texts: list[PageText]
    places: Places
    facts: dict[str, object]
    files: list[tuple[Path, str]]
    first: dict[str, object] | None = None
    reason: Message | None = None


def is_document(step: Derivation) -> bool:
    """True where the first page stands for the file."""
    return step.facts.container in {"pdf", *registry.OFFICE}


def run(step: Derivation) -> None:
    """Show the first page, unless that was done for equal bytes of this workspace.

    What is locked or broken is skipped, with the reason: it is kept for download.
    """
    is_pdf = step.facts.container == "pdf"
    if step.has(places.SPEC) and (step.has("poster.1") or office.program() is None or is_pdf):
        step.finish(lambda session, _: posters.show_best(session, step.version))
        return
    try:
        with step.original() as source:
            made = _of_pdf(step, source) if is_pdf else of_office(step, source)
            record = store(step, made)
        step.finish(record, TaskState.SKIPPED if made.reason else TaskState.DONE, made.reason)
    except Refused as refusal:
        step.skip(refusal.message)
    except SandboxCrashed:
        if step.work.claim.attempts + 1 < DEATHS:
            raise
        step.skip(CRASHED)


def _of_pdf(step: Derivation, source: Path) -> Made:
    first, texts = _drawn(source, step.work.scratch)
    return Made(
        page_texts.read(texts.path.read_bytes()),
        places.read(texts.places.read_bytes()),
        texts.facts,
        [(first.path, first.mime)],
        first.facts,
    )


def of_office(step: Derivation, source: Path) -> Made:
    """By LibreOffice's PDF of it; where there is none, by the text in its XML."""
    written = office.text(source, step.facts, _folder(step, "xml"))
    texts = page_texts.read(written.path.read_bytes())
    titles = places.read(written.places.read_bytes())
    pdf, reason = _converted(step, source)
    if pdf is None:
        facts: dict[str, object] = {"pages": written.pages, "letters": written.letters}
        facts["notes"] = [reason.to_json()] if reason else []
        return Made(page_texts.joined(texts, written.notes), titles, facts, [], reason=reason)
    first, laid_out = _drawn(pdf, _folder(step, "first"))
    found = places.read(laid_out.places.read_bytes())
    if step.facts.container in {"pptx", "odp"}:
        # The outline may have the names of slides, "Slide 1", where their titles say more.
        found = Places(titles.bookmarks, found.links)
    return Made(
        page_texts.joined(page_texts.read(laid_out.path.read_bytes()), written.notes),
        found,
        laid_out.facts,
        [(first.path, first.mime), (pdf, office.PDF_MIME)],
        first.facts,
    )


def _converted(step: Derivation, source: Path) -> tuple[Path | None, Message | None]:
    """LibreOffice's PDF of it, or why there is none."""
    program = office.program()
    if program is None:
        return None, NO_LIBREOFFICE
    work, folder = step.work, _folder(step, "office")
    try:
        return office.pdf(source, step.facts, folder, program, work.cancelled), None
    except Refused as refusal:
        work.note(str(refusal))
    except SandboxCrashed as crash:
        work.note("\n".join([str(crash), *getattr(crash, "__notes__", ())]))
        if work.claim.attempts + 1 < DEATHS:
            raise
    return None, NOT_CONVERTED


def _drawn(pdf: Path, scratch: Path) -> tuple[Candidate, pages.Texts]:
    return poster.first_page(pdf, scratch), pages.texts(pdf, scratch)


def _folder(step: Derivation, name: str) -> Path:
    folder = step.work.scratch / name
    folder.mkdir()
    return folder


def store(step: Derivation, made: Made) -> Callable[[Session, Sequence[Blob]], None]:
    """Put it into storage; what is answered writes it down, in place of an earlier text."""
    for path, mime in made.files:
        step.store(path, mime)
    for name, data in (
        ("text.json", page_texts.dumped(made.texts)),
        ("places.json", places.dumped(made.places)),
    ):
        path = step.work.scratch / name
        path.write_bytes(data)
        step.store(path, pages.TEXT_MIME)

    def record(session: Session, blobs: Sequence[Blob]) -> None:
        *drawn, texts, found = blobs
        if made.first is not None:
            posters.record(session, step.version, [(drawn[0], made.first)])
        if len(drawn) > 1:
            step.record(session, documents.PDF, drawn[1], {})
        renditions.remove(session, *step.source, [page_texts.SPEC, places.SPEC])
        step.record(session, page_texts.SPEC, texts, made.facts)
        step.record(session, places.SPEC, found, {})
        searched = places.searchable(made.texts, made.places)
        slides.record_pages(session, *step.source, searched)

    return record
