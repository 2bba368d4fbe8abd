"""The operators of the search box, as the filters declare them: how the value of each is read."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from lectern import values
from lectern.errors import Message
from lectern.search.filter_kinds import Choice, Filter, Flag, Limit, Named, Range
from lectern.search.filters import FILTERS, ORDERS, RANGES, fields_of
from lectern.search.syntax.measures import Bounds, Incomplete

IS = "is"


class Meaning(NamedTuple):
    """`filters` by the names of `Query`; `field` is the one, or the range that they limit."""

    field: str
    value: str
    filters: dict[str, Any]


class Operator(NamedTuple):
    """`read` raises ValueError for what it does not know; `hint` then says what to write."""

    read: Callable[[str], Meaning]
    hint: str


def _table() -> Iterator[tuple[str, Operator]]:
    is_words = _is_words()
    for one in FILTERS.values():
        for name in () if isinstance(one, Limit) else one.operators:
            yield name, _operator(one, name)
        # Where the first of its words belongs to.
        if is_words and next(iter(is_words.values()))[0] == one.name:
            yield IS, _choice(IS, is_words)
    for scale in RANGES.values():
        yield from _range_operators(scale)


def _is_words() -> dict[str, tuple[str, Any]]:
    words: dict[str, tuple[str, Any]] = {}
    for one in FILTERS.values():
        if isinstance(one, Choice):
            words |= {word: (one.name, word) for word in one.is_words}
        if isinstance(one, Flag):
            words |= {word: (one.name, True) for word in one.is_words}
    return words


def _operator(one: Filter, name: str) -> Operator:
    match one:
        case Choice():
            words = {word: (one.name, word) for word in one.choices}
            return _choice(name, words | {k: (one.name, v) for k, v in one.aliases.items()})
        case Named(unresolved=unresolved) if unresolved:
            return Operator(partial(_unresolved, one, unresolved), one.hint)
    if one.name == "sort":
        return _choice(name, {order: (one.name, order) for order in ORDERS})
    return Operator(
        partial(_text, one), Message("Write it like %(list)s.", list=" or ".join(one.examples))
    )


def _choice(name: str, meanings: Mapping[str, tuple[str, Any]]) -> Operator:
    def read(text: str) -> Meaning:
        text = text.lower()
        if text not in meanings:
            begun = any(known.startswith(text) for known in meanings)
            raise Incomplete(text) if begun else ValueError(text)
        field, value = meanings[text]
        return Meaning(field, text if value is True else value, {field: value})

    return Operator(
        read, Message("Write %(name)s: and one of %(list)s.", name=name, list=", ".join(meanings))
    )


def _text(one: Filter, text: str) -> Meaning:
    return Meaning(one.name, text, {one.name: (text,) if one.several else text})


def _unresolved(one: Filter, unresolved: str, text: str) -> Meaning:
    value = values.readable(text, one.reader)
    # What is no value of its own only the database knows: `operators.resolve` asks it.
    return Meaning(one.name, text, {unresolved: text} if value is None else {one.name: value})


def _range_operators(scale: Range) -> Iterator[tuple[str, Operator]]:
    below = "<" if scale.measure.open_ended else "<="
    for name in scale.least:
        yield name, Operator(partial(_limit, scale, ">="), scale.hint)
    for name in scale.most:
        yield name, Operator(partial(_limit, scale, below), scale.hint)
    for name in scale.both:
        yield name, Operator(partial(_within, scale), scale.hint)


def _limit(scale: Range, sign: str, text: str) -> Meaning:
    value = scale.measure.limit(text)
    bounds = Bounds(value, None) if sign == ">=" else Bounds(None, value)
    return _bounded(scale, f"{sign}{text}", bounds)


def _within(scale: Range, text: str) -> Meaning:
    return _bounded(scale, text, scale.measure.within(text))


def _bounded(scale: Range, text: str, bounds: Bounds) -> Meaning:
    ends = zip(fields_of(scale.name), bounds, strict=True)
    return Meaning(scale.name, text, {name: end for name, end in ends if end is not None})


OPERATORS: Mapping[str, Operator] = dict(_table())
