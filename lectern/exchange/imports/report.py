"""What an import does, or would do: told field by field before anything is written."""

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Of each kind that many are told one by one; the counts are of all.
MOST_TOLD = 1000


@dataclass(frozen=True)
class Change:
    """A thing that is here already and differs: field → before and after."""

    file: str
    id: uuid.UUID
    name: str
    fields: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Left:
    """A thing that is not brought in, and why."""

    file: str
    id: uuid.UUID
    name: str
    reason: str


@dataclass
class Report:
    """Counts by file, and what is worth telling one by one."""

    added: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    same: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)
    left_out: list[Left] = field(default_factory=list)
    # Files whose bytes are neither here nor in the archive.
    without_bytes: int = 0

    @property
    def writes(self) -> bool:
        """Whether anything is written at all."""
        return bool(self.added.total() + self.changed.total())

    def change(self, change: Change) -> None:
        """Count a thing that differs."""
        self.changed[change.file] += 1
        if len(self.changes) < MOST_TOLD:
            self.changes.append(change)

    def leave(self, left: Left) -> None:
        """Count a thing that is not brought in."""
        self.left[left.file] += 1
        if len(self.left_out) < MOST_TOLD:
            self.left_out.append(left)
