"""No list, number or facet needs to read a whole table: the plans of all statements are read.

The planner is told that scans are dear, since for the few rows of a test they would be right; a
table that is scanned all the same has no index for what was asked. What the planner does with a
million rows, `python -m bench.library` shows.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import reduce
from itertools import combinations
from operator import or_
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session

from lectern import search
from lectern.people.principal import Principal
from lectern.search import Query, facets, matches
from lectern.search.filters import ORDERS
from lectern.taxonomy import tags
from tests.factories import make_asset, make_course

LARGE = {
    "asset",
    "asset_said",
    "asset_tag",
    "asset_text",
    "code_delta",
    "code_listing",
    "digest_count",
    "listing",
    "said",
    "usage",
    "version",
    "vocabulary",
}
WEEK = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 8, tzinfo=UTC))
FILTERS: list[dict[str, Any]] = [
    {"q": "photosynthesis"},
    {"q": "phtosynthesis"},
    {"q": "ph exam"},
    {"said": ("chlorophyll",)},
    {"shown": ("light", "ph")},
    {"kind": "video"},
    {"tag": ("exam", "biology")},
    {"any_tag": ("exam", "biology")},
    {"folder": "Biology"},
    {"course": "course"},
    {"usage": "unused"},
    {"state": "ready"},
    {"duplicates": True},
    {"created_after": WEEK[0], "created_before": WEEK[1]},
    {"min_size": 10, "max_size": 1000},
    {"max_duration": 60.0},
    {"trashed": True},
]


@contextmanager
def statements(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    """What is sent to the database meanwhile."""
    sent: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            sent.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    yield sent
    event.remove(connection, "before_cursor_execute", note)


def scanned(node: dict[str, Any]) -> Iterator[str]:
    """The tables that a plan reads from end to end."""
    if node["Node Type"] in {"Seq Scan", "Sample Scan"}:
        yield node["Relation Name"]
    for inner in node.get("Plans", ()):
        yield from scanned(inner)


def tables_scanned(connection: Connection, sent: list[tuple[str, Any]]) -> set[str]:
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    found: set[str] = set()
    for statement, parameters in dict(sent).items():
        (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        told = plan[0] if not isinstance(plan[0], str) else json.loads(plan[0])
        found |= set(scanned(told[0]["Plan"])) & LARGE
    return found


@pytest.fixture
def shelf(session: Session, owner: Principal) -> None:
    make_course(session, owner, ref="course")
    for number in range(30):
        asset = make_asset(session, owner, name=f"Photosynthesis {number}")
        tags.put(session, asset, ["exam", "biology"])
    session.execute(text("ANALYZE listing, code_listing, asset_text, asset, asset_tag, code_delta"))


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("sort", [order for order in ORDERS if order != "-relevance"])
def test_no_sort_or_filter_scans_a_table(
    session: Session, connection: Connection, owner: Principal, sort: str
) -> None:
    with statements(connection) as sent:
        pairs = combinations([{}, *FILTERS], 2) if sort in {"-created", "name"} else zip(FILTERS)
        for filters in pairs:
            query = Query(**reduce(or_, filters, {"sort": sort}))
            first = search.ids(session, owner, query, cursor=None, limit=5)
            if first.next:
                search.ids(session, owner, query, cursor=first.next, limit=5)
    assert len(sent) > len(FILTERS)
    assert tables_scanned(connection, sent) == set()


@pytest.mark.usefixtures("shelf")
def test_no_number_or_facet_scans_a_table(
    session: Session, connection: Connection, owner: Principal
) -> None:
    with statements(connection) as sent:
        for filters in [{}, *FILTERS]:
            search.total(session, owner, Query(**filters))
            facets.of(session, owner, Query(**filters))
    assert tables_scanned(connection, sent) == set()


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    "filters", [{}, {"kind": "video"}, {"usage": "never"}, {"tag": ("exam",)}, {"trashed": True}]
)
def test_what_has_a_kept_count_is_not_counted(
    session: Session, connection: Connection, owner: Principal, filters: dict[str, Any]
) -> None:
    with statements(connection) as sent:
        search.total(session, owner, Query(**filters))
    assert not [statement for statement, _ in sent if "FROM listing" in statement]


@pytest.mark.usefixtures("shelf")
def test_matches_are_found_by_one_question_without_a_scan(
    session: Session, connection: Connection, owner: Principal
) -> None:
    found = search.ids(session, owner, Query(), cursor=None, limit=20)
    wanted = matches.wanted(Query(q="light said:chlorophyll shown:ph"))
    with statements(connection) as sent:
        matches.of_assets(session, owner, found.ids, wanted)
    assert len(sent) == 1
    assert tables_scanned(connection, sent) == set()


def test_a_scan_would_be_seen(session: Session, connection: Connection) -> None:
    with statements(connection) as sent:
        session.execute(text("SELECT count(*) FROM asset WHERE description LIKE 'a%'"))
    assert tables_scanned(connection, sent) == {"asset"}
