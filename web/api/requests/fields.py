"""JSON objects into typed values; whatever does not fit is refused with the path to it."""

import uuid
from collections.abc import Mapping
from typing import Any, TypeVar

from lectern import values

T = TypeVar("T")


class Fields:
    """The members of one object; `path` leads to it, such as `chapters.0.`.

    Members that nobody asks for are left alone: a caller may know more than this release.
    """

    def __init__(self, members: Mapping[str, Any], path: str = "") -> None:
        self._values = members
        self._path = path

    def has(self, name: str) -> bool:
        """True when it is there and not null."""
        return self._values.get(name) is not None

    def text(self, name: str) -> str:
        """A text that must be there."""
        return self._read(name, values.text())

    def text_or_none(self, name: str) -> str | None:
        """A text, or nothing."""
        return self.text(name) if self.has(name) else None

    def number_or_none(self, name: str) -> float | None:
        """A number that a database column holds, or nothing."""
        return float(self._read(name, values.number())) if self.has(name) else None

    def whole(self, name: str, least: int = 0, most: int = values.MOST_WHOLE) -> int:
        """A whole number within these bounds that must be there."""
        return self._read(name, values.whole(least, most))

    def id(self, name: str) -> uuid.UUID:
        """An id that must be there."""
        return self._read(name, values.identifier)

    def objects(self, name: str) -> "list[Fields]":
        """A list of objects; one that is not there is empty."""
        if not self.has(name):
            return []
        members = self._read(name, values.items(values.mapping, "objects"))
        return [Fields(each, f"{self._path}{name}.{index}.") for index, each in enumerate(members)]

    def _read(self, name: str, reader: values.Reader[T]) -> T:
        return values.field(self._path + name, self._values.get(name), reader)
