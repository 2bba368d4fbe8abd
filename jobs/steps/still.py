"""Making a poster of what a person picked or sent."""

from jobs.steps.derivation import Derivation
from jobs.work import Work
from lectern.errors import Message
from lectern.library import poster_requests
from lectern.media.pictures import poster
from lectern.media.pictures.poster import Candidate
from lectern.models import StillRequest, TaskState

UNWANTED = Message("Another poster was chosen in the meantime.")


def run(work: Work) -> None:
    """Make the picture that was asked for, unless nobody wants it any more."""
    this = Derivation(work)
    request = work.read(lambda session: poster_requests.find(session, work.claim))
    if request is None:
        this.skip(UNWANTED, TaskState.CANCELLED)
        return
    made = _make(this, request)
    this.store(made.path, made.mime)
    this.finish(
        lambda session, blobs: poster_requests.finish(
            session, work.claim, this.version, blobs[0], made.facts
        )
    )


def _make(this: Derivation, request: StillRequest) -> Candidate:
    scratch = this.work.scratch
    if request.image is not None:
        sent = scratch / "sent"
        sent.write_bytes(request.image)
        return poster.own(sent, scratch)
    with this.opened(seeking=True) as (source, facts):
        return poster.still(source, facts, scratch, request.at_s or 0.0)
