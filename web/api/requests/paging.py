"""Lists in JSON: `items`, `next`, and `total` where it is asked for."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from lectern.people.audit import Line
from web.api.representations import entry_json
from web.api.requests import parsing

T = TypeVar("T")


def whole(rows: Sequence[T], show: Callable[[T], Any]) -> dict[str, Any]:
    """One page of a list that the domain reads as a whole; its cursor is a position."""
    start, size = parsing.position() or 0, parsing.limit()
    end = start + size
    body: dict[str, Any] = {
        "items": [show(row) for row in rows[start:end]],
        "next": str(end) if end < len(rows) else None,
    }
    if parsing.with_total():
        body["total"] = len(rows)
    return body


def lines(read: Callable[[int | None, int], list[Line]], count: Callable[[], int]) -> Any:
    """One page of the audit log; its cursor is the last number shown.

    `read` takes the number to begin below and how many lines to read.
    """
    size = parsing.limit()
    found = read(parsing.position(), size + 1)
    body: dict[str, Any] = {
        "items": [entry_json(line) for line in found[:size]],
        "next": str(found[size - 1].seq) if len(found) > size else None,
    }
    if parsing.with_total():
        body["total"] = count()
    return body
