"""Changing many assets, chunk by chunk; whoever takes over begins where the last commit was."""

import time
import uuid

from sqlalchemy.orm import Session

from jobs import enqueue, live
from jobs.steps import exchange
from jobs.work import Work
from lectern import bulk
from lectern.bulk import Progress
from lectern.errors import Forbidden
from lectern.media.sandbox.refusal import Refused, Stopped
from lectern.models import Batch
from lectern.pipeline import tasks

# Open pages look again at most this often while a batch runs.
TOLD_S = 1.0


def run(work: Work) -> None:
    """Do what is left of a batch, or of its undo."""
    if work.read(lambda session: _action(session, work)) in exchange.ACTIONS:
        exchange.run(work)
        return
    told = time.monotonic()
    while not (progress := _chunk(work)).over:
        enqueue.ring(progress.news.due)
        if time.monotonic() - told > TOLD_S:
            told = time.monotonic()
            live.batch_moved(progress.news)
        if work.cancelled():
            raise Stopped("The batch goes on with the next worker.")
    work.finish(lambda session: bulk.finish(session, *_key(work)))
    live.batch_moved(progress.news)
    live.publish(work.claim.workspace_id, live.REFRESH)


def _chunk(work: Work) -> Progress:
    def change(session: Session) -> Progress:
        progress = bulk.advance(session, *_key(work))
        # Last, so that the row is free for the lease's renewal meanwhile.
        tasks.advance(session, work.claim, progress.share)
        return progress

    try:
        return work.part(change)
    except Forbidden as refusal:
        raise Refused(str(refusal)) from refusal


def _action(session: Session, work: Work) -> str:
    return session.get_one(Batch, _key(work)).action


def _key(work: Work) -> tuple[uuid.UUID, uuid.UUID]:
    assert work.claim.batch_id is not None, "a task of this step has a batch"  # noqa: S101
    return work.claim.workspace_id, work.claim.batch_id
