"""Sizes, durations and days as people type them into a search, read into what filters compare."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple, TypeVar

from lectern import values
from lectern.values import Reader

T = TypeVar("T")
# Far above what there is, and within what the database compares.
MOST_BYTES = 1 << 62
MOST_SECONDS = 1e9

_NUMBER = r"[0-9]{1,15}(?:[.,][0-9]{1,6})?"
_SIZE = re.compile(rf"({_NUMBER}) ?(?:([kmgt])(i?))?b", re.IGNORECASE)
_SPELLED = re.compile(
    rf"(?:({_NUMBER}) ?h)? ?(?:({_NUMBER}) ?m(?:in)?)? ?(?:({_NUMBER}) ?s(?:ec)?)?", re.IGNORECASE
)
_CLOCK = re.compile(r"(?:([0-9]{1,5}):)?([0-9]{1,5}):([0-5][0-9])")
_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_DAY_BEGUN = re.compile(r"[0-9]{0,3}|[0-9]{4}-[0-9]?|[0-9]{4}-[0-9]{2}-[0-9]?")
_COMPARED = re.compile(r"(>=|<=|[<>≤≥]) ?(.*)")


class Incomplete(ValueError):
    """So far it says nothing, but more typing may make something of it."""


class Bounds(NamedTuple):
    """From `low` to `high`, both included; None is no bound."""

    low: Any
    high: Any


@dataclass(frozen=True)
class Measure:
    """How limits of a measure are read: one as an address has it, one or two as people type them.

    `within` takes a range or a comparison, `limit` a value alone. `open_ended`: the upper limit is
    not included itself.
    """

    name: str
    description: str
    reader: Reader[Any]
    schema: Mapping[str, Any]
    within: Callable[[str], Bounds]
    limit: Callable[[str], Any]
    open_ended: bool = False


def sizes(text: str) -> Bounds:
    """Bytes: `>100mb`, `<=2 GB`, `10mb..1gb`.

    Raises:
        ValueError: it is none; `Incomplete` if it is the beginning of one.
    """
    bounds = _bounds(text, lambda each: Fraction(size(each)), _next_byte)
    low = None if bounds.low is None else math.ceil(bounds.low)
    high = None if bounds.high is None else math.floor(bounds.high)
    if high is not None and high < 0:
        raise ValueError(text)
    return Bounds(low, high)


def size(text: str) -> Fraction:
    """Bytes. `kb` is 1000, as cards show it, and `kib` 1024."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise _unread(text, _SIZE, ("b", "0b"))
    number, unit, binary = found.groups()
    power = "kmgt".index(unit.lower()) + 1 if unit else 0
    amount = _fraction(number) * Fraction(1024 if binary else 1000) ** power
    if amount >= MOST_BYTES:
        raise ValueError(text)
    return amount


def durations(text: str) -> Bounds:
    """Seconds: `>90s`, `<=1h30m`, `5m..20m`, `<1:30`.

    Raises:
        ValueError: it is none; `Incomplete` if it is the beginning of one.
    """
    bounds = _bounds(text, duration, _next_second)
    if bounds.high is not None and bounds.high < 0:
        raise ValueError(text)
    return bounds


def duration(text: str) -> float:
    """Seconds, of `1h30m`, `90s`, `10 min` or, as a clock has it, `1:30` and `1:02:03`."""
    found = _CLOCK.fullmatch(text) or (_SPELLED.fullmatch(text) if text.strip() else None)
    if not found:
        raise _unread(text, _SPELLED, ("s", "0s", "n", "c"))
    hours, minutes, seconds = (_fraction(each or "0") for each in found.groups())
    total = float(hours * 3600 + minutes * 60 + seconds)
    if total >= MOST_SECONDS:
        raise ValueError(text)
    return total


def days(text: str) -> Bounds:
    """From when, and until before when, in UTC: `2026`, `2026-01..2026-03`, `2026-01-31..`.

    Raises:
        ValueError: it is none; `Incomplete` if it is the beginning of one.
    """
    first, dots, last = (part.strip() for part in text.partition(".."))
    if not dots:
        return Bounds(*day(_without_dot(first)))
    if not first and not last:
        raise Incomplete(text)
    return Bounds(day(first)[0] if first else None, day(last)[1] if last else None)


def day(text: str) -> tuple[datetime, datetime]:
    """When a year, month or day begins in UTC, and when the following one does."""
    found = _DAY.fullmatch(text)
    if not found:
        raise Incomplete(text) if _DAY_BEGUN.fullmatch(text) else ValueError(text)
    year, month, number = (int(each) if each else None for each in found.groups())
    begin = datetime(year or 0, month or 1, number or 1, tzinfo=UTC)
    try:
        if number:
            return begin, begin + timedelta(days=1)
        if month:
            return begin, (begin + timedelta(days=31)).replace(day=1)
        return begin, begin.replace(year=begin.year + 1)
    except OverflowError as error:
        raise ValueError(text) from error


def _bounds(text: str, read: Callable[[str], T], beside: Callable[[T, int], T]) -> Bounds:
    """`beside` gives the next value above (1) or below (-1), for what excludes its bound."""
    first, dots, last = (part.strip() for part in text.partition(".."))
    if dots:
        if not first and not last:
            raise Incomplete(text)
        return Bounds(read(first) if first else None, read(last) if last else None)
    compared = _COMPARED.fullmatch(text)
    if not compared:
        # Alone it would mean exactly that many bytes, which nobody looks for.
        read(_without_dot(text))
        raise Incomplete(text)
    sign, value = compared[1], read(compared[2])
    if sign in {">", "<"}:
        value = beside(value, 1 if sign == ">" else -1)
    return Bounds(value, None) if sign in {">", ">=", "≥"} else Bounds(None, value)


def _next_byte(value: Fraction, step: int) -> Fraction:
    """The nearest whole number of bytes above or below."""
    return Fraction(math.floor(value) + 1 if step > 0 else math.ceil(value) - 1)


def _next_second(value: float, step: int) -> float:
    return math.nextafter(value, math.inf * step)


def _without_dot(text: str) -> str:
    """`10mb.` is on its way to `10mb..1gb`."""
    if text.endswith("."):
        raise Incomplete(text)
    return text


def _unread(text: str, pattern: re.Pattern[str], rests: tuple[str, ...]) -> ValueError:
    """Incomplete if nothing is missing but one of these ends."""
    begun = not text or any(pattern.fullmatch(text + rest) for rest in rests)
    return Incomplete(text) if begun else ValueError(text)


def _fraction(number: str) -> Fraction:
    return Fraction(number.replace(",", "."))


BYTES = Measure(
    "bytes",
    "Bytes.",
    values.digits(0, MOST_BYTES),
    {"type": "integer", "minimum": 0},
    sizes,
    lambda text: math.ceil(size(text)),
)
SECONDS = Measure(
    "seconds",
    "Seconds.",
    values.decimal(0, math.nextafter(MOST_SECONDS, 0)),
    {"type": "number", "minimum": 0},
    durations,
    duration,
)
DAYS = Measure(
    "days",
    "",
    values.moment("day"),
    {"type": "string", "format": "date-time"},
    days,
    lambda text: day(text)[0],
    open_ended=True,
)
