"""Batches: begun, undone, and asked for."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, text, update
from sqlalchemy.orm import Session

from lectern.bulk import registry, runner, targets
from lectern.bulk.preview import MOST_REFUSALS, Refusal, checked
from lectern.bulk.runner import News
from lectern.bulk.targets import Targets
from lectern.database.scope import scoped
from lectern.errors import Conflict, NotFound
from lectern.models import Asset, Batch, BatchItem, BatchState, ItemState, Task, TaskState
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step
from lectern.settings import Settings

# So many are changed while the caller waits; more are a worker's.
AT_ONCE = 200
# For so long a batch can be undone.
KEPT = "30 days"
_RUNNING = (BatchState.QUEUED, BatchState.RUNNING)


@dataclass(frozen=True)
class Started:
    """A batch that is over (`task` is None) or whose task is to be enqueued after the commit."""

    batch: Batch
    news: News
    task: Task | None


def start(
    session: Session,
    principal: Principal,
    action: object,
    args: Mapping[str, Any],
    chosen: Targets,
    *,
    settings: Settings,
) -> Started:
    """Change all the chosen assets: a few now, many as a worker's task.

    What a query or selection holds is decided here and written down, so that what matches later
    is not touched. Each asset is judged when its turn comes.

    Raises:
        Invalid: the action, an argument or the choice makes no sense; nothing was changed.
        Forbidden: the role does not allow it for any file.
    """
    kind, known = checked(session, principal, action, args, chosen, settings, dry=False)
    batch = Batch(
        workspace_id=principal.workspace_id,
        action=next(name for name, each in registry.KINDS.items() if each is kind),
        args=known,
        created_by=principal.user_id,
        total=0,
        refused=0,
        **_asker(principal),
    )
    session.add(batch)
    session.flush()
    targets.fill(session, principal, batch, chosen)
    session.flush()
    return _go(session, batch, Step.BATCH)


def undo(session: Session, principal: Principal, batch_id: uuid.UUID) -> Started:
    """Give every asset of a batch back what it had, except where somebody changed that since.

    Raises:
        NotFound: no such batch.
        Conflict: it still runs, was undone already, or cannot be undone.
        Forbidden: the role does not allow it for any file.
    """
    get(session, principal, batch_id)
    batch = runner.hold(session, principal.workspace_id, batch_id)
    right = registry.named(batch.action).undo_right
    if right is None:
        raise Conflict("Retrying steps cannot be undone.")
    require(principal, right)
    if batch.state in _RUNNING:
        raise Conflict("This change is still in progress. Undo it when it has finished.")
    again = batch.state == BatchState.FAILED and batch.undone_by is not None
    if batch.undone_by is not None and not again:
        raise Conflict("This change has already been undone.")
    if not batch.undoable:
        raise Conflict(
            "This change was made more than %(kept)s ago and cannot be undone.", kept=KEPT
        )
    batch.state, batch.reason, batch.finished_at = BatchState.UNDOING, None, None
    batch.undone_by = principal.user_id
    batch.at = batch.at if again else 0
    for name, value in _asker(principal).items():
        setattr(batch, name, value)
    session.flush()
    return _go(session, batch, Step.UNDO)


def get(session: Session, principal: Principal, batch_id: uuid.UUID) -> Batch:
    """A batch of the workspace as it is now, whoever made it.

    Raises:
        NotFound: there is none.
    """
    require(principal, Action.SEE)
    batch = session.get(Batch, (principal.workspace_id, batch_id), populate_existing=True)
    # Exports and imports are batches too, with pages of their own.
    if batch is None or batch.action not in registry.KINDS:
        raise NotFound("Bulk change not found.")
    return batch


def recent(session: Session, principal: Principal, limit: int = 50) -> list[Batch]:
    """The workspace's newest batches."""
    require(principal, Action.SEE)
    query = (
        scoped(Batch, principal)
        .where(Batch.action.in_(registry.KINDS))
        .order_by(Batch.created_at.desc(), Batch.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def can_undo(batch: Batch) -> bool:
    """Whether an undo would be more than a refusal; rights are asked when it begins."""
    ended = batch.state in (BatchState.DONE, BatchState.FAILED) and batch.undone_by is None
    return ended and batch.undoable and batch.done > 0 and _undo_right(batch) is not None


def told(
    session: Session, batch: Batch, state: ItemState = ItemState.REFUSED, limit: int = MOST_REFUSALS
) -> list[Refusal]:
    """The first items that were refused (or `kept` by the undo), in order, with the reasons."""
    if not (batch.kept if state is ItemState.KEPT else batch.refused):
        return []
    query = (
        scoped(BatchItem, batch, BatchItem.asset_id, Asset.name, BatchItem.reason)
        .outerjoin(
            Asset,
            (Asset.workspace_id == BatchItem.workspace_id) & (Asset.id == BatchItem.asset_id),
        )
        .where(BatchItem.batch_id == batch.id, BatchItem.state == state)
        .order_by(BatchItem.position)
        .limit(limit)
    )
    return [Refusal(each, name, reason or "") for each, name, reason in session.execute(query)]


def forget_old(session: Session) -> None:
    """Drop the items of batches too old to be undone; how many there were stays."""
    old = func.clock_timestamp() - text(f"interval '{KEPT}'")
    forgotten = session.execute(
        update(Batch)
        .where(Batch.finished_at < old, Batch.undoable)
        .values(undoable=False)
        .returning(Batch.workspace_id, Batch.id)
        .execution_options(synchronize_session=False)
    )
    for workspace_id, batch_id in forgotten.all():
        mine = (BatchItem.workspace_id == workspace_id, BatchItem.batch_id == batch_id)
        session.execute(delete(BatchItem).where(*mine))


def _asker(principal: Principal) -> dict[str, Any]:
    scopes = None if principal.scopes is None else sorted(principal.scopes)
    return {"asked_by": principal.user_id, "scopes": scopes}


def _go(session: Session, batch: Batch, step: Step) -> Started:
    key = (batch.workspace_id, batch.id)
    if batch.total <= AT_ONCE:
        progress = runner.advance(session, *key, most=AT_ONCE)
        runner.finish(session, *key)
        session.refresh(batch)
        return Started(batch, progress.news, None)
    task = tasks.add(session, batch.workspace_id, step, batch_id=batch.id)
    if task.state == TaskState.FAILED:
        tasks.begin_again(session, task)
    return Started(batch, News(*key), task)


def _undo_right(batch: Batch) -> Action | None:
    return registry.named(batch.action).undo_right
