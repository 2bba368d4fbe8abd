"""Exports and imports that a worker does for a browser or a program, and the archives they have.

An archive lies in a folder of its own below the data folder, named by the batch.
"""

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from lectern.errors import Conflict, Gone, Message, NotFound
from lectern.exchange import undo
from lectern.exchange.imports import recording
from lectern.exchange.imports.recording import EXPORT, IMPORT, NO_BATCH
from lectern.exchange.imports.report import Report
from lectern.models import Batch, BatchState, ExchangeFile, ImportItem, Task, TaskState
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step
from lectern.settings import Settings
from lectern.text import file_name

# For so long an export can be fetched, and an import that was looked at be begun.
KEPT = "24 hours"
EXPIRED = Message("This archive expired after 24 hours and has been deleted.")
NOT_YET = Message("This export is still being made.")
BEGUN = Message("This import has already been started.")
# As many lists of what an import changes hold at most when they are kept or sent.
MOST_SHOWN = 200


def path_of(settings: Settings, batch_id: uuid.UUID) -> Path:
    """Where the archive of a batch is."""
    return settings.data / "exchange" / f"{batch_id.hex}.zip"


def start_export(
    session: Session, principal: Principal, *, with_files: bool = False
) -> tuple[Batch, Task]:
    """Have everything written into one archive; the caller commits and enqueues it.

    Raises:
        Forbidden: the principal is no owner.
    """
    batch = recording.begin(session, principal, EXPORT, {"with_files": with_files})
    _keep(session, batch, name="lectern-export.zip")
    return batch, _task(session, batch, Step.BATCH)


def keep_import(
    session: Session,
    principal: Principal,
    batch_id: uuid.UUID,
    name: str,
    size: int,
    report: Mapping[str, Any],
) -> Batch:
    """Remember an archive that lies at `path_of(batch_id)` and what it would change.

    Nothing is changed before `start_import`.
    """
    shown = file_name(name)
    batch = recording.begin(session, principal, IMPORT, {"file": shown}, batch_id)
    _keep(session, batch, name=shown, byte_size=size, report=dict(report))
    return batch


def start_import(session: Session, principal: Principal, batch_id: uuid.UUID) -> tuple[Batch, Task]:
    """Have the import done; the caller commits and enqueues it.

    Raises:
        NotFound: no such import. Conflict: it was begun. Gone: its archive was kept too long.
    """
    batch = recording.get(session, principal, batch_id, IMPORT, lock=True)
    if "file" not in batch.args or batch.state != BatchState.QUEUED or _begun(session, batch):
        raise Conflict(BEGUN)
    if archive_of(session, batch) is None:
        raise Gone(EXPIRED)
    batch.asked_by = principal.user_id
    return batch, _task(session, batch, Step.BATCH)


def start_undo(session: Session, principal: Principal, batch_id: uuid.UUID) -> tuple[Batch, Task]:
    """Have an import undone; see `undoing.begin` for what it raises."""
    batch = undo.begin(session, principal, batch_id)
    return batch, _task(session, batch, Step.UNDO)


def discard(session: Session, principal: Principal, batch_id: uuid.UUID) -> None:
    """Forget an import that was only looked at; the caller deletes the archive after its commit.

    Raises:
        NotFound: no such import. Conflict: it was begun.
    """
    batch = recording.get(session, principal, batch_id, IMPORT, lock=True)
    if batch.state != BatchState.QUEUED or _begun(session, batch):
        raise Conflict(BEGUN)
    session.delete(batch)
    session.flush()


def recent(session: Session, principal: Principal, limit: int = 30) -> list[Batch]:
    """The newest exports and imports of the workspace."""
    require(principal, Action.EXCHANGE)
    query = (
        select(Batch)
        .where(Batch.workspace_id == principal.workspace_id, Batch.action.in_([EXPORT, IMPORT]))
        .order_by(Batch.created_at.desc(), Batch.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query.execution_options(populate_existing=True)))


def archive_of(session: Session, batch: Batch) -> ExchangeFile | None:
    """What is known of the batch's archive while it is kept."""
    key = (batch.workspace_id, batch.id)
    kept = session.get(ExchangeFile, key, populate_existing=True)
    if kept is None or session.scalar(select(kept.expires_at <= func.clock_timestamp())):
        return None
    return kept


