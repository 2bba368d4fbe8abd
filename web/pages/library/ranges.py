"""Filters from … to …: sizes, lengths and dates, as presets and as a person's own limits.

An address holds limits as the API names them (`min_size`); a form sends a preset or two fields
(`size=own`, `size_from=5`), which become limits here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_babel import gettext

from lectern import values
from lectern.errors import Invalid
from lectern.search import Query
from lectern.search.filter_kinds import Range
from lectern.search.filters import RANGES, fields_of
from lectern.text import size_text
from web.pages.library.labels import label

OWN = "own"
MB, MINUTE = 1_000_000, 60.0


@dataclass(frozen=True)
class Format:
    """How limits of a measure are typed into a form, and shown.

    The functions take a limit and whether it is the upper one. `read` takes what was typed and
    gives what an address holds, `show` the other way round, and `words` is for chips.
    """

    input_type: str
    read: Callable[[str, bool], str]
    show: Callable[[Any, bool], str]
    words: Callable[[Any, bool], str]


@dataclass(frozen=True)
class RangeControl:
    """A range as a form offers it: presets, and two fields for a person's own limits."""

    range: Range
    low: str
    high: str
    format: Format

    @property
    def name(self) -> str:
        """The name of its choice in the form."""
        return self.range.form

    @property
    def title(self) -> str:
        """What it is called."""
        return label(self.range.label)

    @property
    def unit(self) -> str:
        """What the fields are called beside."""
        return label(self.range.unit)

    @property
    def input_type(self) -> str:
        """The type of the fields."""
        return self.format.input_type

    def presets(self) -> dict[str, str]:
        """Ranges to choose from, in words."""
        return {value: label(text) for value, text in self.range.presets().items()}

    def take(self, args: Mapping[str, str], sent: dict[str, Any]) -> None:
        """Put the limits that a submitted form holds into an address's values, `sent`.

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
        sent[self.low], sent[self.high] = low, high

    def _field(self, args: Mapping[str, str], name: str, is_end: bool) -> str:
        text = args.get(name, "").strip()
        try:
            return self.format.read(text, is_end) if text else ""
        except (ValueError, OverflowError) as error:
            message = gettext("“%(text)s” is not a valid limit for a filter.", text=text[:80])
            raise Invalid(message, {name: message}) from error

    def limits(self, query: Query) -> tuple[Any, Any]:
        """The lower and the upper limit, None where there is none."""
        return getattr(query, self.low), getattr(query, self.high)

    def chosen(self, query: Query) -> str:
        """The preset that the query's limits are, `own`, or empty for no limit."""
        low, high = self.limits(query)
        if low is None and high is None:
            return ""
        for value in self.range.presets():
            preset: dict[str, Any] = {}
            self.take({self.name: value}, preset)
            if self._plain(low) == preset[self.low] and self._plain(high) == preset[self.high]:
                return value
        return OWN

    def words(self, query: Query) -> str:
        """The limits in words: `5.0 MB to 10 MB`, `over 1 hour`."""
        low, high = self.limits(query)
        preset = self.presets().get(self.chosen(query))
        if preset:
            return preset
        if high is None:
            return str(gettext("from %(low)s", low=self.format.words(low, False)))
        if low is None:
            return str(gettext("up to %(high)s", high=self.format.words(high, True)))
        both = {"low": self.format.words(low, False), "high": self.format.words(high, True)}
        return str(gettext("%(low)s to %(high)s", **both))

    def own(self, query: Query) -> tuple[str, str]:
        """What the two fields show."""
        low, high = self.limits(query)
        return (
            "" if low is None else self.format.show(low, False),
            "" if high is None else self.format.show(high, True),
        )

    @staticmethod
    def _plain(value: Any) -> str:
        if isinstance(value, datetime):
            return value.astimezone(UTC).strftime("%Y-%m-%d") if _is_midnight(value) else "?"
        return "" if value is None else f"{value:.0f}"


def _is_midnight(at: datetime) -> bool:
    return (at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0)


def _number(factor: float) -> Callable[[str, bool], str]:
    number = values.decimal(0, 1e12, comma=True)
    return lambda text, is_end: f"{number(text) * factor:.0f}"


def _of(factor: float) -> Callable[[Any, bool], str]:
    return lambda value, is_end: f"{value / factor:.4f}".rstrip("0").rstrip(".")


def _day(text: str, is_end: bool) -> str:
    """A person's last day belongs to the range; an address's does not."""
    return (values.day(text) + timedelta(days=is_end)).isoformat()


def _shown_day(at: datetime, is_end: bool) -> str:
    return (at - timedelta(days=is_end and _is_midnight(at))).strftime("%Y-%m-%d")


def _minutes(seconds: float, is_end: bool) -> str:
    if seconds < MINUTE or seconds % MINUTE:
        return str(gettext("%(number)s s", number=f"{seconds:g}"))
    return str(gettext("%(number)s min", number=f"{seconds / MINUTE:g}"))


FORMATS: Mapping[str, Format] = {
    "days": Format("date", _day, _shown_day, _shown_day),
    "bytes": Format("text", _number(MB), _of(MB), lambda value, is_end: size_text(value)),
    "seconds": Format("text", _number(MINUTE), _of(MINUTE), _minutes),
}


def _control(scale: Range) -> RangeControl:
    low, high = fields_of(scale.name)
    return RangeControl(scale, low, high, FORMATS[scale.measure.name])


RANGE_CONTROLS = tuple(map(_control, RANGES.values()))
