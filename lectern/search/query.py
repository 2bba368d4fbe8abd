"""What a list of assets is filtered and sorted by, and its form in addresses and JSON."""

import unicodedata
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from lectern.errors import Invalid

LONGEST_QUERY = 500
MOST_WORDS = 50
LONGEST_VALUE = 2_000
MOST_VALUES = 50
# Far above what there is, and within what the database compares.
MOST_BYTES = 1 << 62
MOST_SECONDS = 1e9
KINDS = ("video", "audio", "image", "document")
STATES = ("processing", "ready", "failed")
USAGES = ("used", "unused", "formerly", "never")
SORTS = ("created", "name", "size", "duration", "usage", "last_used", "relevance")
# Never `-relevance`: the best comes first either way.
NEWEST, BEST = "-created", "relevance"


@dataclass(frozen=True)
class Query:
    """What the library page and `GET /assets` filter by; empty means everything outside the trash.

    `q` may hold operators beside words (`lectern.search.syntax.operators`). Sizes are bytes,
    durations seconds; `tag` must all hold, `any_tag` at least one; a folder includes those in it.
    Every word of `said` is spoken, every one of `shown` on a slide or page.
    """

    q: str = ""
    kind: str = ""
    tag: tuple[str, ...] = ()
    any_tag: tuple[str, ...] = ()
    folder: str = ""
    course: str = ""
    usage: str = ""
    state: str = ""
    owner: uuid.UUID | None = None
    duplicates: bool = False
    created_after: datetime | None = None
    created_before: datetime | None = None
    min_size: int | None = None
    max_size: int | None = None
    min_duration: float | None = None
    max_duration: float | None = None
    trashed: bool = False
    said: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    # Empty: the best match first when there are words, else the newest.
    sort: str = ""

    @property
    def order(self) -> str:
        """The sort that holds, never empty."""
        return self.sort or (BEST if self.q else NEWEST)


def read(values: Mapping[str, Any]) -> Query:
    """The query that these filters by name stand for; what is no filter is ignored.

    Values are texts as in an address, or as JSON has them; `tag` and `any_tag` take lists.

    Raises:
        Invalid: a value that no filter understands.
    """
    return Query(
        **{
            name: _READERS[name](name, value)
            for name, value in values.items()
            if name in _READERS and value not in (None, "", [])
        }
    )


def write(query: Query) -> dict[str, Any]:
    """The filters by name, as JSON holds them and `read` takes them; without what is default."""
    return {
        field.name: _plain(getattr(query, field.name))
        for field in fields(Query)
        if getattr(query, field.name) != field.default
    }


def _plain(value: Any) -> Any:
    if value is True:
        return "1"
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value if isinstance(value, int | float) else str(value)


def _wrong(name: str, value: Any, hint: str = "") -> Invalid:
    message = f"{name} cannot be {str(value)[:80]!r}.{' ' + hint if hint else ''}"
    return Invalid(message, {name: message})


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(name, value, "Send a text.")
    longest = LONGEST_QUERY if name == "q" else LONGEST_VALUE
    if len(value) > longest:
        message = f"{name} has at most {longest} characters."
        raise Invalid(message, {name: message})
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in value):
        message = f"{name} holds control characters."
        raise Invalid(message, {name: message})
    return value


def _choice(allowed: Sequence[str]) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:
        if value not in allowed:
            message = f"{name} is one of {', '.join(allowed)}."
            raise Invalid(message, {name: message})
        return str(value)

    return check


def _texts(name: str, value: Any) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple):
        raise _wrong(name, value, "Send a list of texts.")
    if len(values) > MOST_VALUES:
        message = f"{name} may be given {MOST_VALUES} times."
        raise Invalid(message, {name: message})
    return tuple(dict.fromkeys(text for text in (_text(name, each) for each in values) if text))


def _id(name: str, value: Any) -> uuid.UUID:
    try:
        return uuid.UUID(_text(name, value))
    except ValueError as error:
        raise _wrong(name, value) from error


def _flag(name: str, value: Any) -> bool:
    if value in ("1", 1, True):
        return True
    if value in ("0", 0, False):
        return False
    raise _wrong(name, value, "Send 1 or 0.")


def _whole(name: str, value: Any) -> int:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    # The length first: Python refuses to read thousands of digits.
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(MOST_BYTES))
    if not digits or int(text) > MOST_BYTES:
        raise _wrong(name, value, "Send a whole number.")
    return int(text)


def _seconds(name: str, value: Any) -> float:
    try:
        seconds = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise _wrong(name, value, "Send seconds.") from error
    if not 0 <= seconds < MOST_SECONDS:
        raise _wrong(name, value, "Send seconds.")
    return seconds


def _moment(name: str, value: Any) -> datetime:
    """A day means its beginning in UTC."""
    try:
        at = datetime.fromisoformat(_text(name, value))
    except ValueError as error:
        raise _wrong(name, value, "Send a day or a time with its zone.") from error
    if at.tzinfo is None and len(value) > len("2026-01-31"):
        raise _wrong(name, value, "A time needs its zone.")
    try:
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except OverflowError as error:
        raise _wrong(name, value) from error


_READERS: Mapping[str, Callable[[str, Any], Any]] = {
    "q": _text,
    "kind": _choice(KINDS),
    "tag": _texts,
    "any_tag": _texts,
    "folder": _text,
    "course": _text,
    "usage": _choice(USAGES),
    "state": _choice(STATES),
    "owner": _id,
    "duplicates": _flag,
    "created_after": _moment,
    "created_before": _moment,
    "min_size": _whole,
    "max_size": _whole,
    "min_duration": _seconds,
    "max_duration": _seconds,
    "trashed": _flag,
    "said": _texts,
    "shown": _texts,
    "sort": _choice(tuple(SORTS) + tuple(f"-{sort}" for sort in SORTS)),
}
