"""The audit log over the API."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lectern.models import Role
from lectern.people.principal import Principal
from tests.factories import make_colleague
from tests.web.answers import assert_problem
from tests.web.biology import BIOLOGY, COURSES
from tests.web.conftest import Caller


@pytest.fixture
def course(api: Caller) -> str:
    """The address of a course."""
    assert api.put(f"{COURSES}/bio-1", json=BIOLOGY).status_code == 201
    return f"{COURSES}/bio-1"


def test_the_audit_log_is_a_chain_that_verifies(api: Caller, course: str) -> None:
    for number in range(3):
        api.put(course, json={**BIOLOGY, "title": f"Biology {number}"})
    seen: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.get(f"/api/v1/audit?limit=2&total=1&cursor={cursor}").json
        assert page is not None
        seen += page["items"]
        cursor = page["next"]
    assert page["total"] == len(seen)
    assert [line["seq"] for line in seen] == list(range(len(seen), 0, -1))
    for newer, older in itertools.pairwise(seen):
        assert newer["previous_hash"] == older["hash"]
    assert {line["action"] for line in seen} >= {"course.create", "course.change"}
    verdict = api.get("/api/v1/audit/verify").json
    assert verdict == {"ok": True, "entries": len(seen), "broken_at": None}


@pytest.mark.parametrize("query", ["limit=0", "cursor=x", "cursor=-1", "cursor=" + "9" * 30])
def test_a_parameter_the_audit_log_cannot_read_is_refused(api: Caller, query: str) -> None:
    assert_problem(api.get(f"/api/v1/audit?{query}"), 422)


@pytest.mark.parametrize("role", [Role.EDITOR, Role.CONTRIBUTOR, Role.VIEWER])
def test_the_audit_log_is_its_owners(
    session: Session, owner: Principal, with_token: Callable[..., Caller], role: Role
) -> None:
    caller = with_token(make_colleague(session, owner, role))
    for path in ("/api/v1/audit", "/api/v1/audit/verify"):
        assert_problem(caller.get(path), 404)
