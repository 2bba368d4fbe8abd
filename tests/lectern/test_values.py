"""One reader for each type of value, and one way to refuse."""

import re
import uuid
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lectern import values
from lectern.errors import Invalid
from lectern.values import Reader, Unfit

ID = uuid.UUID("0190a5d2-7c3e-7000-8000-0000000000aa")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=5,
)
READERS: dict[str, Reader[Any]] = {
    "text": values.text(20),
    "printable": values.printable(20, besides="\n"),
    "matching": values.matching(re.compile("[a-z]+"), "small letters"),
    "choice": values.choice(["one", "two"]),
    "items": values.items(values.text(), "texts", 2),
    "mapping": values.mapping,
    "whole": values.whole(0, 9),
    "digits": values.digits(0, 9),
    "number": values.number(),
    "decimal": values.decimal(comma=True),
    "boolean": values.boolean,
    "flag": values.flag,
    "identifier": values.identifier,
    "day": values.day,
    "moment": values.moment("utc"),
    "zoned": values.moment("never"),
    "link": values.link,
}


@pytest.mark.parametrize(
    ("reader", "sent", "value"),
    [
        ("text", "a\x00b", "a\x00b"),
        ("printable", "line\nline", "line\nline"),
        ("matching", "abc", "abc"),
        ("choice", "two", "two"),
        ("items", ["a", "b"], ["a", "b"]),
        ("mapping", {"a": 1}, {"a": 1}),
        ("whole", 9, 9),
        ("digits", "007", 7),
        ("digits", 7, 7),
        ("number", 1.5, 1.5),
        ("decimal", "1,5", 1.5),
        ("decimal", " 2.5 ", 2.5),
        ("boolean", False, False),
        ("flag", "1", True),
        ("flag", 0, False),
        ("flag", True, True),
        ("identifier", str(ID).upper(), ID),
        ("day", "2026-09-01", date(2026, 9, 1)),
        ("moment", "2026-09-01", datetime(2026, 9, 1, tzinfo=UTC)),
        ("moment", "2026-09-01T12:00", datetime(2026, 9, 1, 12, tzinfo=UTC)),
        ("zoned", "2026-09-01T12:00:00+02:00", datetime(2026, 9, 1, 10, tzinfo=UTC)),
        ("link", "https://example.org/a?b", "https://example.org/a?b"),
    ],
)
def test_a_value_is_read_as_its_type(reader: str, sent: Any, value: Any) -> None:
    found = READERS[reader](sent)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("reader", "sent", "message"),
    [
        ("text", 5, "must be text of at most 20 characters"),
        ("text", "x" * 21, "has more than 20 characters"),
        ("printable", "a\x07", "holds control characters"),
        ("printable", "\ud800", "holds half a character"),
        ("matching", "Abc", "must be small letters"),
        ("choice", "three", "must be one of one, two"),
        ("choice", ["one"], "must be one of one, two"),
        ("items", ["a", 5], "must be a list of texts"),
        ("items", ["a", "b", "c"], "must be a list of texts"),
        ("items", "a", "must be a list of texts"),
        ("mapping", [], "must be an object"),
        ("whole", True, "must be a whole number of at least 0"),
        ("whole", 1.0, "must be a whole number of at least 0"),
        ("whole", 10, "must be between 0 and 9"),
        ("digits", "٣", "must be a whole number"),
        ("digits", "-1", "must be a whole number"),
        ("digits", "9" * 5000, "must be a whole number"),
        ("digits", True, "must be a whole number"),
        ("number", "1", "must be a number"),
        ("number", float("nan"), "must be a number"),
        ("number", 10**400, "must be a number"),
        ("decimal", "inf", "must be a number"),
        ("decimal", True, "must be a number"),
        ("decimal", 10**400, "must be a number"),
        ("boolean", 1, "must be true or false"),
        ("flag", "yes", "must be 1 or 0"),
        ("identifier", "me", "must be an ID"),
        ("identifier", 5, "must be an ID"),
        ("day", "2026-02-30", "must be a date such as 2026-09-01"),
        ("moment", "yesterday", "must be a date or time such as 2026-09-01"),
        ("moment", "0001-01-01T00:00+10:00", "must be a date or time such as 2026-09-01"),
        ("zoned", "2026-09-01", "must be a time with its zone such as 2026-09-01T12:00:00Z"),
        ("link", "javascript:alert(1)", "must be a URL that starts with http:// or https://"),
        ("link", "http://[", "must be a URL that starts with http:// or https://"),
    ],
)
def test_what_is_no_such_value_is_refused_and_says_what_is_wanted(
    reader: str, sent: Any, message: str
) -> None:
    with pytest.raises(Unfit) as refusal:
        READERS[reader](sent)
    assert str(refusal.value) == message


@given(st.sampled_from(sorted(READERS)), JSON)
def test_any_json_is_read_or_refused(reader: str, sent: Any) -> None:
    with suppress(Unfit):
        assert READERS[reader](sent) is not None


def test_a_day_alone_may_do_without_a_zone_where_a_time_may_not() -> None:
    reader = values.moment("day")
    assert reader("2026-01-31") == datetime(2026, 1, 31, tzinfo=UTC)
    with pytest.raises(Unfit):
        reader("2026-01-31T10:00")


def test_a_number_stays_as_whole_as_it_was_sent() -> None:
    assert [type(values.number()(sent)) for sent in (5, 5.0)] == [int, float]


def test_a_field_is_refused_by_its_name_with_what_to_send() -> None:
    with pytest.raises(Invalid) as refusal:
        values.field("chapters.0.start", "soon", values.number())
    assert refusal.value.fields == {"chapters.0.start": "Send a number."}
    with pytest.raises(Invalid, match="Choose a color"):
        values.field("color", "red", values.choice(["blue"]), "Choose a color.")


@pytest.mark.parametrize(
    ("reader", "sent", "message"),
    [
        ("digits", "-1", "limit cannot be '-1'. Send a whole number."),
        ("printable", "a\x07", "limit cannot be 'a\\x07'. Send text without control characters."),
        ("choice", "three", "limit must be one of one, two."),
    ],
)
def test_a_parameter_is_refused_with_what_was_sent(reader: str, sent: str, message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        values.parameter("limit", sent, READERS[reader])
    assert str(refusal.value) == message
    assert refusal.value.fields == {"limit": message}


def test_ids_are_picked_from_what_a_page_sent() -> None:
    assert values.identifiers(["", str(ID), "x"]) == [ID]
