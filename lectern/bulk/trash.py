"""Many assets into the trash, except those that a course uses; and back from it."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import any_, func, select
from sqlalchemy.orm import Session

from lectern.bulk import rows as chunk
from lectern.bulk.action import BulkAction
from lectern.bulk.rows import Done, Row
from lectern.errors import Invalid, Message
from lectern.library import trash
from lectern.library.trash import LONGEST_REASON
from lectern.models import Chapter, Course, Lesson, Usage
from lectern.people.principal import Principal
from lectern.people.rights import Action
from lectern.settings import Settings
from lectern.text import clean_text

RESTORED = Message("It has been restored since then.")
TRASHED_ANEW = Message(
    "It was restored in the meantime and is now in the trash for another reason."
)
TRASHED = Message("It is already back in the trash.")
# A refusal names this many places; the asset's own page names all.
NAMED = 3


class _Removable(BulkAction):
    """What moving to the trash needs to know, whether it is the action or an undo."""

    against_use = True
    columns = ("live", "trashed_at", "trashed_by", "trash_reason", "purge_after")

    def __init__(self, session: Session, principal: Principal, args: Mapping[str, Any]) -> None:
        super().__init__(session, principal, args)
        self._used: dict[uuid.UUID, str] = {}

    def look(self, rows: Sequence[Row]) -> None:
        """Where the assets are used, in words."""
        count = func.count().over(partition_by=Usage.asset_id).label("places")
        number = func.row_number().over(
            partition_by=Usage.asset_id,
            order_by=(
                func.lower(Course.title),
                Chapter.position.nulls_first(),
                Lesson.position.nulls_first(),
                Usage.id,
            ),
        )
        found = (
            select(
                Usage.asset_id,
                count,
                func.concat_ws(" › ", Course.title, Chapter.title, Lesson.title).label("place"),
                number.label("number"),
            )
            .outerjoin(Usage.course)
            .outerjoin(Usage.chapter)
            .outerjoin(Usage.lesson)
            .where(
                Usage.workspace_id == self.workspace_id,
                Usage.asset_id == any_(chunk.ids(row.id for row in rows)),
            )
            .subquery()
        )
        named = self.session.execute(
            select(found).where(found.c.number <= NAMED).order_by(found.c.asset_id, found.c.number)
        )
        places: dict[uuid.UUID, list[str]] = {}
        counts: dict[uuid.UUID, int] = {}
        for asset_id, total, place, _ in named:
            places.setdefault(asset_id, []).append(place)
            counts[asset_id] = total
        self._used = {each: _sentence(counts[each], places[each]) for each in places}

    def used(self, row: Row) -> str | None:
        """The sentence that names its places; None for what no course uses."""
        return self._used.get(row.id)


class Trash(_Removable):
    """Moves to the trash for as many days as the server keeps things there."""

    right, undo_right = Action.TRASH, Action.RESTORE
    event, undo_event = "removed", "added"

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
        """See `BulkAction.read`: perhaps a `reason`."""
        reason = args.get("reason") or ""
        if not isinstance(reason, str):
            message = Message("Send reason: a text.")
            raise Invalid(message, {"args.reason": message})
        return {"reason": clean_text(reason)[:LONGEST_REASON], "days": settings.trash_days}

    def check(self, row: Row) -> str | None:
        """See `BulkAction.check`."""
        return self.used(row) if row.live else None

    def changes(self, row: Row) -> bool:
        """See `BulkAction.changes`."""
        return row.live

    def apply(self, rows: Sequence[Row]) -> list[Done]:
        """See `BulkAction.apply`."""
        reason, ids = self.args["reason"], [row.id for row in rows]
        asked = {"by": self.principal.user_id, "days": self.args["days"], "reason": reason}
        at = trash.put_in(self.session, self.workspace_id, ids, **asked)
        before = {"at": at.isoformat()}
        return [Done(row, before, "asset.trash", {"reason": reason}) for row in rows]

    def check_undo(self, row: Row) -> str | None:
        """See `BulkAction.check_undo`."""
        if row.trashed_at is None:
            return RESTORED
        return None if row.trashed_at == _moment(row.before["at"]) else TRASHED_ANEW

    def undo(self, rows: Sequence[Row]) -> list[Done]:
        """See `BulkAction.undo`."""
        return _restored(self.session, rows)


class Restore(_Removable):
    """Takes back from the trash."""

    right, undo_right = Action.RESTORE, Action.TRASH
    event, undo_event = "added", "removed"

    def changes(self, row: Row) -> bool:
        """See `BulkAction.changes`."""
        return not row.live

    def apply(self, rows: Sequence[Row]) -> list[Done]:
        """See `BulkAction.apply`."""
        return _restored(self.session, rows)

    def check_undo(self, row: Row) -> str | None:
        """See `BulkAction.check_undo`."""
        return self.used(row) if row.live else TRASHED

    def undo(self, rows: Sequence[Row]) -> list[Done]:
        """See `BulkAction.undo`."""
        trash.put_back(self.session, self.workspace_id, [_stay(row) for row in rows])
        return [
            Done(row, {}, "asset.trash", {"reason": row.before["reason"] or ""}) for row in rows
        ]


def _restored(session: Session, rows: Sequence[Row]) -> list[Done]:
    trash.take_out(session, rows[0].workspace_id, [row.id for row in rows])
    return [Done(row, _as_it_lay(row), "asset.restore", {}) for row in rows]


def _as_it_lay(row: Row) -> dict[str, Any]:
    return {
        "trashed_at": row.trashed_at.isoformat() if row.trashed_at else None,
        "trashed_by": str(row.trashed_by) if row.trashed_by else None,
        "reason": row.trash_reason,
        "purge_after": row.purge_after.isoformat() if row.purge_after else None,
    }


def _stay(row: Row) -> trash.Stay:
    """The inverse of `_as_it_lay`, of what the batch noted."""
    old = row.before
    return trash.Stay(
        row.id,
        old["trashed_at"] and _moment(old["trashed_at"]),
        uuid.UUID(old["trashed_by"]) if old["trashed_by"] else None,
        old["reason"],
        old["purge_after"] and _moment(old["purge_after"]),
    )


def _sentence(count: int, places: Sequence[str]) -> str:
    where = "one place" if count == 1 else f"{count} places"
    more = ", …" if count > len(places) else ""
    return f"Used in {where}: {', '.join(places)}{more}"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
