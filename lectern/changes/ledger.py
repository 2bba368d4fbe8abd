"""What a change was, value by value, and how it is undone where nobody changed the value since."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Change:
    """One value of one object, before and after, all JSON; without an id it is the workspace's."""

    object_type: str
    object_id: uuid.UUID | None
    field: str
    before: Any
    after: Any

    def to_json(self) -> dict[str, Any]:
        """As rows store it."""
        return {
            "type": self.object_type,
            "id": str(self.object_id) if self.object_id else None,
            "field": self.field,
            "before": self.before,
            "after": self.after,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Change":
        """The inverse of `to_json`."""
        object_id = uuid.UUID(values["id"]) if values["id"] else None
        return cls(values["type"], object_id, values["field"], values["before"], values["after"])


class Conflict(NamedTuple):
    """A change that stays, and why, in a sentence for the person who undoes."""

    change: Change
    reason: str


def undo(
    changes: Sequence[Change],
    current: Callable[[Change], Any],
    restore: Callable[[Change], str | None],
    *,
    overtaken: str,
    same: Callable[[Any, Any], bool] = lambda one, other: bool(one == other),
) -> list[Conflict]:
    """Put back what is still as the changes left it, the last first; returns what stays.

    A value that is as it was before needs nothing. `restore` returns why it could not, or None.
    The caller holds what the changes are about.
    """
    conflicts = []
    for change in reversed(changes):
        value = current(change)
        if same(value, change.before):
            continue
        reason = restore(change) if same(value, change.after) else overtaken
        if reason is not None:
            conflicts.append(Conflict(change, reason))
    return conflicts[::-1]


def to_json(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """A list of changes as rows store it."""
    return [change.to_json() for change in changes]


def from_json(values: Iterable[dict[str, Any]]) -> list[Change]:
    """The inverse of `to_json`."""
    return [Change.from_json(each) for each in values]
