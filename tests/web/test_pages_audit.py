"""Owners read the audit log, filter it, take it with them, and have it verified."""

import csv
import io
import json
import uuid

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from lectern.models import Asset, Role
from lectern.people import audit
from lectern.people.principal import Principal
from tests.factories import make_asset, make_colleague, make_principal
from tests.web.conftest import SignIn


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    """A file, and a log about it and about people."""
    asset = make_asset(session, owner, name="Leaves")
    change = {"before": "Old", "after": "Leaves"}
    audit.record(session, owner, "asset.name", "asset", asset.id, change)
    audit.record(session, Principal.system(owner.workspace_id), "asset.retry", "asset", asset.id)
    audit.record(session, owner, "token.create", "token", uuid.uuid4(), {"name": "=1+1"})
    session.commit()
    return asset


@pytest.fixture
def browser(asset: Asset, owner: Principal, sign_in: SignIn) -> FlaskClient:
    return sign_in(owner)


def test_the_page_tells_what_was_done_by_whom(
    browser: FlaskClient, asset: Asset, owner: Principal
) -> None:
    page = browser.get("/audit").text
    assert "Renamed from “Old” to “Leaves”" in page
    assert "Created a token" in page
    assert f'href="/assets/{asset.id}"' in page
    assert owner.name in page
    assert page.index("Created a token") < page.index("Renamed from")


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("kind=token", "Created a token", "Renamed from"),
        ("kind=asset", "Renamed from", "Created a token"),
        ("actor=lectern", "Retried processing", "Renamed from"),
        ("since=2000-01-01", "Created a token", "No matching activity"),
        ("until=2000-01-01", "No matching activity", "Created a token"),
    ],
)
def test_filters_choose_lines(browser: FlaskClient, query: str, shown: str, hidden: str) -> None:
    for path in ("/audit", "/audit/lines"):
        page = browser.get(f"{path}?{query}").text
        assert shown in page
        assert hidden not in page


def test_one_thing_and_one_person_can_be_followed(
    session: Session, browser: FlaskClient, asset: Asset, owner: Principal
) -> None:
    colleague = make_colleague(session, owner)
    audit.record(session, colleague, "asset.description", "asset", asset.id, {"after": "x"})
    session.commit()
    about = browser.get(f"/audit?object={asset.id}").text
    assert "Description changed" in about
    assert "Created a token" not in about
    by = browser.get(f"/audit?actor={colleague.user_id}").text
    assert "Description changed" in by
    assert "Renamed from" not in by


@pytest.mark.parametrize(
    "query",
    [
        *("kind=nonsense", "actor=me", "object=1", "since=yesterday", "until=2026-13-01"),
        *("before=x", "before=-1", "before=99999999999999999999", "since=0001-01-01"),
    ],
)
def test_a_filter_that_cannot_be_understood_is_refused(browser: FlaskClient, query: str) -> None:
    assert browser.get(f"/audit?{query}").status_code == 422


def test_pages_lead_on_without_gap_or_repetition(
    session: Session, browser: FlaskClient, owner: Principal
) -> None:
    facts = [audit.Fact("folder.create", "folder", None, {"n": n}) for n in range(120)]
    audit.record_all(session, owner, facts)
    session.commit()
    seen: list[str] = []
    path = "/audit/lines?kind=folder"
    while True:
        page = browser.get(path).text
        seen += [line.split('"')[0] for line in page.split('id="entry-')[1:]]
        if "before=" not in page:
            break
        path = page.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    assert seen == [str(number) for number in range(124, 4, -1)]


def test_what_is_filtered_can_be_had_as_a_file(browser: FlaskClient) -> None:
    reply = browser.get("/audit/export.csv?kind=token")
    assert reply.headers["Content-Disposition"] == "attachment; filename=audit-log.csv"
    rows = list(csv.reader(io.StringIO(reply.data.decode("utf-8-sig"))))
    assert [row[3] for row in rows] == ["action", "token.create"]
    assert len(rows[1][-1]) == 64
    found = json.loads(browser.get("/audit/export.json").data)["items"]
    actions = [item["action"] for item in found]
    assert actions == ["session.start", "token.create", "asset.retry", "asset.name"]
    assert browser.get("/audit/export.xml").status_code == 404
    assert browser.get("/audit/export.csv?since=never").status_code == 422


def test_the_log_is_verified_and_a_change_shows(session: Session, browser: FlaskClient) -> None:
    whole = browser.get("/audit/verification").text
    assert "The audit log is intact." in whole
    assert "4 entries were verified" in whole
    session.execute(
        text(
            "INSERT INTO audit_entry (workspace_id, seq, at, action, object_type, details,"
            " previous_hash, hash) SELECT workspace_id, seq + 1, at, 'asset.purge', 'asset', '{}',"
            " hash, hash FROM audit_entry ORDER BY seq DESC LIMIT 1"
        )
    )
    session.commit()
    assert "The audit log has been altered." in browser.get("/audit/verification").text
    assert "Entry 5 is missing" in browser.get("/audit/verification").text


@pytest.mark.parametrize("role", [Role.EDITOR, Role.CONTRIBUTOR, Role.VIEWER])
def test_the_log_is_for_owners(
    session: Session, asset: Asset, owner: Principal, sign_in: SignIn, role: Role
) -> None:
    other = make_colleague(session, owner, role)
    session.commit()
    browser = sign_in(other)
    for path in ("", "/lines", "/export.csv", "/verification"):
        assert browser.get(f"/audit{path}").status_code == 404
    assert "/audit" not in browser.get("/").text


def test_another_workspaces_log_is_not_shown(
    session: Session, asset: Asset, sign_in: SignIn, owner: Principal
) -> None:
    stranger = make_principal(session)
    session.commit()
    browser = sign_in(stranger)
    assert "Renamed" not in browser.get(f"/audit?object={asset.id}").text
    assert "Leaves" not in browser.get(f"/audit?actor={owner.user_id}").text
    assert owner.name not in browser.get("/audit").text
