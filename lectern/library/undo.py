"""Taking one change of an asset back: a new change that restores what was before."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

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
    "This has been changed again since, so it cannot be undone. Edit it as it is now."
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
    if now == line.details["before"]:
        return
    if now != line.details["after"]:
        raise Stale(CHANGED)
    posters.take_back(session, principal, asset, line.details, line.seq)


def _undo_field(
    session: Session, principal: Principal, asset: Asset, field: str, line: Line
) -> None:
    before, after = line.details["before"], line.details["after"]
    now = fields.read(session, asset, field)
    if fields.same(field, now, before):
        return
    if not fields.same(field, now, after):
        raise Stale(CHANGED)
    assets.edit(session, principal, asset, {field: before}, undoes=line.seq)


def _undo_custom(session: Session, principal: Principal, asset: Asset, line: Line) -> None:
    before, after = _object(line.details["before"]), _object(line.details["after"])
    restored = dict(asset.custom)
    for key in before.keys() | after.keys():
        was, became, now = (each.get(key) for each in (before, after, asset.custom))
        if fields.same("", was, became) or fields.same("", now, was):
            continue
        if not fields.same("", now, became):
            raise Stale(CHANGED)
        if key in before:
            restored[key] = was
        else:
            restored.pop(key, None)
    assets.edit(session, principal, asset, {"custom": restored}, undoes=line.seq)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
