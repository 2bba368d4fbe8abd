"""The check of a complete upload, stopped by a person and begun again; its bytes stay meanwhile."""

import uuid
from collections.abc import Iterable

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.models import Task, TaskState, Upload
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step

_OPEN = (TaskState.WAITING, TaskState.QUEUED, TaskState.RUNNING)
# An upload is checked, and nobody does it because somebody has stopped it.
STOPPED: ColumnElement[bool] = exists().where(
    Task.workspace_id == Upload.workspace_id,
    Task.upload_id == Upload.id,
    Task.step == Step.PROBE,
    Task.state == TaskState.CANCELLED,
)


def stop(session: Session, upload: Upload) -> bool:
    """Stop checking the upload; False when the check has ended, or had been stopped.

    A worker at it loses its lease, and nothing that it found out is kept. What was uploaded stays
    as long as an unfinished upload does.
    """
    stopped = session.scalar(
        update(Task)
        .where(*_probe(upload), Task.state.in_(_OPEN))
        .values(
            state=TaskState.CANCELLED,
            fence=Task.fence + 1,
            lease_until=None,
            reason=None,
            finished_at=func.clock_timestamp(),
        )
        .returning(Task.id)
        .execution_options(synchronize_session=False)
    )
    return stopped is not None


def start_again(session: Session, upload: Upload) -> bool:
    """Queue a stopped check again; the caller wakes a worker after its commit."""
    task = session.scalar(
        select(Task)
        .where(*_probe(upload), Task.state == TaskState.CANCELLED)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if task is None:
        return False
    tasks.begin_again(session, task)
    return True


def stopped_among(
    session: Session, workspace_id: uuid.UUID, uploads: Iterable[Upload]
) -> set[uuid.UUID]:
    """The ids of those whose check was stopped."""
    ids = [upload.id for upload in uploads]
    return set(
        session.scalars(scoped(Upload, workspace_id, Upload.id).where(Upload.id.in_(ids), STOPPED))
    )


def _probe(upload: Upload) -> list[ColumnElement[bool]]:
    return [
        Task.workspace_id == upload.workspace_id,
        Task.upload_id == upload.id,
        Task.step == Step.PROBE,
    ]
