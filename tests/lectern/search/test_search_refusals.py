"""What no search understands is refused by its name."""

import base64
import json
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lectern import search
from lectern.errors import Invalid
from lectern.people.principal import Principal
from lectern.search import Query
from tests.factories import make_asset


def test_the_longest_names_leave_room_for_a_cursor(session: Session, owner: Principal) -> None:
    for _ in range(2):
        make_asset(session, owner, name="🎬" * 200)
    query = Query(sort="name")
    first = search.page(session, owner, query, cursor=None, limit=1)
    assert first.next is not None
    assert len(first.next) < 2000
    assert len(search.page(session, owner, query, cursor=first.next, limit=1).assets) == 1


def cursor_of(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


ID = "00000000-0000-7000-8000-000000000001"
NO_CURSORS = [
    "x",
    "ü",
    "!" * 50,
    "A" * 2000,
    base64.urlsafe_b64encode(b"[" * 1500).decode(),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    *map(cursor_of, (5, None, [], "abc", {"a": 1, "b": 2, "c": 3}, ["other", 1, ID])),
]
NO_VALUES: dict[str, list[Any]] = {
    "created": [None, 5, "", "yesterday", "2026-01-01T00:00:00", [], "\ud800"],
    "name": [None, 5, [], "\x00", "\ud800"],
    "size": [None, True, 10**30, -1, 1.5, "5", []],
    "duration": [None, "x", float("inf"), float("nan"), 10**400, []],
    "usage": [None, True, 1 << 63, "1"],
    "last_used": [None, 0, "2026-13-01T00:00:00Z"],
}
FOREIGN = [
    *((sort, cursor) for sort in NO_VALUES for cursor in NO_CURSORS),
    *((sort, cursor_of([sort, value, ID])) for sort in NO_VALUES for value in NO_VALUES[sort]),
    *(("name", cursor_of(["name", "x", other])) for other in (None, 5, "x", [])),
    ("name", cursor_of(["-name", "x", ID])),
]


@pytest.mark.parametrize(("sort", "cursor"), FOREIGN)
def test_a_cursor_from_elsewhere_is_refused(
    session: Session, owner: Principal, sort: str, cursor: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        search.page(session, owner, Query(sort=sort), cursor=cursor, limit=5)
    assert refusal.value.fields.keys() == {"cursor"}


@pytest.mark.parametrize(
    ("field_", "query"),
    [
        ("q", Query(q="x" * 501)),
        ("q", Query(q=" ".join(map(str, range(51))))),
        ("kind", Query(kind="film")),
        ("state", Query(state="done")),
        ("usage", Query(usage="sometimes")),
        ("sort", Query(sort="color")),
        ("sort", Query(sort="--name")),
        ("folder", Query(folder="a/../b")),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_with_its_name(
    session: Session, owner: Principal, field_: str, query: Query
) -> None:
    with pytest.raises(Invalid) as refusal:
        search.page(session, owner, query, cursor=None, limit=5)
    assert refusal.value.fields.keys() == {field_}


@pytest.mark.parametrize("limit", [0, -1, 201, 10**9])
def test_a_page_has_1_to_200(session: Session, owner: Principal, limit: int) -> None:
    with pytest.raises(Invalid):
        search.page(session, owner, Query(), cursor=None, limit=limit)
