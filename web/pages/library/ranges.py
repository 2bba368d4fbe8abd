"""Filters from … to …: sizes, lengths and dates, as presets and as a person's own limits.

An address holds limits as the API names them (`min_size`); a form sends a preset or two fields
(`size=own`, `size_from=5`), which become limits here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask_babel import gettext, lazy_gettext

from lectern.errors import Invalid
from lectern.search import Query
from lectern.text import size_text

OWN = "own"
MB, MINUTE = 1_000_000, 60.0


@dataclass(frozen=True)
class Range:
    """One such filter: its name in the form, its two fields in a query, and its words."""

    name: str
    title: str
    low: str
    high: str
    # What the fields are called beside their unit.
    unit: str
    input_type: str
    read: Callable[[str, bool], str]
    show: Callable[[Any, bool], str]
    # A limit in words, for chips.
    say: Callable[[Any, bool], str]
    presets: Callable[[], Mapping[str, str]]

    def take(self, args: Mapping[str, str], values: dict[str, Any]) -> None:
        """Put the limits that a submitted form holds into an address's `values`.

        Raises:
            Invalid: a field holds no number or day.
        """
        chosen = args.get(self.name)
        if chosen is None:
            return
        low, _, high = chosen.partition("..")
        if chosen == OWN:
            low = self._field(args, f"{self.name}_from", is_end=False)
            high = self._field(args, f"{self.name}_to", is_end=True)
        values[self.low], values[self.high] = low, high

    def _field(self, args: Mapping[str, str], name: str, is_end: bool) -> str:
        text = args.get(name, "").strip().replace(",", ".")
        try:
            return self.read(text, is_end) if text else ""
        except (ValueError, OverflowError) as error:
            words = gettext("“%(text)s” is no limit for a filter.", text=text[:80])
            raise Invalid(words, {name: words}) from error

    def limits(self, query: Query) -> tuple[Any, Any]:
        """The lower and the upper limit, None where there is none."""
        return getattr(query, self.low), getattr(query, self.high)

    def chosen(self, query: Query) -> str:
        """The preset that the query's limits are, `own`, or empty for no limit."""
        low, high = self.limits(query)
        if low is None and high is None:
            return ""
        for value in self.presets():
            plain: dict[str, Any] = {}
            self.take({self.name: value}, plain)
            if self._plain(low) == plain[self.low] and self._plain(high) == plain[self.high]:
                return value
        return OWN

    def words(self, query: Query) -> str:
        """The limits in words: `5.0 MB to 10 MB`, `over 1 hour`."""
        low, high = self.limits(query)
        preset = self.presets().get(self.chosen(query))
        if preset:
            return preset
        if high is None:
            return str(gettext("from %(low)s", low=self.say(low, False)))
        if low is None:
            return str(gettext("up to %(high)s", high=self.say(high, True)))
        return str(
            gettext("%(low)s to %(high)s", low=self.say(low, False), high=self.say(high, True))
        )

    def own(self, query: Query) -> tuple[str, str]:
        """What the two fields show."""
        low, high = self.limits(query)
        return (
            "" if low is None else self.show(low, False),
            "" if high is None else self.show(high, True),
        )

    @staticmethod
    def _plain(value: Any) -> str:
        if isinstance(value, datetime):
            return value.astimezone(UTC).strftime("%Y-%m-%d") if _is_midnight(value) else "?"
        return "" if value is None else f"{value:.0f}"


def _is_midnight(at: datetime) -> bool:
    return (at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0)


def _number(factor: float) -> Callable[[str, bool], str]:
    def read(text: str, is_end: bool) -> str:
        number = float(text)
        if not 0 <= number < 1e12:
            raise ValueError(text)
        return f"{number * factor:.0f}"

    return read


def _of(factor: float) -> Callable[[Any, bool], str]:
    return lambda value, is_end: f"{value / factor:.4f}".rstrip("0").rstrip(".")


def _day(text: str, is_end: bool) -> str:
    """A person's last day belongs to the range; an address's does not."""
    return (date.fromisoformat(text) + timedelta(days=is_end)).isoformat()


def _shown_day(at: datetime, is_end: bool) -> str:
    return (at - timedelta(days=is_end and _is_midnight(at))).strftime("%Y-%m-%d")


def _minutes(seconds: float, is_end: bool) -> str:
    if seconds < MINUTE or seconds % MINUTE:
        return str(gettext("%(number)s s", number=f"{seconds:g}"))
    return str(gettext("%(number)s min", number=f"{seconds / MINUTE:g}"))


def _sizes() -> dict[str, str]:
    return {
        "..10000000": gettext("Under 10 MB"),
        "10000000..100000000": gettext("10 to 100 MB"),
        "100000000..1000000000": gettext("100 MB to 1 GB"),
        "1000000000..": gettext("Over 1 GB"),
    }


def _lengths() -> dict[str, str]:
    return {
        "..300": gettext("Under 5 minutes"),
        "300..1200": gettext("5 to 20 minutes"),
        "1200..3600": gettext("20 to 60 minutes"),
        "3600..": gettext("Over an hour"),
    }


def _dates() -> dict[str, str]:
    today = datetime.now(UTC).date()
    year = today.year
    return {
        f"{today}..": gettext("Today"),
        f"{today - timedelta(days=6)}..": gettext("Last 7 days"),
        f"{today - timedelta(days=29)}..": gettext("Last 30 days"),
        f"{year}-01-01..": gettext("This year"),
        f"{year - 1}-01-01..{year}-01-01": gettext("Last year"),
        f"..{year - 1}-01-01": gettext("Earlier"),
    }


DATE = Range(
    "date",
    lazy_gettext("Added"),
    "created_after",
    "created_before",
    "",
    "date",
    _day,
    _shown_day,
    _shown_day,
    _dates,
)
SIZE = Range(
    "size",
    lazy_gettext("Size"),
    "min_size",
    "max_size",
    lazy_gettext("MB"),
    "text",
    _number(MB),
    _of(MB),
    lambda value, is_end: size_text(value),
    _sizes,
)
LENGTH = Range(
    "length",
    lazy_gettext("Length"),
    "min_duration",
    "max_duration",
    lazy_gettext("min"),
    "text",
    _number(MINUTE),
    _of(MINUTE),
    _minutes,
    _lengths,
)
RANGES = (DATE, SIZE, LENGTH)
