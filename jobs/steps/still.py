"""Making a poster of what a person picked or sent."""

from dataclasses import asdict

from sqlalchemy.orm import Session

from jobs import subject
from jobs.steps.results import Results
from jobs.subject import Subject
from jobs.work import Work
from lectern.errors import Message
from lectern.library import poster_requests
from lectern.media.pictures import poster
from lectern.media.pictures.poster import Candidate
from lectern.models import StillRequest, TaskState

UNWANTED = Message("Another picture was chosen meanwhile.")


def run(work: Work) -> None:
    """Make the picture that was asked for, unless nobody wants it any more."""
    this = subject.load(work)
    request = work.read(lambda session: poster_requests.find(session, work.claim))
    if request is None:
        work.finish(lambda session: None, TaskState.CANCELLED, UNWANTED)
        return
    made = _made(work, this, request)
    results = Results(work)
    results.store(made.path, made.mime)
    facts = {name: value for name, value in asdict(made).items() if name not in {"path", "mime"}}

    def record(session: Session) -> None:
        (blob,) = results.add(session)
        poster_requests.finish(session, work.claim, this.version, blob, facts)

    work.finish(record)
    results.tidy()


def _made(work: Work, this: Subject, request: StillRequest) -> Candidate:
    if request.image is not None:
        sent = work.scratch / "sent"
        sent.write_bytes(request.image)
        return poster.own(sent, work.scratch)
    with subject.original(work, this) as source:
        return poster.still(source, this.facts, work.scratch, request.at_s or 0.0)
