"""Owners see what the storage holds, and get from there to what could go."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.models import Role
from lectern.people.principal import Principal
from lectern.renditions import renditions
from lectern.search import selections
from tests.factories import make_asset, make_blob, make_colleague, make_course
from tests.web.conftest import SignIn


@pytest.fixture
def browser(owner: Principal, sign_in: SignIn) -> FlaskClient:
    return sign_in(owner)


def test_the_page_tells_sizes_by_kind_course_and_month(
    session: Session, owner: Principal, browser: FlaskClient
) -> None:
    blob = make_blob(session, owner.workspace_id, byte_size=5_000_000)
    asset = make_asset(session, owner, blob=blob)
    make_asset(session, owner, blob=blob)
    made = make_blob(session, owner.workspace_id, byte_size=700_000)
    renditions.record(session, owner.workspace_id, blob.id, "playable", made, {})
    course = make_course(session, owner, title="Cell biology <2>")
    usages.put(session, owner, Place(course.ref, "c0", "l0"), [UsageSpec(asset.id)])
    session.commit()
    page = browser.get("/storage").text
    for words in (
        *("5.7 MB", "10 MB", "Playback files", "700 KB", "Cell biology &lt;2&gt;"),
        *("<growth-chart", "echarts.common.min.js", f'<th scope="row">{datetime.now(UTC):%Y-%m}'),
    ):
        assert words in page, words
    assert " style=" not in page


def test_an_empty_library_says_so(browser: FlaskClient) -> None:
    page = browser.get("/storage").text
    assert "Nothing is stored yet" in page
    assert "echarts" not in page


def test_what_was_not_used_for_long_is_selected_in_the_library(
    session: Session, owner: Principal, browser: FlaskClient
) -> None:
    old = make_asset(session, owner, created_at=datetime.now(UTC) - timedelta(days=200))
    make_asset(session, owner)
    session.commit()
    page = browser.get("/storage").text
    assert "6 months" in page
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    reply = browser.post("/storage/unused", data={"csrf_token": token, "months": "6"})
    assert (reply.status_code, "usage=unused" in reply.headers["Location"]) == (303, True)
    chosen = selections.begin(session, owner, "library")
    session.refresh(chosen)
    assert chosen.added == [old.id]
    reply = browser.post("/storage/unused", data={"csrf_token": token, "months": "5"})
    assert reply.status_code == 422


def test_others_find_no_such_page(session: Session, owner: Principal, sign_in: SignIn) -> None:
    editor = make_colleague(session, owner, Role.EDITOR)
    session.commit()
    browser = sign_in(editor)
    assert browser.get("/storage").status_code == 404
    assert 'href="/storage"' not in browser.get("/library").text
