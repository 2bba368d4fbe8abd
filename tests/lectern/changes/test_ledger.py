"""What still stands of a change is put back; what somebody changed again stays, by name."""

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lectern.changes import ledger
from lectern.changes.ledger import Change

OBJECT = uuid.UUID(int=1)
VALUES = st.dictionaries(st.sampled_from("abcd"), st.none() | st.integers(0, 2))


@pytest.mark.parametrize(
    ("before", "after", "now", "restore", "overtaken"),
    [
        ({"a": 1}, {"a": 2}, {"a": 2}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, {"a": 1}, {}, []),
        ({"a": 1}, {"a": 2}, {"a": 3}, {}, ["a"]),
        ({}, {"a": 2}, {"a": 2}, {"a": None}, []),
        ({}, {"a": 2}, {}, {}, []),
        ({"a": 1}, {}, {}, {"a": 1}, []),
        ({"a": 1}, {"a": 1}, {"a": 3}, {}, []),
        ({"a": 1, "b": 1}, {"a": 2, "b": 2}, {"a": 2, "b": 3, "c": 4}, {"a": 1}, ["b"]),
    ],
)
def test_a_field_goes_back_where_it_is_as_the_change_left_it(
    before: dict[str, Any],
    after: dict[str, Any],
    now: dict[str, Any],
    restore: dict[str, Any],
    overtaken: list[str],
) -> None:
    assert ledger.standing(before, after, now) == (restore, overtaken)


@given(VALUES, VALUES, VALUES)
def test_an_undo_changes_only_what_the_change_left(
    before: dict[str, Any], after: dict[str, Any], now: dict[str, Any]
) -> None:
    found = ledger.standing(before, after, now)
    assert found.restore.keys() | set(found.overtaken) <= before.keys() | after.keys()
    undone = {**now, **found.restore}
    for field in before.keys() | after.keys():
        if field in found.overtaken:
            assert now.get(field) not in (before.get(field), after.get(field))
            assert undone.get(field) == now.get(field)
        elif before.get(field) != after.get(field):
            assert undone.get(field) == before.get(field)
        else:
            assert undone.get(field) == now.get(field)
    # A second undo finds nothing to do.
    assert ledger.standing(before, after, undone).restore == {}


def test_what_is_the_same_is_decided_by_the_field() -> None:
    def same(field: str, one: Any, other: Any) -> bool:
        return bool(one == other) or (field == "name" and one.lower() == other.lower())

    change = ({"name": "a", "tag": "a"}, {"name": "b", "tag": "b"}, {"name": "B", "tag": "B"})
    assert ledger.standing(*change, same) == ({"name": "a"}, ["tag"])


def test_changes_are_undone_backwards_and_conflicts_told_in_their_order() -> None:
    changes = [
        Change("asset", OBJECT, "name", "one", "two"),
        Change("asset", OBJECT, "name", "two", "three"),
        Change("asset", OBJECT, "language", None, "en"),
        Change("asset", OBJECT, "licence", None, "CC0"),
    ]
    values: dict[str, Any] = {"name": "three", "language": "de", "licence": "MIT"}

    def restore(change: Change) -> None:
        values[change.field] = change.before

    conflicts = ledger.undo(changes, lambda each: values[each.field], restore, overtaken="Changed.")
    assert values == {"name": "one", "language": "de", "licence": "MIT"}
    assert [(each.change.field, each.reason) for each in conflicts] == [
        ("language", "Changed."),
        ("licence", "Changed."),
    ]


def test_rows_keep_changes_as_they_were() -> None:
    changes = [Change("asset", OBJECT, "tags", ["a"], []), Change("workspace", None, "x", None, 1)]
    assert ledger.from_json(ledger.to_json(changes)) == changes
