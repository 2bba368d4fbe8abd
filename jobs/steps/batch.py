"""Changing many assets, chunk by chunk; whoever takes over begins where the last commit was."""

import time
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import closing

from sqlalchemy.orm import Session

from jobs import enqueue, live
from jobs.steps import exchange
from jobs.work import Work
from lectern import bulk
from lectern.bulk import Ahead, Overtaken, Progress
from lectern.errors import Forbidden
from lectern.media.sandbox.refusal import Refused, Stopped
from lectern.models import Batch, BatchState
from lectern.pipeline import tasks

# Open pages look again at most this often while a batch runs.
TOLD_S = 1.0
# Whoever edits a file of the chunk waits for its end, so it is to last about so long at most.
CHUNK_S = 0.2
FEWEST, MOST = 500, 4_000
# Chunks at work at once: while PostgreSQL changes the rows of one, the next is read and judged.
LANES = 2
# A chunk whose turn does not come by then may be what the one before waits for, and is repeated.
TURN_S = 1.0


def run(work: Work) -> None:
    """Do what is left of a batch, or of its undo."""
    if work.read(lambda session: _action(session, work)) in exchange.ACTIONS:
        exchange.run(work)
        return
    told = time.monotonic()
    with closing(_chunks(work)) as chunks:
        for progress in chunks:
            if progress.over:
                break
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
    return min(most * 2, MOST) if took < CHUNK_S / 2 else most


def _chunks(work: Work) -> Generator[Progress, None, None]:
    """Do chunk after chunk, in order; the last one is over.

    The first goes alone: it makes what the others share. So does the one after a chunk that was
    overtaken, as it begins wherever the batch is by then.
    """
    pace = _Pace()
    side_by_side, undoing = work.read(lambda session: _manner(session, work))
    with ThreadPoolExecutor(LANES, "chunk") as pool:
        while True:
            progress = _chunk(work, pace)
            yield progress
            if progress.over:
                return
            if not side_by_side:
                continue
            try:
                yield from _ahead(work, pace, pool, progress, undoing=undoing)
            except Overtaken:
                continue
            return


def _ahead(
    work: Work, pace: "_Pace", pool: ThreadPoolExecutor, last: Progress, *, undoing: bool
) -> Iterator[Progress]:
    """Do the chunks after `last`, several at once, each committed after the one before."""
    at, running, before = last.at, deque[Future[Progress]](), None
    try:
        while running or at < last.total:
            while len(running) < LANES and at < last.total:
                ahead, most = Ahead(at, undoing, _turn(before)), pace.most
                before = pool.submit(_chunk, work, pace, most, ahead)
                running.append(before)
                at += most
            yield running.popleft().result()
    finally:
        # An open transaction would keep the rows of a chunk that nobody waits for any more.
        for chunk in running:
            chunk.cancel()


def _turn(before: Future[Progress] | None) -> Callable[[], None]:
    """Waits for the commit of the chunk before."""

    def wait() -> None:
        if before is None:
            return
        try:
            error = before.exception(TURN_S)
        except (TimeoutError, CancelledError) as no_turn:
            raise Overtaken from no_turn
        if error is not None:
            raise Overtaken from error

    return wait


class _Pace:
    """How many files the next chunk changes."""

    def __init__(self) -> None:
        self.most = bulk.CHUNK


def _chunk(
    work: Work, pace: _Pace, most: int | None = None, ahead: Ahead | None = None
) -> Progress:
    files, began = most or pace.most, time.monotonic()

    def change(session: Session) -> Progress:
        progress = bulk.advance(session, *_key(work), most=files, ahead=ahead)
        # Last, so that the row is free for the lease's renewal meanwhile.
        tasks.advance(session, work.claim, progress.share)
        return progress

    try:
        progress = work.part(change)
    except Forbidden as refusal:
        raise Refused(str(refusal)) from refusal
    pace.most = paced(files, time.monotonic() - began)
    return progress


def _manner(session: Session, work: Work) -> tuple[bool, bool]:
    """Whether chunks may be at work at once, and whether it is an undo."""
    batch = session.get_one(Batch, _key(work))
    return bulk.may_run_ahead(batch), batch.state == BatchState.UNDOING


def _action(session: Session, work: Work) -> str:
    return session.get_one(Batch, _key(work)).action


def _key(work: Work) -> tuple[uuid.UUID, uuid.UUID]:
    assert work.claim.batch_id is not None, "a task of this step has a batch"  # noqa: S101
    return work.claim.workspace_id, work.claim.batch_id
