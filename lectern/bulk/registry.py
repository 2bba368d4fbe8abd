"""Every kind of bulk change by its name, and the questions each asset of one is asked."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lectern.bulk.action import BulkAction
from lectern.bulk.move import Move
from lectern.bulk.process import Process
from lectern.bulk.rename import Rename
from lectern.bulk.rows import Row
from lectern.bulk.tag import AddTags, RemoveTags
from lectern.bulk.trash import Restore, Trash
from lectern.errors import Forbidden, Invalid, NotFound
from lectern.people.principal import Principal
from lectern.people.rights import Action, can, require

KINDS: Mapping[str, type[BulkAction]] = {
    "tag": AddTags,
    "untag": RemoveTags,
    "move": Move,
    "rename": Rename,
    "trash": Trash,
    "restore": Restore,
    "process": Process,
}


class Judged(NamedTuple):
    """Rows by what is to become of them; `refused` with the reason in a sentence."""

    ready: list[Row]
    same: list[Row]
    refused: list[tuple[Row, str]]


def named(action: object) -> type[BulkAction]:
    """The kind with this name.

    Raises:
        Invalid: there is none.
    """
    kind = KINDS.get(action) if isinstance(action, str) else None
    if kind is None:
        message = f"action is one of {', '.join(KINDS)}."
        raise Invalid(message, {"action": message})
    return kind


def judge(kind: BulkAction, rows: Sequence[Row]) -> Judged:
    """What would become of each row, or is about to."""
    kind.look(rows)
    judged = Judged([], [], [])
    for row in rows:
        reason = _forbidden(kind.principal, kind.right, row) or kind.check(row)
        if reason is not None:
            judged.refused.append((row, reason))
        elif kind.changes(row):
            judged.ready.append(row)
        else:
            judged.same.append(row)
    return judged


def judge_undo(kind: BulkAction, rows: Sequence[Row]) -> Judged:
    """The same for an undo, where nothing is the same already."""
    kind.look(rows)
    judged = Judged([], [], [])
    for row in rows:
        right = kind.undo_right or kind.right
        reason = _forbidden(kind.principal, right, row) or kind.check_undo(row)
        if reason is None:
            judged.ready.append(row)
        else:
            judged.refused.append((row, reason))
    return judged


def _forbidden(principal: Principal, right: Action, row: Row) -> str | None:
    if can(principal, right, row):
        return None
    try:
        require(principal, right, row)
    except (Forbidden, NotFound) as refusal:
        return str(refusal)
    return None
