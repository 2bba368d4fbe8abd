"""What pages and API share about merges: doing and undoing them, and telling open pages."""

import uuid
from collections.abc import Callable, Sequence
from typing import TypeVar

from flask import g

from jobs import live
from lectern import duplicates
from lectern.courses import changed
from lectern.database import retry
from lectern.models import Merge
from web.extensions import db, settings

T = TypeVar("T")


def merge(keep: uuid.UUID, others: Sequence[uuid.UUID]) -> Merge:
    """Merge in the caller's transaction."""
    return duplicates.merge(db.session(), g.principal, keep, others, days=settings().trash_days)


def insist(change: Callable[[], T]) -> T:
    """Do it, begun anew where another's commit crossed it."""
    return retry.insist(change, db.session().rollback)


def publish(row: Merge, event: live.Event) -> None:
    """After the commit: the merged files are `removed` or `added`, whatever else has changed."""
    merged = {part.asset_id for part in row.merged}
    for asset_id in merged:
        live.publish(row.workspace_id, event, asset_id)
    for asset_id in (changed.take(db.session()) | {row.kept_id}) - merged:
        live.publish(row.workspace_id, live.CHANGED, asset_id)
