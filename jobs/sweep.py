"""Putting right what crashes, flushes and lost entries leave behind; safe to run at any time."""

import logging
import shutil
import time
import uuid
from datetime import datetime
from pathlib import Path

from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, delete, func, select, text
from sqlalchemy.orm import Session

from jobs import endings, enqueue, garbage, live, periodic, process
from jobs.process import Process
from lectern import bulk
from lectern.database.sessions import SessionLocal, unit_of_work
from lectern.ingest import uploads
from lectern.models import IdempotentReply, Task, TaskState, Upload, UploadState
from lectern.people import rate_limits, sign_ins
from lectern.pipeline import due, leases, notices
from lectern.search import codes, selections

log = logging.getLogger(__name__)

# One sweeper at a time, whichever process; the number means nothing else.
LOCK = 0x4C454354
# docs/reliability.md#uploads: an idempotent reply is kept 48 h.
REPLIES_KEPT = "48 hours"
# A folder or file younger than this may belong to a transaction that is not visible yet.
YOUNG_S = 300.0


def once(this: Process) -> bool:
    """One round. False when another process is at it."""
    with SessionLocal() as guard, guard.begin():
        if not guard.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
            return False
        take_back()
        expire(this)
        forget()
        notify_due()
        periodic.switch_due()
        clear_spool(this)
        periodic.clear(this)
        garbage.empty_trash()
        garbage.collect(this)
        periodic.count_storage()
        periodic.keep_partitions()
        periodic.checksums.fill(this)
    clear_scratch(this)
    return True


def take_back() -> None:
    """Queue the tasks of vanished workers again; those that kill every worker fail."""
    with unit_of_work() as session:
        dead = [name for name in leases.busy_workers(session) if process.is_dead(name)]
        groups = [leases.take_from(session, dead), leases.sweep(session)]
        for _, failed in groups:
            for task in failed:
                endings.close(session, task, task.reason or leases.CRASHES)
    for again, failed in groups:
        for task in [*again, *failed]:
            log.warning("%s of task %s was taken back: now %s", task.step, task.id, task.state)
            live.publish_task(task)


def notify_due() -> None:
    """Enqueue every due task that no queue holds."""
    with unit_of_work() as session:
        tasks = due.everywhere(session)
    try:
        enqueue.notify_missing(tasks)
    except RedisError as error:
        log.warning("no worker was notified: %s", error)


def expire(this: Process) -> None:
    """End uploads that nobody went on with, and free their bytes."""
    with unit_of_work() as session:
        files = uploads.expire_due(session, this.settings)
    for file in files:
        file.unlink(missing_ok=True)


def forget() -> None:
    """Delete rows that have served: attempts, ended sessions, replies, selections, batch items."""
    with unit_of_work() as session:
        rate_limits.clear_old(session)
        codes.fold_deltas(session)
        sign_ins.clear_ended(session)
        selections.clear_old(session)
        bulk.forget_old(session)
        notices.forget_old(session)
        session.execute(
            delete(IdempotentReply).where(IdempotentReply.created_at < _ago(REPLIES_KEPT))
        )


def clear_spool(this: Process) -> None:
    """Delete spooled bytes whose upload has ended: a worker may die between commit and delete."""
    with unit_of_work() as session:
        for file in this.settings.spool.glob("*/*"):
            if _old(file) and not _wanted(session, file):
                file.unlink(missing_ok=True)


def clear_scratch(this: Process) -> None:
    """Delete the scratch folders of runs that are over, on this machine."""
    with unit_of_work() as session:
        for folder in this.settings.scratch.glob("*"):
            if _old(folder) and not _running(session, folder.name):
                shutil.rmtree(folder, ignore_errors=True)


def _wanted(session: Session, file: Path) -> bool:
    """True while somebody may go on with the upload, or look into why it failed."""
    try:
        key = (uuid.UUID(file.parent.name), uuid.UUID(file.name))
    except ValueError:
        return True
    upload = session.get(Upload, key)
    if upload is None:
        return False
    return upload.state in {UploadState.RECEIVING, UploadState.CHECKING, UploadState.FAILED}


def _running(session: Session, name: str) -> bool:
    task_id, _, fence = name.partition(".")
    try:
        run = (Task.id == uuid.UUID(task_id), Task.fence == int(fence))
    except ValueError:
        return True
    return session.scalar(select(Task.id).where(Task.state == TaskState.RUNNING, *run)) is not None


def _old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > YOUNG_S
    except FileNotFoundError:
        return False


def _ago(interval: str) -> ColumnElement[datetime]:
    return func.clock_timestamp() - text(f"interval '{interval}'")
