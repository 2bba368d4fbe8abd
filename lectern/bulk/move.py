"""Moving many assets into one folder, or out of all folders."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import any_, select, text
from sqlalchemy.orm import Session

from lectern.bulk import rows as chunk
from lectern.bulk.action import BulkAction
from lectern.bulk.rows import Done, Row
from lectern.errors import Invalid, Message
from lectern.models import Folder
from lectern.people.principal import Principal
from lectern.people.rights import Action
from lectern.settings import Settings
from lectern.taxonomy import folders

NO_FOLDER = Message("The folder no longer exists.")
MOVED = Message("It has been moved since then.")
FOLDER_GONE = Message("Its original folder no longer exists.")
_BACK = text("""
    UPDATE asset a SET folder_id = pair.folder_id, lock_version = a.lock_version + 1,
        updated_at = clock_timestamp()
    FROM unnest(CAST(:assets AS uuid[]), CAST(:folders AS uuid[])) AS pair (asset_id, folder_id)
    WHERE a.workspace_id = :workspace_id AND a.id = ANY (CAST(:assets AS uuid[]))
        AND a.id = pair.asset_id""")
# A folder that a dry run names and nobody has made.
_FUTURE = uuid.UUID(int=0)


class Move(BulkAction):
    """Puts assets into a folder; no folder at all for an empty one."""

    right = undo_right = Action.EDIT
    columns = ("folder_id",)

    def __init__(self, session: Session, principal: Principal, args: Mapping[str, Any]) -> None:
        super().__init__(session, principal, args)
        self._target = uuid.UUID(args["folder_id"]) if args["folder_id"] else None
        self._there: set[uuid.UUID] = set()

    @classmethod
    def read(
        cls,
        session: Session,
        principal: Principal,
        args: Mapping[str, Any],
        settings: Settings,
        *,
        dry: bool,
    ) -> dict[str, Any]:
        """See `BulkAction.read`: `folder`, a path or an id; a new path is made."""
        named = args.get("folder", False)
        if isinstance(named, Mapping):
            # As an asset shows its folder, so that what was read can be sent back.
            named = named.get("id") or named.get("path")
        if named is not None and not isinstance(named, str):
            message = Message("Send folder: a path, an id, or null for none.")
            raise Invalid(message, {"args.folder": message})
        path = "/".join(folders.split(named or ""))
        find = folders.find if dry else folders.ensure
        folder = find(session, principal, path) if path else None
        if folder is None:
            return {"folder": path, "folder_id": str(_FUTURE) if path else None}
        shown = folders.path_of(session, principal.workspace_id, folder.id)
        return {"folder": shown, "folder_id": str(folder.id)}

    def hold(self) -> None:
        """Keep the folder: whoever deletes one locks it before the assets in it."""
        self._there = self._kept([self._target] if self._target else [])

    def look(self, rows: Sequence[Row]) -> None:
        """Which of the folders that an undo leads back to are still there."""
        former = {row.before.get("folder_id") for row in rows} - {None}
        self._there |= self._kept([uuid.UUID(each) for each in former])

    def check(self, row: Row) -> str | None:
        """See `BulkAction.check`."""
        there = self._target in (None, _FUTURE) or self._target in self._there
        return None if there else NO_FOLDER

    def changes(self, row: Row) -> bool:
        """See `BulkAction.changes`."""
        return row.folder_id != self._target

    def apply(self, rows: Sequence[Row]) -> list[Done]:
        """See `BulkAction.apply`."""
        chunk.touch(self.session, rows, folder_id=self._target)
        return self._told([(row, self._target) for row in rows])

    def check_undo(self, row: Row) -> str | None:
        """See `BulkAction.check_undo`."""
        if row.folder_id != self._target:
            return MOVED
        former = _former(row)
        return FOLDER_GONE if former is not None and former not in self._there else None

    def undo(self, rows: Sequence[Row]) -> list[Done]:
        """See `BulkAction.undo`."""
        values = {
            "assets": chunk.array_of(row.id for row in rows),
            "folders": chunk.array_of(_former(row) for row in rows),
        }
        self.session.execute(_BACK, {"workspace_id": self.workspace_id, **values})
        return self._told([(row, _former(row)) for row in rows])

    def _told(self, moves: Sequence[tuple[Row, uuid.UUID | None]]) -> list[Done]:
        named = {row.folder_id for row, _ in moves} | {target for _, target in moves}
        known = [folder_id for folder_id in named if folder_id is not None]
        paths = folders.paths_of(self.session, self.workspace_id, known)
        return [
            Done(
                row,
                {"folder_id": str(row.folder_id) if row.folder_id else None},
                "asset.folder",
                {"before": paths.get(row.folder_id, ""), "after": paths.get(target, "")},
            )
            for row, target in moves
        ]

    def _kept(self, folder_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
        if not folder_ids:
            return set()
        query = select(Folder.id).where(
            Folder.workspace_id == self.workspace_id, Folder.id == any_(chunk.ids(folder_ids))
        )
        locked = query.order_by(Folder.id).with_for_update(read=True, key_share=True)
        return set(self.session.scalars(locked))


def _former(row: Row) -> uuid.UUID | None:
    former = row.before["folder_id"]
    return uuid.UUID(former) if former else None
