"""Trying failed steps again, when a person asks for it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, or_, update
from sqlalchemy.orm import Session

from lectern.library import assets
from lectern.models import Asset, Task, TaskState
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.pipeline import registry, segments

# A step that waits for others' work begins by itself; one that waits for a thing is told to look.
# Parts of a step begin again with it.
AGAIN = Task.step.not_in(registry.UNLISTED) & or_(
    Task.state.in_([TaskState.FAILED, TaskState.CANCELLED]),
    (Task.state == TaskState.WAITING) & Task.awaits.not_in([*registry.RULES, segments.AWAITS]),
)

# All attempts are there again.
FRESH: Mapping[str, Any] = {
    "state": TaskState.QUEUED,
    "attempts": 0,
    "deaths": 0,
    "progress": 0,
    "reason": None,
    "log": None,
    "awaits": None,
    "run_at": func.clock_timestamp(),
    "finished_at": None,
}


def try_again(session: Session, principal: Principal, asset: Asset) -> int:
    """Queue the asset's failed, cancelled and stuck steps once more; returns how many.

    The caller enqueues them after the commit.
    """
    require(principal, Action.EDIT, asset)
    again = session.scalars(
        update(Task)
        .where(
            Task.workspace_id == asset.workspace_id,
            Task.asset_id == asset.id,
            AGAIN,
        )
        .values(**FRESH)
        .returning(Task.step)
        .execution_options(synchronize_session=False)
    ).all()
    if again:
        assets.settle(session, asset.workspace_id, asset.id)
        details = {"steps": sorted(again)}
        audit.record(session, principal, "asset.retry", "asset", asset.id, details)
    return len(again)
