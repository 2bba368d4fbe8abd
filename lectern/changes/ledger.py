"""What a change was, value by value, and how it is undone where nobody changed the value since."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

# Whether two values of a field are the same to a person.
Same = Callable[[str, Any, Any], bool]


def _equal(field: str, one: Any, other: Any) -> bool:
    return bool(one == other)


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


class Standing(NamedTuple):
    """What of a change still stands: `restore` are the values to go back to, by field.

    `overtaken` are the fields that somebody changed again. What is as before is in neither.
    """

    restore: dict[str, Any]
    overtaken: list[str]


def standing(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    now: Mapping[str, Any],
    same: Same = _equal,
) -> Standing:
    """Compare one object with a change of it; a field that is not there is None.

    Fields that the change left as they were, or that are as before, need nothing.
    """
    result = Standing({}, [])
    for field in dict.fromkeys([*before, *after]):
        was, left, value = before.get(field), after.get(field), now.get(field)
        if same(field, was, left) or same(field, value, was):
            continue
        if same(field, value, left):
            result.restore[field] = was
        else:
            result.overtaken.append(field)
    return result


def undo(
    changes: Sequence[Change],
    current: Callable[[Change], Any],
    restore: Callable[[Change], None],
    *,
    overtaken: str,
) -> list[Conflict]:
    """Put back what still stands, the last first; returns what stays, for the reason `overtaken`.

    The caller holds what the changes are about.
    """
    conflicts = []
    for change in reversed(changes):
        field, now = change.field, current(change)
        found = standing({field: change.before}, {field: change.after}, {field: now})
        if found.restore:
            restore(change)
        elif found.overtaken:
            conflicts.append(Conflict(change, overtaken))
    return conflicts[::-1]


def to_json(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """A list of changes as rows store it."""
    return [change.to_json() for change in changes]


def from_json(values: Iterable[dict[str, Any]]) -> list[Change]:
    """The inverse of `to_json`."""
    return [Change.from_json(each) for each in values]
