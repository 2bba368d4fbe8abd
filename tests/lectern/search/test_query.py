"""Queries have one form: what is written reads back, and nothing else gets in."""

import json
import uuid
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lectern.errors import Invalid
from lectern.search.filter_kinds import LONGEST_VALUE
from lectern.search.filters import BEST, FILTERS, LONGEST_QUERY, NEWEST, ORDERS, Query
from lectern.search.query import read, write
from lectern.search.syntax.measures import MOST_BYTES, MOST_SECONDS

LETTERS = st.characters(exclude_categories=["Cc", "Cs"])
TEXT = st.text(LETTERS, max_size=30)
TAGS = st.lists(TEXT.filter(bool), max_size=4, unique=True).map(tuple)
MOMENTS = st.none() | st.datetimes(
    min_value=datetime(2, 1, 1),
    max_value=datetime(9998, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-11, minutes=-30))]),
)
SIZES = st.none() | st.integers(0, MOST_BYTES)
SECONDS = st.none() | st.floats(0, MOST_SECONDS, exclude_max=True)
QUERIES = st.builds(
    Query,
    q=st.text(LETTERS, max_size=LONGEST_QUERY),
    kind=st.sampled_from(["", *FILTERS["kind"].choices]),
    tag=TAGS,
    any_tag=TAGS,
    folder=TEXT,
    course=TEXT,
    usage=st.sampled_from(["", *FILTERS["usage"].choices]),
    state=st.sampled_from(["", *FILTERS["state"].choices]),
    owner=st.none() | st.uuids(),
    duplicates=st.booleans(),
    created_after=MOMENTS,
    created_before=MOMENTS,
    min_size=SIZES,
    max_size=SIZES,
    min_duration=SECONDS,
    max_duration=SECONDS,
    trashed=st.booleans(),
    sort=st.sampled_from(["", *ORDERS]),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=5,
)
NAMES = [field.name for field in fields(Query)]


@given(QUERIES)
@example(Query(min_size=0, max_size=MOST_BYTES, min_duration=0.0, max_duration=5e-324))
def test_what_is_written_reads_back(query: Query) -> None:
    assert read(write(query)) == query
    assert read(json.loads(json.dumps(write(query)))) == query


@given(QUERIES)
def test_addresses_hold_every_query(query: Query) -> None:
    address = parse_qs(urlencode(write(query), doseq=True))
    lists = {"tag", "any_tag"}
    assert read({k: v if k in lists else v[0] for k, v in address.items()}) == query


def test_what_is_default_is_not_written() -> None:
    assert write(Query()) == {}
    assert read({}) == read(dict.fromkeys(NAMES, "")) == read({"other": object()}) == Query()


@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4))
def test_any_json_is_read_or_refused_by_name(values: dict[str, Any]) -> None:
    query = read_or_refused(values)
    if isinstance(query, Invalid):
        assert query.fields.keys() <= values.keys()
        assert len(query.fields) == 1
    else:
        assert read(write(query)) == query


def read_or_refused(values: dict[str, Any]) -> Query | Invalid:
    try:
        return read(values)
    except Invalid as refusal:
        return refusal


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("q", "x" * (LONGEST_QUERY + 1)),
        ("q", "a\x00b"),
        ("q", "\ud800"),
        ("q", 5),
        ("kind", "film"),
        ("kind", ["video"]),
        ("sort", "--name"),
        ("tag", [str(number) for number in range(51)]),
        ("tag", ["a", 5]),
        ("any_tag", {"a": 1}),
        ("folder", "x" * (LONGEST_VALUE + 1)),
        ("owner", "me"),
        ("duplicates", "yes"),
        ("created_after", "2026-02-30"),
        ("created_after", "2026-01-31T10:00"),
        ("created_before", "0001-01-01T00:00+10:00"),
        ("min_size", "9" * 5000),
        ("min_size", "-1"),
        ("min_size", "٣"),
        ("min_size", True),
        ("max_size", 1.5),
        ("max_size", MOST_BYTES + 1),
        ("min_duration", "nan"),
        ("max_duration", 10**400),
        ("max_duration", True),
    ],
)
def test_a_value_that_no_filter_understands_is_refused(name: str, value: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        read({name: value})
    assert refusal.value.fields == {name: str(refusal.value)}


def test_values_are_read_as_people_and_programs_write_them() -> None:
    owner = uuid.uuid4()
    assert read(
        {
            "tag": "one",
            "any_tag": ["b", "", "a", "b"],
            "owner": str(owner).upper(),
            "duplicates": True,
            "trashed": "0",
            "created_after": "2026-01-31",
            "created_before": "2026-01-31T10:00:00+02:00",
            "min_size": 5,
            "max_size": "007",
            "min_duration": "1.5",
        }
    ) == Query(
        tag=("one",),
        any_tag=("b", "a"),
        owner=owner,
        duplicates=True,
        created_after=datetime(2026, 1, 31, tzinfo=UTC),
        created_before=datetime(2026, 1, 31, 8, tzinfo=UTC),
        min_size=5,
        max_size=7,
        min_duration=1.5,
    )


def test_the_best_match_comes_first_when_something_is_searched_for() -> None:
    assert Query().order == NEWEST
    assert Query(q="cell").order == BEST
    assert Query(q="cell", sort="name").order == "name"
