"""Trying again the steps that failed or never ended, for many assets at once."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, any_, func, select, text, update
from sqlalchemy.orm import Session

from lectern.bulk import rows as chunk
from lectern.bulk.action import BulkAction
from lectern.bulk.rows import Done, Row
from lectern.library import retries
from lectern.models import Task, TaskState
from lectern.people.principal import Principal
from lectern.people.rights import Action
from lectern.pipeline import registry
from lectern.pipeline.due import Due

# What `lectern.library.assets.settle` derives for one asset.
_SETTLE = text("""
    UPDATE asset a SET lock_version = a.lock_version + 1, state = CASE
        WHEN 'failed' = ANY (t.states) THEN 'failed'
        WHEN t.states <@ '{done,skipped}'::text[] THEN 'ready'
        ELSE 'processing' END
    FROM (SELECT version_id, array_agg(state) AS states FROM task
        WHERE workspace_id = :workspace_id AND asset_id = ANY (CAST(:assets AS uuid[]))
            AND step = ANY (CAST(:essential AS text[]))
        GROUP BY version_id) AS t
    WHERE a.workspace_id = :workspace_id AND a.id = ANY (CAST(:assets AS uuid[]))
        AND a.current_version_id = t.version_id""")


class Process(BulkAction):
    """Queues failed steps once more with all their attempts, and those that wait at once."""

    right, undo_right = Action.EDIT, None

    def __init__(self, session: Session, principal: Principal, args: Mapping[str, Any]) -> None:
        super().__init__(session, principal, args)
        self._open: set[uuid.UUID | None] = set()

    def look(self, rows: Sequence[Row]) -> None:
        """Which assets have such steps."""
        query = select(Task.asset_id).where(*self._again(rows)).distinct()
        self._open = set(self.session.scalars(query))

    def changes(self, row: Row) -> bool:
        """See `BulkAction.changes`."""
        return row.id in self._open

    def apply(self, rows: Sequence[Row]) -> list[Done]:
        """See `BulkAction.apply`."""
        again = self.session.execute(
            update(Task)
            .where(*self._again(rows))
            .values(**retries.FRESH)
            .returning(Task.asset_id, Task.step, Task.id, Task.queue, Task.fence)
            .execution_options(synchronize_session=False)
        ).all()
        values = {
            "workspace_id": self.workspace_id,
            "assets": chunk.array_of(row.id for row in rows),
            "essential": list(registry.ESSENTIAL),
        }
        self.session.execute(_SETTLE, values)
        self.due = [Due(self.workspace_id, row.id, row.queue, row.fence, row.step) for row in again]
        steps: dict[uuid.UUID | None, list[str]] = defaultdict(list)
        for asset_id, step, *_ in again:
            steps[asset_id].append(step)
        # A step that somebody else tried again at the same moment is not in `steps`.
        return [
            Done(row, {}, "asset.retry", {"steps": sorted(steps[row.id])})
            for row in rows
            if row.id in steps
        ]

    def _again(self, rows: Sequence[Row]) -> list[ColumnElement[bool]]:
        return [
            Task.workspace_id == self.workspace_id,
            Task.asset_id == any_(chunk.ids(row.id for row in rows)),
            retries.AGAIN
            | ((Task.state == TaskState.QUEUED) & (Task.run_at > func.clock_timestamp())),
        ]
