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
# Whoever edits a file of the chunk waits for its end, so it is to last about so long at most.
CHUNK_S = 0.15
FEWEST, MOST = 500, 4_000


def run(work: Work) -> None:
    """Do what is left of a batch, or of its undo."""
    if work.read(lambda session: _action(session, work)) in exchange.ACTIONS:
        exchange.run(work)
        return
    told, most = time.monotonic(), bulk.CHUNK
    while True:
        began = time.monotonic()
        progress = _chunk(work, most)
        if progress.over:
            break
        most = paced(most, time.monotonic() - began)
        enqueue.notify(progress.news.due)
        if time.monotonic() - told > TOLD_S:
            told = time.monotonic()
            live.batch_moved(progress.news)
        if work.cancelled():
            raise Stopped("The batch goes on with the next worker.")
    work.finish(lambda session: bulk.finish(session, *_key(work)))
    live.batch_moved(progress.news)
    live.publish(work.claim.workspace_id, live.REFRESH)


def paced(most: int, took: float) -> int:
    """How many files the next chunk changes, when one of `most` took so many seconds.

    Large chunks have few statements; short ones keep nobody waiting for their rows.
    """
    if took > CHUNK_S:
        return max(most // 2, FEWEST)
    return min(most * 2, MOST) if took < CHUNK_S / 3 else most


def _chunk(work: Work, most: int) -> Progress:
    def change(session: Session) -> Progress:
        progress = bulk.advance(session, *_key(work), most=most)
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
