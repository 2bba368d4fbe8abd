"""Emptying the trash when its time has come, and deleting bytes that nothing names any more."""

import logging
import uuid
from collections.abc import Sequence
from functools import partial

from sqlalchemy import func, select

from jobs import broker
from jobs.process import Process
from lectern.db import SessionLocal, unit_of_work
from lectern.library import collecting, purging
from lectern.library.bulk import contention
from lectern.library.collecting import Doomed

log = logging.getLogger(__name__)

# One collector at a time, whichever process; the number means nothing else.
LOCK = 0x4C454347


def empty_trash() -> None:
    """Purge what has lain in the trash for long enough, each in a transaction of its own."""
    with unit_of_work() as session:
        due = purging.due(session)
    for workspace_id, asset_id in due:
        if contention.insist(partial(_purge, workspace_id, asset_id)):
            broker.publish(workspace_id, asset_id=asset_id, event="removed")


def collect(this: Process) -> None:
    """One round for every workspace that had none for a day."""
    with unit_of_work() as session:
        due = collecting.due(session)
    if not due:
        return
    with SessionLocal() as guard, guard.begin():
        if guard.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
            for workspace_id in due:
                round_of(this, workspace_id)


def round_of(this: Process, workspace_id: uuid.UUID, *, agreed: bool = False) -> None:
    """Condemn and delete what may go; `agreed` is an operator's yes to an unusually large round."""
    with unit_of_work() as session:
        stopped = collecting.refusal(session, workspace_id)
    condemned = 0
    deleted: Sequence[Doomed] = ()
    if stopped is None:
        with unit_of_work() as session:
            condemned = collecting.condemn(session, workspace_id)
            stopped = None if agreed else collecting.excess(session, workspace_id)
    if stopped is None:
        deleted = _delete(this, workspace_id)
    else:
        log.warning("nothing was deleted in workspace %s: %s", workspace_id, stopped)
    with unit_of_work() as session:
        collecting.note(
            session, workspace_id, condemned=condemned, deleted=deleted, stopped=stopped
        )


def _purge(workspace_id: uuid.UUID, asset_id: uuid.UUID) -> bool:
    with unit_of_work() as session:
        return purging.purge_due(session, workspace_id, asset_id)


def _delete(this: Process, workspace_id: uuid.UUID) -> Sequence[Doomed]:
    """Delete bytes in batches; a crash leaves rows that the next round finishes."""
    gone: list[Doomed] = []
    with unit_of_work() as session:
        doomed = collecting.unfinished(session, workspace_id)
    while True:
        for each in doomed:
            this.storage.delete(each.key)
            with unit_of_work() as session:
                collecting.forget(session, workspace_id, each.id)
        gone += doomed
        with unit_of_work() as session:
            doomed = collecting.doom(session, workspace_id)
        if not doomed:
            return gone
