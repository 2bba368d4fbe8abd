"""How far files are: the steps of one asset, those of the whole workspace, stopping and resuming.

An estimate is the time a step has taken, by the share it has done: nothing else is promised. A
step whose segments are with other workers is running, and as far as they are.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, case, func, select, update
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.errors import Conflict
from lectern.library import assets, retries
from lectern.models import Asset, Task, TaskState, Version
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.pipeline import registry, segments
from lectern.pipeline.registry import Step

# Below these an estimate would only be a guess.
LEAST_SHARE, LEAST_S = 0.03, 3.0
MOST_LISTED = 50
ENDED_WELL = (TaskState.DONE, TaskState.SKIPPED)
OPEN = (TaskState.WAITING, TaskState.QUEUED, TaskState.RUNNING)


@dataclass(frozen=True)
class StepLine:
    """One step of one version. `percent` is 0 to 100, `left_s` the estimate in seconds or None.

    `segments` says how many are done, of how many, where workers share them. `log` is what a
    failed attempt left for whoever runs the server.
    """

    workspace_id: uuid.UUID
    asset_id: uuid.UUID
    asset_name: str
    created_by: uuid.UUID | None
    version: int
    step: str
    state: str
    awaits: str | None
    percent: int
    left_s: float | None
    reason: str | None
    log: str | None
    since: datetime
    segments: tuple[int, int] | None = None

    @property
    def stoppable(self) -> bool:
        """True while it may be cancelled."""
        step = registry.find(self.step)
        return self.state in OPEN and step is not None and step.retryable

    @property
    def resumable(self) -> bool:
        """True when a person may have it tried again."""
        step = registry.find(self.step)
        waits_for_step = self.state == TaskState.WAITING and self.awaits in registry.RULES
        again = (TaskState.FAILED, TaskState.CANCELLED, TaskState.WAITING)
        retryable = step is not None and step.retryable
        return retryable and self.state in again and not waits_for_step


class Listed(NamedTuple):
    """Up to `MOST_LISTED` steps in some state, and how many there are of them."""

    lines: Sequence[StepLine]
    all: int


@dataclass(frozen=True)
class Overview:
    """What goes on in a workspace. `queued` counts tasks by step."""

    running: Listed
    queued: dict[str, int]
    waiting: Listed
    failed: Listed


def steps_of(session: Session, principal: Principal, asset: Asset) -> list[StepLine]:
    """The steps of the version that is on its way, or else of the current one, in their order."""
    require(principal, Action.SEE, asset)
    newest = (
        scoped(Task, asset, Task.version_id)
        .where(Task.asset_id == asset.id)
        .order_by(Task.version_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = _lines(asset.workspace_id).where(Task.version_id == newest)
    found = {line.step: line for line in map(_line, session.execute(query))}
    return [found[step] for step in registry.RULES if step in found]


def overview(session: Session, principal: Principal) -> Overview:
    """Everything that is not done, of the principal's workspace."""
    require(principal, Action.SEE)
    mine = _lines(principal.workspace_id)

    def some(which: ColumnElement[bool], order: Any) -> Listed:
        found = mine.where(which, Asset.live)
        lines = [_line(row) for row in session.execute(found.order_by(order).limit(MOST_LISTED))]
        if len(lines) < MOST_LISTED:
            return Listed(lines, len(lines))
        counted = found.with_only_columns(func.count(), maintain_column_froms=True)
        return Listed(lines, session.scalar(counted) or 0)

    by_itself = [*registry.RULES, segments.AWAITS]
    stuck = (Task.state == TaskState.WAITING) & Task.awaits.not_in(by_itself)
    counts = session.execute(
        scoped(Task, principal, Task.step, func.count())
        .where(
            Task.state == TaskState.QUEUED,
            Task.asset_id.is_not(None),
            Task.step.not_in(registry.UNLISTED),
        )
        .group_by(Task.step)
    )
    return Overview(
        running=some((Task.state == TaskState.RUNNING) | _SHARED, Task.started_at),
        queued={step: count for step, count in counts},
        waiting=some(stuck, Task.created_at.desc()),
        failed=some(Task.state == TaskState.FAILED, Task.finished_at.desc()),
    )


