"""Notices: what a person should know of files of theirs, without watching them."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, select, text, update
from sqlalchemy.orm import Session, joinedload

from lectern.database.scope import scoped
from lectern.models import Notice, Task, TaskState, Version
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.pipeline import registry, segments
from lectern.pipeline.tasks import Claim

MOST_SHOWN = 30
# Who waits for less than this has seen it happen.
LONG = timedelta(minutes=2)
KEPT = "60 days"
# A step that waits for a thing, such as a model, may wait for ever; one that waits for others'
# work goes on by itself.
_GOING_ON = Task.state.in_([TaskState.QUEUED, TaskState.RUNNING]) | (
    (Task.state == TaskState.WAITING) & Task.awaits.in_([*registry.RULES, segments.AWAITS])
)


def latest(session: Session, principal: Principal) -> Sequence[Notice]:
    """The principal's newest notices, the newest first, read ones too, with their assets."""
    require(principal, Action.SEE)
    return session.scalars(
        select(Notice)
        .where(*_own(principal))
        .options(joinedload(Notice.asset))
        .order_by(Notice.created_at.desc(), Notice.id.desc())
        .limit(MOST_SHOWN)
    ).all()


def unread(session: Session, principal: Principal) -> int:
    """How many the principal has not read, `MOST_SHOWN` at most."""
    few = select(Notice.id).where(*_own(principal), Notice.read_at.is_(None)).limit(MOST_SHOWN)
    return session.scalar(select(func.count()).select_from(few.subquery())) or 0


def read_all(session: Session, principal: Principal) -> None:
    """Mark all of the principal's notices as read."""
    session.execute(
        update(Notice)
        .where(*_own(principal), Notice.read_at.is_(None))
        .values(read_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )


def tell_failed(session: Session, task: Claim | Task, reason: str) -> None:
    """Tell who made the version that one of its steps has failed."""
    _tell(session, task, "failed", {"step": str(task.step), "reason": reason})


def tell_done(session: Session, claim: Claim) -> bool:
    """Tell who made the version that its last step has ended, if that took long; True if told."""
    if claim.step not in registry.RULES:
        return False
    of_version = (
        Task.workspace_id == claim.workspace_id,
        Task.version_id == claim.version_id,
        Task.step.in_(list(registry.RULES)),
    )
    # Two last steps at once would each see the other still running, or both be last.
    session.execute(
        scoped(Version, claim, Version.id).where(Version.id == claim.version_id).with_for_update()
    )
    row = session.execute(
        select(
            func.count().filter(_GOING_ON).label("going"),
            func.count().filter(Task.state == TaskState.FAILED).label("failed"),
            (func.clock_timestamp() - func.min(Task.created_at) > LONG).label("long"),
        ).where(*of_version)
    ).one()
    if row.going or row.failed or not row.long:
        return False
    known = scoped(Notice, claim, Notice.id).where(
        Notice.asset_id == claim.asset_id, Notice.details["version"].astext == str(claim.version_id)
    )
    if session.scalar(select(known.exists())):
        return False
    return _tell(session, claim, "done", {"version": str(claim.version_id)})


def forget_old(session: Session) -> None:
    """Delete notices that have served."""
    session.execute(
        delete(Notice).where(
            Notice.created_at < func.clock_timestamp() - text(f"interval '{KEPT}'")
        )
    )


def _tell(session: Session, task: Claim | Task, kind: str, details: dict[str, str]) -> bool:
    if task.version_id is None:
        return False
    user_id: uuid.UUID | None = session.scalar(
        scoped(Version, task, Version.created_by).where(Version.id == task.version_id)
    )
    if user_id is None:
        return False
    session.add(
        Notice(
            workspace_id=task.workspace_id,
            user_id=user_id,
            kind=kind,
            asset_id=task.asset_id,
            details=details,
        )
    )
    session.flush()
    return True


def _own(principal: Principal) -> tuple[ColumnElement[bool], ...]:
    return (
        Notice.workspace_id == principal.workspace_id,
        Notice.user_id == principal.user_id,
    )
