"""Making the stills that stand for a version."""

import uuid
from dataclasses import asdict

from sqlalchemy.orm import Session

from jobs import live, subject
from jobs.steps import pdf
from jobs.steps.results import Results
from jobs.subject import Subject
from jobs.work import Work
from lectern.errors import Message
from lectern.library import assets
from lectern.media.pictures import poster
from lectern.models import TaskState
from lectern.renditions import posters, renditions, shared_frames

NONE = Message("There is no picture in this file.")


def run(work: Work) -> None:
    """Propose posters, unless equal bytes of this workspace have some already."""
    this = subject.load(work)
    if this.facts.container == "pdf":
        pdf.run(work)
        return
    first = (this.workspace_id, this.blob_id, "poster.1")
    if work.read(lambda session: renditions.find(session, *first)) is not None:
        work.finish(lambda session: _show(session, this))
        return
    with subject.original(work, this) as source:
        made = poster.candidates(source, this.facts, work.scratch)
    if not made:
        work.finish(lambda session: _settle(session, this), TaskState.SKIPPED, NONE)
        return
    results = Results(work)
    for candidate in made:
        results.store(candidate.path, candidate.mime)
    facts = [
        {name: value for name, value in asdict(candidate).items() if name not in {"path", "mime"}}
        for candidate in made
    ]

    def record(session: Session) -> list[uuid.UUID]:
        proposed = list(zip(results.add(session), facts, strict=True))
        posters.record(session, this.version, proposed)
        _settle(session, this)
        return shared_frames.step_aside(session, this.version, proposed)

    for asset_id in work.finish(record):
        live.publish(this.workspace_id, live.CHANGED, asset_id)
    results.tidy()


def _show(session: Session, this: Subject) -> None:
    posters.show_best(session, this.version)
    _settle(session, this)


def _settle(session: Session, this: Subject) -> None:
    assets.settle(session, this.workspace_id, this.asset_id)
