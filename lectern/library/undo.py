"""Taking one change of an asset back: a new change that restores what was before."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from lectern.changes import ledger
from lectern.database.locks import lock
from lectern.errors import Invalid, Message, Stale
from lectern.library import assets, fields, trash
from lectern.models import Asset
from lectern.people import audit_reading
from lectern.people.audit import Line
from lectern.people.audit_actions import ACTIONS
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.renditions import posters

# What holds its value before and after, and can be written again.
FIELDS = frozenset(
    {"name", "tags", "description", "folder", "language", "licence", "access", "custom"}
)
_RIGHTS = {"trash": Action.RESTORE, "poster": Action.CHOOSE_POSTER}
CHANGED = Message(
    "This has been changed since then, so it cannot be undone. Edit the current value instead."
)


def possible(line: Line) -> bool:
    """Whether a line of the history is a kind of change that can be taken back."""
    action = ACTIONS.get(line.action)
    if action is None or not action.undoable:
        return False
    return line.action == "asset.trash" or {"before", "after"} <= line.details.keys()


def undo(session: Session, principal: Principal, asset: Asset, seq: int) -> None:
    """Restore what was before the change with this number, as a new change.

    Undone already: nothing happens.

    Raises:
        NotFound: the asset's history has no such line.
        Invalid: that is nothing one can undo.
        Stale: it has been changed again since.
    """
    line = audit_reading.one(session, principal, asset.id, seq)
    if not possible(line):
        raise Invalid("This cannot be undone.")
    field = line.action.partition(".")[2]
    require(principal, _RIGHTS.get(field, Action.EDIT), asset)
    # What is compared must still be so when it is written.
    lock(session, asset)
    if field == "trash":
        trash.restore(session, principal, asset)
    elif field == "poster":
        _undo_poster(session, principal, asset, line)
    elif field == "custom":
        _undo_custom(session, principal, asset, line)
    else:
        _undo_field(session, principal, asset, field, line)


def _undo_poster(session: Session, principal: Principal, asset: Asset, line: Line) -> None:
    now = str(asset.poster_blob_id) if asset.poster_blob_id else None
    if _former("poster", line, now) is not None:
        posters.take_back(session, principal, asset, line.details, line.seq)


def _undo_field(
    session: Session, principal: Principal, asset: Asset, field: str, line: Line
) -> None:
    former = _former(field, line, fields.read(session, asset, field))
    if former is not None:
        assets.edit(session, principal, asset, former, undoes=line.seq)


def _former(field: str, line: Line, now: Any) -> Mapping[str, Any] | None:
    """The value to go back to, by its field; None where it is so already."""
    before, after = ({field: line.details[when]} for when in ("before", "after"))
    return _standing(before, after, {field: now}, fields.same) or None


def _undo_custom(session: Session, principal: Principal, asset: Asset, line: Line) -> None:
    before, after = (_object(line.details[when]) for when in ("before", "after"))
    former = _standing(before, after, asset.custom, fields.same_custom)
    kept = {key: value for key, value in asset.custom.items() if key not in former}
    restored = {key: value for key, value in former.items() if key in before}
    assets.edit(session, principal, asset, {"custom": {**kept, **restored}}, undoes=line.seq)


def _standing(
    before: Mapping[str, Any], after: Mapping[str, Any], now: Mapping[str, Any], same: ledger.Same
) -> Mapping[str, Any]:
    found = ledger.standing(before, after, now, same)
    if found.overtaken:
        raise Stale(CHANGED)
    return found.restore


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
