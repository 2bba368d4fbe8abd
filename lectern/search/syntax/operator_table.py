"""What each search operator means: a table from its name to how its value is read."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from lectern.search.query import KINDS, SORTS, STATES
from lectern.search.syntax import measures
from lectern.search.syntax.measures import Bounds, Incomplete


class Meaning(NamedTuple):
    """`filters` by the names of `Query`; `field` is the one, or what a pair of bounds is about."""

    field: str
    value: str
    filters: dict[str, Any]


class Operator(NamedTuple):
    """`read` raises ValueError for what it does not know; `hint` then says what to write."""

    read: Callable[[str], Meaning]
    hint: str


# Of these several hold together.
ADDING = ("tag", "said", "shown")


def _choice(name: str, meanings: Mapping[str, tuple[str, Any]]) -> Operator:
    def read(text: str) -> Meaning:
        text = text.lower()
        if text not in meanings:
            begun = any(known.startswith(text) for known in meanings)
            raise Incomplete(text) if begun else ValueError(text)
        field, value = meanings[text]
        return Meaning(field, text if value is True else value, {field: value})

    return Operator(read, f"Write {name}: and one of {', '.join(meanings)}.")


def _text(field: str, example: str) -> Operator:
    def read(text: str) -> Meaning:
        return Meaning(field, text, {field: (text,) if field in ADDING else text})

    return Operator(read, f"Write it like {example}.")


def _owner(text: str) -> Meaning:
    try:
        return Meaning("owner", text, {"owner": uuid.UUID(text)})
    except ValueError:
        # Who that is only the database knows: `operators.resolve` asks it.
        return Meaning("owner", text, {"owner_name": text})


def _measured(field: str, read: Callable[[str], Bounds], hint: str) -> Operator:
    return Operator(lambda text: _bounded(field, text, read(text)), hint)


def _bounded(field: str, text: str, bounds: Bounds) -> Meaning:
    ends = {f"min_{field}": bounds.low, f"max_{field}": bounds.high}
    return Meaning(field, text, {name: end for name, end in ends.items() if end is not None})


def _longer(text: str) -> Meaning:
    return _bounded("duration", f">={text}", Bounds(measures.duration(text), None))


def _shorter(text: str) -> Meaning:
    return _bounded("duration", f"<={text}", Bounds(None, measures.duration(text)))


def _after(text: str) -> Meaning:
    return Meaning("created", f">={text}", {"created_after": measures.day(text)[0]})


def _before(text: str) -> Meaning:
    return Meaning("created", f"<{text}", {"created_before": measures.day(text)[0]})


def _date(text: str) -> Meaning:
    begin, end = measures.days(text)
    ends = {"created_after": begin, "created_before": end}
    return Meaning("created", text, {name: at for name, at in ends.items() if at is not None})


_SIZE_HINT = "Write sizes like >100mb, <=2gb or size:10mb..1gb."
_LENGTH_HINT = "Write durations like duration:>90s, length:5m..20m or longer:1h30m."
_DAY_HINT = "Write a year, month or day like 2026, 2026-01 or 2026-01-31."
_USAGES = {
    "used": ("usage", "used"),
    "unused": ("usage", "unused"),
    "formerly": ("usage", "formerly"),
    "never": ("usage", "never"),
    "yes": ("usage", "used"),
    "no": ("usage", "unused"),
}
_STATES = {state: ("state", state) for state in STATES}
_IS = {
    "used": ("usage", "used"),
    "unused": ("usage", "unused"),
    "duplicate": ("duplicates", True),
    **_STATES,
    "trashed": ("trashed", True),
}
_SORTS = {each: ("sort", each) for sort in SORTS for each in (sort, f"-{sort}")}

OPERATORS: Mapping[str, Operator] = {
    "tag": _text("tag", 'tag:react or tag:"two words"'),
    "kind": _choice("kind", {kind: ("kind", kind) for kind in KINDS}),
    "said": _text("said", 'said:mitosis or said:"cell wall"'),
    "shown": _text("shown", 'shown:mitosis or shown:"cell wall"'),
    "folder": _text("folder", 'folder:Biology or folder:"Biology/Week 1"'),
    "course": _text("course", "course:bio-101"),
    "used": _choice("used", _USAGES),
    "usage": _choice("usage", _USAGES),
    "is": _choice("is", _IS),
    "state": _choice("state", _STATES),
    "owner": Operator(_owner, "Write owner:me, a person's name or an email address."),
    "size": _measured("size", measures.sizes, _SIZE_HINT),
    "longer": Operator(_longer, _LENGTH_HINT),
    "shorter": Operator(_shorter, _LENGTH_HINT),
    "length": _measured("duration", measures.durations, _LENGTH_HINT),
    "duration": _measured("duration", measures.durations, _LENGTH_HINT),
    "after": Operator(_after, _DAY_HINT),
    "before": Operator(_before, _DAY_HINT),
    "date": Operator(_date, _DAY_HINT),
    "sort": _choice("sort", _SORTS),
}
