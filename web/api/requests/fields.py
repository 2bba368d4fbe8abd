"""JSON objects into typed values; whatever does not fit is refused with the path to it."""

import uuid
from collections.abc import Mapping
from typing import Any

from lectern.errors import Invalid


class Fields:
    """The members of one object; `path` leads to it, such as `chapters.0.`.

    Members that nobody asks for are left alone: a caller may know more than this release.
    """

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self._values = values
        self._path = path

    def has(self, name: str) -> bool:
        """True when it is there and not null."""
        return self._values.get(name) is not None

    def text(self, name: str) -> str:
        """A text that must be there."""
        value = self._values.get(name)
        if not isinstance(value, str):
            raise self._wrong(name, "Send a text.")
        return value

    def text_or_none(self, name: str) -> str | None:
        """A text, or nothing."""
        return self.text(name) if self.has(name) else None

    def number_or_none(self, name: str) -> float | None:
        """A number that a database column holds, or nothing."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e15:
            raise self._wrong(name, "Send a number.")
        return float(value)

    def whole(self, name: str, least: int = 0, most: int = (1 << 63) - 1) -> int:
        """A whole number within these bounds that must be there."""
        value = self._values.get(name)
        if type(value) is not int or not least <= value <= most:
            raise self._wrong(name, f"Send a whole number of at least {least}.")
        return value

    def id(self, name: str) -> uuid.UUID:
        """An id that must be there."""
        try:
            return uuid.UUID(self.text(name))
        except ValueError as error:
            raise self._wrong(name, "Send an id.") from error

    def objects(self, name: str) -> "list[Fields]":
        """A list of objects; one that is not there is empty."""
        values = self._values.get(name)
        if values is None:
            return []
        if not isinstance(values, list) or not all(isinstance(each, dict) for each in values):
            raise self._wrong(name, "Send a list of objects.")
        return [Fields(each, f"{self._path}{name}.{index}.") for index, each in enumerate(values)]

    def _wrong(self, name: str, problem: str) -> Invalid:
        return Invalid.of(self._path + name, problem)
