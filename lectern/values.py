"""Values from outside (addresses, forms, JSON, tables), read into types: one reader for each type.

A reader takes what was sent and returns the value, or raises `Unfit`. `field` and `parameter` run a
reader and refuse with `lectern.errors.Invalid` under a name.
"""

import math
import re
import unicodedata
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any, Literal, TypeVar, cast
from urllib.parse import urlsplit

from lectern.errors import Invalid, Message

T = TypeVar("T")
Reader = Callable[[Any], T]
# PostgreSQL's bigint; and what a double holds exactly.
MOST_WHOLE, MOST_NUMBER = (1 << 63) - 1, 1e15
# By category: half a character is a lone surrogate, which JSON can say and UTF-8 cannot.
_UNPRINTABLE = {"Cc": "holds control characters", "Cs": "holds half a character"}


class Unfit(ValueError):
    """What was sent is not what is wanted.

    `wanted` completes “Send …”. The message completes “This field …”: `problem`, where there is
    more to say than what is wanted.
    """

    def __init__(self, wanted: str, problem: str = "", /, **params: Any) -> None:
        self.wanted = Message(wanted, **params)
        super().__init__(problem or f"must be {self.wanted}")


class NotListed(Unfit):
    """The value is not among those allowed."""


def field(name: str, value: Any, reader: Reader[T], hint: str = "") -> T:
    """The value of a field of a body or form.

    Raises:
        Invalid: for `name`, with `hint` or else what to send instead.
    """
    try:
        return reader(value)
    except Unfit as error:
        if hint:
            raise Invalid.of(name, hint) from error
        raise Invalid.of(name, "Send %(wanted)s.", wanted=error.wanted) from error


def parameter(name: str, value: Any, reader: Reader[T]) -> T:
    """The value of a parameter of an address, or of a stored query.

    Raises:
        Invalid: for `name`, with a message that names it and shows what was sent.
    """
    try:
        return reader(value)
    except Unfit as error:
        sent = repr(str(value)[:80])
        message = Message(
            "%(name)s cannot be %(sent)s. Send %(wanted)s.",
            name=name,
            sent=sent,
            wanted=error.wanted,
        )
        if isinstance(error, NotListed):
            message = Message("%(name)s must be %(wanted)s.", name=name, wanted=error.wanted)
        raise Invalid(message, {name: message}) from error


def readable(value: Any, reader: Reader[T]) -> T | None:
    """The value, or None where it cannot be read: for what only our own pages send."""
    try:
        return reader(value)
    except Unfit:
        return None


def identifiers(texts: Iterable[str]) -> list[uuid.UUID]:
    """Those of the texts that are ids."""
    ids = (readable(text, identifier) for text in texts)
    return [each for each in ids if each is not None]


def text(longest: int | None = None) -> Reader[str]:
    """Any text of at most `longest` characters."""

    def unfit(problem: str = "") -> Unfit:
        if longest is None:
            return Unfit("text")
        return Unfit("text of at most %(longest)d characters", problem, longest=longest)

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise unfit()
        if longest is not None and len(value) > longest:
            raise unfit(f"has more than {longest:,} characters")
        return value

    return read


def printable(longest: int | None = None, *, besides: str = "") -> Reader[str]:
    """A text without control characters and halves of characters, but for those in `besides`."""
    limited = text(longest)

    def read(value: Any) -> str:
        for letter in limited(value):
            problem = _UNPRINTABLE.get(unicodedata.category(letter))
            if problem and letter not in besides:
                raise Unfit("text without control characters", problem)
        return str(value)

    return read


