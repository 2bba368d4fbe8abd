"""The first page of a PDF as its poster, and the words of all pages."""

from dataclasses import asdict

from sqlalchemy.orm import Session

from jobs import subject
from jobs.steps.results import Results
from jobs.subject import Subject
from jobs.work import Work
from lectern.errors import Message
from lectern.insight import slides
from lectern.library import assets
from lectern.media.pictures import pages, poster
from lectern.media.pictures.pages import Texts
from lectern.media.sandbox.refusal import BoxCrashed, Refused
from lectern.models import TaskState
from lectern.pipeline.leases import DEATHS
from lectern.renditions import page_texts, posters, renditions

CRASHED = Message("The PDF cannot be drawn: its renderer fails at it. It is kept for download.")


def run(work: Work) -> None:
    """Keep preview and words, unless equal bytes of this workspace have them already.

    A PDF that is locked or broken is skipped, with the reason: it is kept for download anyway.
    """
    this = subject.load(work)
    source = (this.workspace_id, this.blob_id, page_texts.SPEC)
    if work.read(lambda session: renditions.find(session, *source)) is not None:
        work.finish(lambda session: _show(session, this))
        return
    try:
        _make(work, this)
    except Refused as refusal:
        _skip(work, this, str(refusal))
    except BoxCrashed:
        if work.claim.attempts + 1 < DEATHS:
            raise
        _skip(work, this, CRASHED)


def _make(work: Work, this: Subject) -> None:
    results = Results(work)
    with subject.original(work, this) as original:
        (first,) = poster.candidates(original, this.facts, work.scratch)
        results.store(first.path, first.mime)
        words = pages.texts(original, work.scratch)
        results.store(words.path, pages.TEXT_MIME)
    shown = {name: value for name, value in asdict(first).items() if name not in {"path", "mime"}}
    work.finish(lambda session: _record(session, this, results, shown, words))
    results.tidy()


def _record(
    session: Session, this: Subject, results: Results, shown: dict[str, object], words: Texts
) -> None:
    first, texts = results.add(session)
    posters.record(session, this.version, [(first, shown)])
    renditions.record(session, this.workspace_id, this.blob_id, page_texts.SPEC, texts, words.facts)
    told = page_texts.read(words.path.read_bytes())
    slides.record_pages(session, this.workspace_id, this.blob_id, told)
    assets.settle(session, this.workspace_id, this.asset_id)


def _show(session: Session, this: Subject) -> None:
    posters.show_best(session, this.version)
    assets.settle(session, this.workspace_id, this.asset_id)


def _skip(work: Work, this: Subject, reason: str) -> None:
    def settle(session: Session) -> None:
        assets.settle(session, this.workspace_id, this.asset_id)

    work.finish(settle, TaskState.SKIPPED, reason)
