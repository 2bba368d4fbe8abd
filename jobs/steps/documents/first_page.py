"""The first page of a document as its poster, the text of all its pages, and its places."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from jobs.steps.derivation import Derivation
from lectern.errors import Message
from lectern.insight import slides
from lectern.media import office
from lectern.media.pictures import pages, poster
from lectern.media.sandbox.refusal import Refused, SandboxCrashed
from lectern.models import Blob, TaskState
from lectern.pipeline import registry
from lectern.pipeline.leases import DEATHS
from lectern.renditions import documents, page_texts, places, posters
from lectern.renditions.page_texts import PageText
from lectern.renditions.places import Places

CRASHED = Message("The PDF could not be rendered. It is still available for download.")
NO_LIBREOFFICE = Message(
    "Pictures of the pages need LibreOffice on the server. The text can be searched."
)
NOT_CONVERTED = Message(
    "LibreOffice could not convert this document, so there are no pictures of its pages. "
    "The text can be searched."
)


@dataclass(frozen=True)
class _Document:
    """What is written down of a document, once its files are stored."""

    texts: list[PageText]
    places: Places
    facts: dict[str, object]


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
            if is_pdf:
                _finish_pdf(step, source)
            else:
                _finish_office(step, source)
    except Refused as refusal:
        step.skip(refusal.message)
    except SandboxCrashed:
        if step.work.claim.attempts + 1 < DEATHS:
            raise
        step.skip(CRASHED)


def _finish_pdf(step: Derivation, source: Path) -> None:
    first, texts = _drawn(step, source, step.work.scratch)
    read = _Document(
        page_texts.read(texts.path.read_bytes()),
        places.read(texts.places.read_bytes()),
        texts.facts,
    )
    _finish(step, read, first)


def _finish_office(step: Derivation, source: Path) -> None:
    """By LibreOffice's PDF of it; where there is none, by the text in its XML."""
    written = office.text(source, step.facts, _folder(step, "xml"))
    texts = page_texts.read(written.path.read_bytes())
    titles = places.read(written.places.read_bytes())
    pdf, reason = _converted(step, source)
    if pdf is None:
        facts: dict[str, object] = {"pages": written.pages, "letters": written.letters}
        noted = page_texts.joined(texts, written.notes)
        _finish(
            step,
            _Document(noted, titles, {**facts, "notes": [reason.to_json()] if reason else []}),
            reason=reason,
        )
        return
    first, laid_out = _drawn(step, pdf, _folder(step, "pages"))
    step.store(pdf, office.PDF_MIME)
    found = places.read(laid_out.places.read_bytes())
    if step.facts.container in {"pptx", "odp"}:
        # Its outline has the names of slides, "Slide 1", where their titles say more.
        found = Places(titles.bookmarks, found.links)
    noted = page_texts.joined(page_texts.read(laid_out.path.read_bytes()), written.notes)
    _finish(step, _Document(noted, found, laid_out.facts), first)


def _converted(step: Derivation, source: Path) -> tuple[Path | None, Message | None]:
    """LibreOffice's PDF of it, or why there is none."""
    program = office.program()
    if program is None:
        return None, NO_LIBREOFFICE
    try:
        return office.pdf(source, step.facts, _folder(step, "office"), program), None
    except Refused as refusal:
        step.work.note(str(refusal))
    except SandboxCrashed as crash:
        step.work.note("\n".join([str(crash), *getattr(crash, "__notes__", ())]))
        if step.work.claim.attempts + 1 < DEATHS:
            raise
    return None, NOT_CONVERTED


def _drawn(step: Derivation, pdf: Path, scratch: Path) -> tuple[dict[str, object], pages.Texts]:
    """Store the picture of the first page; its facts, and the texts of all."""
    first = poster.first_page(pdf, scratch)
    step.store(first.path, first.mime)
    return first.facts, pages.texts(pdf, scratch)


def _folder(step: Derivation, name: str) -> Path:
    folder = step.work.scratch / name
    folder.mkdir()
    return folder


def _finish(
    step: Derivation,
    document: _Document,
    first: dict[str, object] | None = None,
    reason: Message | None = None,
) -> None:
    for name, data in (
        ("text.json", page_texts.dumped(document.texts)),
        ("places.json", places.dumped(document.places)),
    ):
        path = step.work.scratch / name
        path.write_bytes(data)
        step.store(path, pages.TEXT_MIME)

    def record(session: Session, blobs: Sequence[Blob]) -> None:
        *drawn, texts, found = blobs
        if first is not None:
            posters.record(session, step.version, [(drawn[0], first)])
        if len(drawn) > 1:
            step.record(session, documents.PDF, drawn[1], {})
        step.record(session, page_texts.SPEC, texts, document.facts)
        step.record(session, places.SPEC, found, {})
        searched = places.searchable(document.texts, document.places)
        slides.record_pages(session, *step.source, searched)

    step.finish(record, TaskState.SKIPPED if reason else TaskState.DONE, reason)