def matching(pattern: re.Pattern[str], wanted: str) -> Reader[str]:
    """A text that the whole pattern matches."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise Unfit(wanted)
        return value

    return read


def choice(allowed: Iterable[str]) -> Reader[str]:
    """One of some texts."""
    known = tuple(allowed)

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in known:
            raise NotListed("one of %(choices)s", choices=", ".join(known))
        return str(value)

    return read


def items(reader: Reader[T], wanted: str, most: int | None = None) -> Reader[list[T]]:
    """A list, each item read by `reader`; `wanted` says of what."""

    def read(value: Any) -> list[T]:
        if not isinstance(value, list) or (most is not None and len(value) > most):
            raise Unfit("a list of %(items)s", items=Message(wanted))
        try:
            return [reader(item) for item in value]
        except Unfit as error:
            raise Unfit("a list of %(items)s", items=Message(wanted)) from error

    return read


def whole(least: int = 0, most: int = MOST_WHOLE) -> Reader[int]:
    """A whole number as JSON has it."""

    def unfit(problem: str = "") -> Unfit:
        if least < 0:
            return Unfit("a whole number", problem)
        return Unfit("a whole number of at least %(least)d", problem, least=least)

    def read(value: Any) -> int:
        if type(value) is not int:
            raise unfit()
        if not least <= value <= most:
            raise unfit(f"must be between {least:,} and {most:,}")
        return value

    return read


def digits(least: int = 0, most: int = MOST_WHOLE) -> Reader[int]:
    """A whole number as an address has it, in ASCII digits; JSON's are read as well."""
    longest = max(len(str(most)), len(str(MOST_WHOLE)))

    def read(value: Any) -> int:
        typed = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
        # The length first: Python refuses to read thousands of digits.
        known = typed.isascii() and typed.isdigit() and len(typed) <= longest
        if not known or not least <= int(typed) <= most:
            raise Unfit("a whole number")
        return int(typed)

    return read


def number(least: float = -MOST_NUMBER, most: float = MOST_NUMBER) -> Reader[float]:
    """A finite number as JSON has it; a whole one stays whole."""

    def read(value: Any) -> float:
        known = isinstance(value, int | float) and not isinstance(value, bool)
        if not known or not least <= value <= most:
            raise Unfit("a number")
        return cast(float, value)

    return read


def decimal(
    least: float = -MOST_NUMBER, most: float = MOST_NUMBER, *, comma: bool = False
) -> Reader[float]:
    """A number as people type it, with a decimal `comma` if that is allowed, or as JSON has it."""

    def read(value: Any) -> float:
        typed = value.replace(",", ".") if comma and isinstance(value, str) else value
        try:
            found = math.nan if isinstance(typed, bool) else float(typed)
        except (TypeError, ValueError, OverflowError) as error:
            raise Unfit("a number") from error
        if not least <= found <= most:
            raise Unfit("a number")
        return found

    return read


def mapping(value: Any) -> dict[str, Any]:
    """An object of JSON."""
    if not isinstance(value, dict):
        raise Unfit("an object")
    return value


def boolean(value: Any) -> bool:
    """True or false as JSON has them."""
    if not isinstance(value, bool):
        raise Unfit("true or false")
    return value


def flag(value: Any) -> bool:
    """1 or 0 as an address has them; JSON's true and false are read as well."""
    if value in ("1", 1):
        return True
    if value in ("0", 0):
        return False
    raise Unfit("1 or 0")


def identifier(value: Any) -> uuid.UUID:
    """An id."""
    try:
        return uuid.UUID(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise Unfit("an ID") from error


def day(value: Any) -> date:
    """A day of the calendar, `2026-09-01`."""
    try:
        return date.fromisoformat(value)
    except (ValueError, TypeError) as error:
        raise Unfit("a date such as 2026-09-01") from error


def moment(zoneless: Literal["utc", "day", "never"]) -> Reader[datetime]:
    """A time, in UTC. A day alone is its beginning.

    `zoneless`: what may come without a zone, and then is UTC's: any time, only a `day`, or nothing.
    """
    wanted = {
        "utc": Message("a date or time such as 2026-09-01"),
        "day": Message("a day or a time with its zone"),
        "never": Message("a time with its zone such as 2026-09-01T12:00:00Z"),
    }[zoneless]

    def read(value: Any) -> datetime:
        try:
            at = datetime.fromisoformat(value)
            day_alone = len(value) <= len("2026-01-31")
            if not (at.tzinfo or zoneless == "utc" or (zoneless == "day" and day_alone)):
                raise Unfit(wanted)
            return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
        except (ValueError, TypeError, OverflowError) as error:
            raise Unfit(wanted) from error

    return read


def link(value: Any) -> str:
    """An address on the web."""
    wanted = Message("a URL that starts with http:// or https://")
    try:
        parts = urlsplit(value)
        if isinstance(value, str) and parts.scheme in {"http", "https"} and parts.hostname:
            return value
    except (ValueError, AttributeError, TypeError) as error:
        raise Unfit(wanted) from error
    raise Unfit(wanted)