def fetch(session: Session, principal: Principal, batch_id: uuid.UUID) -> ExchangeFile:
    """The archive of a finished export, for whoever had it made.

    Raises:
        NotFound: no such export of this principal. Conflict: it is still being made.
        Gone: it was kept too long.
    """
    batch = recording.get(session, principal, batch_id, EXPORT)
    if batch.created_by != principal.user_id:
        raise NotFound(NO_BATCH)
    if batch.state != BatchState.DONE:
        raise Conflict(batch.reason or NOT_YET)
    kept = archive_of(session, batch)
    if kept is None:
        raise Gone(EXPIRED)
    return kept


def share_of(session: Session, batch: Batch) -> float:
    """How far it is, 0.0 to 1.0."""
    if batch.state not in (BatchState.QUEUED, BatchState.RUNNING, BatchState.UNDOING):
        return 1.0
    step = Step.UNDO if batch.state == BatchState.UNDOING else Step.BATCH
    query = select(Task.progress).filter_by(
        workspace_id=batch.workspace_id, batch_id=batch.id, step=step
    )
    return session.scalar(query) or 0.0


def waits(session: Session, batch: Batch) -> bool:
    """True for an import that was looked at and not begun."""
    queued = batch.action == IMPORT and batch.state == BatchState.QUEUED
    return queued and not _begun(session, batch)


def expire(session: Session) -> list[uuid.UUID]:
    """Forget archives whose time is over; returns the batches whose file the caller deletes."""
    due = session.scalars(
        select(ExchangeFile).where(ExchangeFile.expires_at <= func.clock_timestamp())
    ).all()
    gone = []
    for kept in due:
        batch = session.get_one(Batch, (kept.workspace_id, kept.batch_id))
        if batch.state == BatchState.RUNNING or (
            batch.state == BatchState.QUEUED and _begun(session, batch)
        ):
            continue
        gone.append(batch.id)
        session.delete(batch if batch.state == BatchState.QUEUED else kept)
    session.flush()
    return gone


def forget_items(session: Session) -> None:
    """Drop what undos of imports need where it is too late for one."""
    held = (ImportItem.workspace_id == Batch.workspace_id) & (ImportItem.batch_id == Batch.id)
    late = session.execute(
        select(Batch.workspace_id, Batch.id).where(
            Batch.action == IMPORT, Batch.undoable.is_(False), select(1).where(held).exists()
        )
    )
    for workspace_id, batch_id in late.all():
        mine = (ImportItem.workspace_id == workspace_id, ImportItem.batch_id == batch_id)
        session.execute(delete(ImportItem).where(*mine))


def is_kept(session: Session, batch_id: uuid.UUID) -> bool:
    """Whether a row names the archive of this batch; asks for no workspace, it tells nothing."""
    return bool(session.scalar(select(select(1).where(ExchangeFile.batch_id == batch_id).exists())))


def told(report: Report) -> dict[str, Any]:
    """A report as JSON; of long lists the beginning."""
    return {
        "added": dict(report.added),
        "changed": dict(report.changed),
        "same": dict(report.same),
        "left": dict(report.left),
        "without_bytes": report.without_bytes,
        "changes": [
            {
                "file": each.file,
                "id": str(each.id),
                "name": each.name,
                "fields": _fields(each.fields),
            }
            for each in report.changes[:MOST_SHOWN]
        ],
        "left_out": [
            {"file": each.file, "id": str(each.id), "name": each.name, "reason": each.reason}
            for each in report.left_out[:MOST_SHOWN]
        ],
    }


def _fields(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        name: {when: recording.as_json(value) for when, value in change.items()}
        for name, change in fields.items()
    }


def _keep(session: Session, batch: Batch, **values: Any) -> None:
    until = func.clock_timestamp() + text(f"interval '{KEPT}'")
    key = {"workspace_id": batch.workspace_id, "batch_id": batch.id}
    session.add(ExchangeFile(**key, expires_at=until, **values))
    session.flush()


def _task(session: Session, batch: Batch, step: Step) -> Task:
    task = tasks.add(session, batch.workspace_id, step, batch_id=batch.id)
    if task.state in (TaskState.DONE, TaskState.FAILED):
        tasks.begin_again(session, task)
    return task


def _begun(session: Session, batch: Batch) -> bool:
    query = select(Task.id).filter_by(
        workspace_id=batch.workspace_id, batch_id=batch.id, step=Step.BATCH
    )
    return session.scalar(query) is not None
