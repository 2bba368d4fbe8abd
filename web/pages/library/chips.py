"""The filters that hold, each as a chip that takes it away."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lectern.search.filter_kinds import Flag, Limit, Named
from lectern.search.filters import FILTERS, SEVERAL
from web.pages.library.labels import label, value_label
from web.pages.library.query import Asked
from web.pages.library.ranges import RANGE_CONTROLS


class Chip(NamedTuple):
    """One filter in words, and the address without it; `typed` is an operator of the box."""

    title: str
    value: str
    address: dict[str, Any]
    typed: bool = False


def of(asked: Asked, titles: Mapping[str, str]) -> list[Chip]:
    """In the order of the filters, those of one value first; operators in the box come last."""
    return [*_single(asked, titles), *_several(asked), *_ranges(asked), *_typed(asked)]


def _single(asked: Asked, titles: Mapping[str, str]) -> Iterator[Chip]:
    for name, one in FILTERS.items():
        value = getattr(asked.query, name)
        if not value or one.label is None or one.several or isinstance(one, Limit):
            continue
        without = asked.without(**{name: one.default})
        if isinstance(one, Flag):
            yield Chip("", label(one.label), without)
        else:
            yield Chip(label(one.label), value_label(one, value, titles), without)


def _several(asked: Asked) -> Iterator[Chip]:
    for name in SEVERAL:
        one, values = FILTERS[name], getattr(asked.query, name)
        any_of = isinstance(one, Named) and one.any_of and len(values) > 1
        title = label(one.plural if any_of else one.label)
        for value in values:
            rest = tuple(other for other in values if other != value)
            yield Chip(title, value, asked.without(**{name: rest}))


def _ranges(asked: Asked) -> Iterator[Chip]:
    for control in RANGE_CONTROLS:
        if control.chosen(asked.query):
            without = asked.without(**{control.low: None, control.high: None})
            yield Chip(control.title, control.words(asked.query), without)


def _typed(asked: Asked) -> list[Chip]:
    parts = dict.fromkeys(asked.parsed.parts)
    return [Chip("", part.text, asked.without_part(part), typed=True) for part in parts]