def cancel(session: Session, principal: Principal, asset: Asset, step: Step) -> int:
    """Stop a step of the asset; returns how many tasks stopped.

    A worker at it loses its lease and stops within seconds; what it made is not kept. Without an
    essential step the file does not become ready, until `again`.

    Raises:
        Conflict: it is a step that no version goes through.
    """
    require(principal, Action.EDIT, asset)
    if not step.retryable:
        raise Conflict("This step cannot be stopped.")
    if step is Step.HLS:
        segments.hold_all(session, asset)
    both = [step, Step.HLS_PART] if step is Step.HLS else [step]
    stopped = _change(
        session,
        asset,
        [Task.step.in_(both), Task.state.in_(OPEN)],
        state=TaskState.CANCELLED,
        # Whoever works on it finds the lease gone.
        fence=Task.fence + 1,
        lease_until=None,
        awaits=None,
        reason=None,
        finished_at=func.clock_timestamp(),
    )
    if stopped:
        assets.settle(session, asset.workspace_id, asset.id)
        audit.record(session, principal, "asset.cancel", "asset", asset.id, {"steps": [step]})
    return stopped


def again(session: Session, principal: Principal, asset: Asset, step: Step) -> int:
    """Queue a failed, cancelled or stuck step again; the caller enqueues it after the commit."""
    require(principal, Action.EDIT, asset)
    queued = _change(
        session,
        asset,
        [Task.step == step, retries.AGAIN],
        **retries.FRESH,
    )
    if queued:
        assets.settle(session, asset.workspace_id, asset.id)
        audit.record(session, principal, "asset.retry", "asset", asset.id, {"steps": [step]})
    return queued


def write_log(session: Session, task_id: uuid.UUID, workspace_id: uuid.UUID, text: str) -> None:
    """Keep what a failed attempt has to say to whoever runs the server."""
    session.execute(
        update(Task)
        .where(Task.workspace_id == workspace_id, Task.id == task_id)
        .values(log=text)
        .execution_options(synchronize_session=False)
    )


def _change(
    session: Session, asset: Asset, which: Sequence[ColumnElement[bool]], **values: Any
) -> int:
    changed = session.scalars(
        update(Task)
        .where(Task.workspace_id == asset.workspace_id, Task.asset_id == asset.id, *which)
        .values(**values)
        .returning(Task.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(changed)


_OF_TASK = (Asset.workspace_id == Task.workspace_id) & (Asset.id == Task.asset_id)
_OF_VERSION = (Version.workspace_id == Task.workspace_id) & (Version.id == Task.version_id)


_SHARED = (Task.state == TaskState.WAITING) & (Task.awaits == segments.AWAITS)


def _lines(workspace_id: uuid.UUID) -> Select[*tuple[Any, ...]]:
    elapsed = func.extract("epoch", func.clock_timestamp() - Task.started_at)
    return (
        select(
            Task.workspace_id,
            Task.asset_id,
            Asset.name.label("asset_name"),
            Asset.created_by,
            Version.number.label("version"),
            Task.step,
            Task.state,
            Task.awaits,
            Task.progress,
            elapsed.label("elapsed"),
            Task.reason,
            Task.log,
            func.coalesce(Task.finished_at, Task.started_at, Task.created_at).label("since"),
            case((_SHARED, segments.counted(Task))).label("counted"),
        )
        .join(Asset, _OF_TASK)
        .join(Version, _OF_VERSION)
        .where(Task.workspace_id == workspace_id, Task.step.not_in(registry.UNLISTED))
    )


def _line(row: Row[Any]) -> StepLine:
    values = row._asdict()
    share, elapsed = values.pop("progress"), values.pop("elapsed")
    counted = values.pop("counted")
    if counted:
        done, of, encoded = counted
        share = segments.share(encoded / of)
        values |= {"state": TaskState.RUNNING, "reason": None, "segments": (round(done), of)}
    percent = 100 if row.state == TaskState.DONE else round(share * 100)
    line = StepLine(**values, percent=percent, left_s=None)
    if line.state == TaskState.RUNNING and share >= LEAST_SHARE and float(elapsed) >= LEAST_S:
        return replace(line, left_s=float(elapsed) * (1 - share) / share)
    return line
