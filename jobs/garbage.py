"""Emptying the trash when its time has come, and deleting bytes that nothing names any more."""

import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from sqlalchemy import NullPool, create_engine, func, select
from sqlalchemy.orm import Session

from jobs import live
from jobs.process import Process
from lectern.database import retry
from lectern.database.sessions import SessionLocal, driver_url, unit_of_work
from lectern.errors import StorageAway
from lectern.integrity import garbage, purging
from lectern.integrity.garbage import DeletableBlob
from lectern.models import Collection
from lectern.settings import Settings

Transaction = Callable[[], AbstractContextManager[Session]]

log = logging.getLogger(__name__)

# One collector at a time, whichever process; the number means nothing else.
LOCK = 0x4C454347
# Longer than any put takes; a bucket goes on with an interrupted one until then.
UNFINISHED_S = 7 * 24 * 3600.0


def empty_trash() -> None:
    """Purge what has lain in the trash for long enough, each in a transaction of its own."""
    with unit_of_work() as session:
        due = purging.due(session)
    for workspace_id, asset_id in due:
        if retry.retry_on_conflict(partial(_purge, workspace_id, asset_id)):
            live.publish(workspace_id, live.REMOVED, asset_id)


def collect(this: Process) -> None:
    """One round for every workspace that had none for a day."""
    with unit_of_work() as session:
        due = garbage.due(session)
    if not due:
        return
    with alone() as first:
        if first:
            for workspace_id in due:
                round_of(this, workspace_id)
            clear_unfinished(this)


def clear_unfinished(this: Process) -> None:
    """Remove what processes left that ended while they stored a file."""
    try:
        cleared = this.storage.clear_unfinished(UNFINISHED_S)
    except StorageAway as error:
        log.warning("unfinished files stay for now: %s", error)
    else:
        if cleared:
            log.warning("%d unfinished files were removed from storage", cleared)


@contextmanager
def alone() -> Iterator[bool]:
    """False while another process collects; nobody else begins to as long as the block lasts."""
    with SessionLocal() as guard, guard.begin():
        yield bool(guard.scalar(select(func.pg_try_advisory_xact_lock(LOCK))))


def round_of(this: Process, workspace_id: uuid.UUID, *, agreed: bool = False) -> Collection:
    """Condemn and delete what may go; `agreed` is an operator's yes to an unusually large round."""
    with unit_of_work() as session:
        stopped = garbage.refusal(session, workspace_id)
    condemned = 0
    deleted: Sequence[DeletableBlob] = ()
    with _collector(this.settings) as transaction:
        if stopped is None:
            with transaction() as session:
                condemned = garbage.mark_for_deletion(session, workspace_id)
                stopped = None if agreed else garbage.excess(session, workspace_id)
        if stopped is None:
            deleted = _delete(this, workspace_id, transaction)
        else:
            log.warning("nothing was deleted in workspace %s: %s", workspace_id, stopped)
        with transaction() as session:
            return garbage.note(
                session, workspace_id, condemned=condemned, deleted=deleted, stopped=stopped
            )


@contextmanager
def _collector(settings: Settings) -> Iterator[Transaction]:
    """Transactions of the role that may delete and little else, where there is one."""
    if not settings.gc_database_url:
        yield unit_of_work
        return
    engine = create_engine(driver_url(settings.gc_database_url), poolclass=NullPool)

    @contextmanager
    def transaction() -> Iterator[Session]:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session

    try:
        yield transaction
    finally:
        engine.dispose()


def _purge(workspace_id: uuid.UUID, asset_id: uuid.UUID) -> bool:
    with unit_of_work() as session:
        return purging.purge_due(session, workspace_id, asset_id)


def _delete(
    this: Process, workspace_id: uuid.UUID, transaction: Transaction
) -> Sequence[DeletableBlob]:
    """Delete bytes in batches; a crash leaves rows that the next round finishes."""
    gone: list[DeletableBlob] = []
    with transaction() as session:
        blobs = garbage.unfinished(session, workspace_id)
    while True:
        for each in blobs:
            this.storage.delete(each.key)
            with transaction() as session:
                garbage.forget(session, workspace_id, each.id)
        gone += blobs
        with transaction() as session:
            blobs = garbage.begin_deletion(session, workspace_id)
        if not blobs:
            return gone
