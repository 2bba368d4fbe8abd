"""Making the stills that stand for a version; of a PDF its first page, and the words of all."""

import uuid
from collections.abc import Sequence

from sqlalchemy.orm import Session

from jobs import live
from jobs.steps.derivation import Derivation
from jobs.work import Work
from lectern.errors import Message
from lectern.insight import slides
from lectern.media.pictures import pages, poster
from lectern.media.pictures.pages import Texts
from lectern.media.sandbox.refusal import Refused, SandboxCrashed
from lectern.models import Blob
from lectern.pipeline.leases import DEATHS
from lectern.renditions import page_texts, posters, shared_frames

NONE = Message("This file has no image.")
CRASHED = Message("The PDF could not be rendered. It is still available for download.")


def run(work: Work) -> None:
    """Propose posters, unless equal bytes of this workspace have some already."""
    this = Derivation(work)
    is_pdf = this.facts.container == "pdf"
    if this.has(page_texts.SPEC if is_pdf else "poster.1"):
        this.finish(lambda session, _: posters.show_best(session, this.version))
    elif is_pdf:
        _draw(this)
    else:
        _propose(this)


def _propose(this: Derivation) -> None:
    with this.opened(seeking=True) as (source, facts):
        made = poster.candidates(source, facts, this.work.scratch)
    if not made:
        this.skip(NONE)
        return
    for candidate in made:
        this.store(candidate.path, candidate.mime)

    def record(session: Session, blobs: Sequence[Blob]) -> list[uuid.UUID]:
        proposed = [(blob, each.facts) for blob, each in zip(blobs, made, strict=True)]
        posters.record(session, this.version, proposed)
        return shared_frames.step_aside(session, this.version, proposed)

    for asset_id in this.finish(record):
        live.publish(this.subject.workspace_id, live.CHANGED, asset_id)


def _draw(this: Derivation) -> None:
    """A PDF that is locked or broken is skipped, with the reason: it is kept for download."""
    try:
        with this.original() as source:
            (first,) = poster.candidates(source, this.facts, this.work.scratch)
            this.store(first.path, first.mime)
            texts = pages.texts(source, this.work.scratch)
            this.store(texts.path, pages.TEXT_MIME)
        this.finish(lambda session, blobs: _record(session, this, blobs, first.facts, texts))
    except Refused as refusal:
        this.skip(str(refusal))
    except SandboxCrashed:
        if this.work.claim.attempts + 1 < DEATHS:
            raise
        this.skip(CRASHED)


def _record(
    session: Session,
    this: Derivation,
    blobs: Sequence[Blob],
    facts: dict[str, object],
    texts: Texts,
) -> None:
    first, words = blobs
    posters.record(session, this.version, [(first, facts)])
    this.record(session, page_texts.SPEC, words, texts.facts)
    slides.record_pages(session, *this.source, page_texts.read(texts.path.read_bytes()))
