"""Filters and sorts are declared once and whole; what follows from a declaration is there."""

import re
from collections import Counter
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lectern import values
from lectern.models import Listing
from lectern.people.principal import Principal
from lectern.search import Query, predicates
from lectern.search.filter_kinds import Choice, Filter, Flag, Limit, Named, Range, Sort, Words
from lectern.search.filters import BEST, FILTERS, RANGES, SORTS, fields_of
from lectern.search.query import read, write
from lectern.search.syntax import operators
from lectern.search.syntax.operator_table import OPERATORS

DOCS = (Path(__file__).resolve().parents[3] / "docs/search.md").read_text("utf-8")
OPERATOR_ROWS = re.findall(r"^\| `.+ \|$", DOCS, re.MULTILINE)
COLUMNS = set(Listing.__table__.columns.keys())


def sample(one: Filter) -> Any:
    """A value that a filter may be set to."""
    if isinstance(one, Choice):
        return next(iter(one.choices))
    if isinstance(one, Flag):
        return True
    for text in ("2026-01-31", "7", "0190a5d2-7c3e-7000-8000-0000000000aa", "name"):
        value = values.readable(text, one.reader)
        if value is not None:
            return value
    return "name"


ASKING = [one for one in FILTERS.values() if one.name not in {"q", "sort"}]


def test_no_operator_word_menu_or_name_is_declared_twice() -> None:
    single = [one for one in FILTERS.values() if not isinstance(one, Limit)]
    declared = [name for one in single for name in one.operators]
    declared += [name for one in RANGES.values() for name in (*one.least, *one.most, *one.both)]
    assert Counter([*declared, "is"]) == Counter(OPERATORS.keys())
    is_words = [word for one in single for word in getattr(one, "is_words", ())]
    assert len(is_words) == len(set(is_words))
    places = [one.menu for one in (*single, *RANGES.values()) if not isinstance(one, Words)]
    places = [place for place in places if place is not None]
    assert len(places) == len(set(places))
    names = [*FILTERS, *(one.form for one in RANGES.values())]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("kind", [Choice, Flag, Named, Words])
def test_a_filter_says_of_operator_label_menu_and_description_at_least_that_there_is_none(
    kind: type[Filter],
) -> None:
    must = {
        each.name
        for each in fields(kind)
        if each.default is MISSING and each.default_factory is MISSING
    }
    assert must >= {"description", "operators", "label", "menu"}


@pytest.mark.parametrize("one", FILTERS.values(), ids=FILTERS.keys())
def test_what_a_filter_needs_to_be_used_is_declared(one: Filter) -> None:
    assert one.name in Query.__dataclass_fields__
    assert one.default == getattr(Query(), one.name)
    assert bool(one.examples) == bool(one.operators or getattr(one, "is_words", ()))
    if one.menu is not None:
        assert one.label
    if isinstance(one, Choice):
        assert set(one.aliases.values()) | set(one.is_words) | set(one.either) <= set(one.choices)


@pytest.mark.parametrize("one", FILTERS.values(), ids=FILTERS.keys())
def test_an_example_sets_its_own_filter(one: Filter) -> None:
    own = {one.name, getattr(one, "unresolved", one.name)}
    own |= set(fields_of(one.range.name)) if isinstance(one, Limit) else set()
    for example in one.examples:
        assert set(operators.parse(example).filters) <= own, example
        assert operators.parse(example).filters, example


@pytest.mark.parametrize("one", ASKING, ids=[one.name for one in ASKING])
def test_a_filter_that_is_set_is_stored_and_asks_something(
    session: Session, owner: Principal, one: Filter
) -> None:
    query = replace(Query(), **{one.name: sample(one)})
    assert read(write(query)) == query
    plan = predicates.make(session, owner, query)
    assert not plan.free or not plan.live


@pytest.mark.parametrize("one", RANGES.values(), ids=RANGES.keys())
def test_a_range_limits_a_column_of_the_listing(one: Range) -> None:
    assert one.column in COLUMNS
    low, high = fields_of(one.name)
    assert (FILTERS[low].reader, FILTERS[high].reader) == (one.measure.reader, one.measure.reader)
    for preset in one.presets():
        low_text, dots, high_text = preset.partition("..")
        assert dots
        assert read({low: low_text, high: high_text}) != Query()


@pytest.mark.parametrize("one", SORTS.values(), ids=SORTS.keys())
def test_a_sort_is_by_a_column_of_the_listing_in_two_directions(one: Sort) -> None:
    assert (one.column in COLUMNS, bool(one.ascending), bool(one.descending)) == (
        one.name != BEST,
        True,
        one.name != BEST,
    )


def test_every_operator_has_its_line_in_the_documentation_and_no_other() -> None:
    documented = set(re.findall(r"`([a-z-]+):", " ".join(OPERATOR_ROWS)))
    assert documented == set(OPERATORS)


def test_every_sort_is_documented() -> None:
    (row,) = [row for row in DOCS.splitlines() if row.startswith("| `sort:")]
    assert set(SORTS) <= set(re.findall(r"`([a-z_]+)`", row.partition("the order:")[2]))


def test_the_words_of_choices_are_documented() -> None:
    for one in FILTERS.values():
        if isinstance(one, Choice):
            for word in one.choices:
                assert re.search(rf"[`:]{word}`", DOCS), word
