"""A version's own time on the file's page: said, changed, called off, made now."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.library import schedule_edits, versions
from lectern.models import Asset
from lectern.people.principal import Principal
from tests.factories import make_asset, make_blob
from tests.web.conftest import SignIn


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    """A file whose second version waits for a morning in Berlin."""
    made = make_asset(session, owner)
    versions.add(
        session,
        made,
        make_blob(session, owner.workspace_id),
        origin="replacement",
        original_name="new.mp4",
        facts={},
        created_by=owner.user_id,
    )
    day = datetime.now(UTC) + timedelta(days=40)
    schedule_edits.schedule(session, owner, made, 2, f"{day:%Y-%m-%d}T08:00", "Europe/Berlin")
    session.commit()
    return made


@pytest.fixture
def browser(asset: Asset, owner: Principal, sign_in: SignIn) -> FlaskClient:
    return sign_in(owner)


def send(browser: FlaskClient, asset: Asset, **values: str) -> tuple[int, str]:
    address = f"/assets/{asset.id}/versions/2/switch"
    page = browser.get(address).text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    reply = browser.post(address, data={"csrf_token": token, **values})
    return reply.status_code, reply.text


def test_the_panel_and_the_dialogs_say_when(browser: FlaskClient, asset: Asset) -> None:
    page = browser.get(f"/assets/{asset.id}").text
    assert "Becomes current on" in page
    assert "8:00" in page
    assert "(Europe/Berlin, UTC+0" in page
    assert "Change schedule…" in page
    assert 'id="bring-back-2"' not in page
    assert "will become current on" in page
    replace = browser.get(f"/assets/{asset.id}/replacement").text
    assert "Version 2 is scheduled for" in replace
    assert 'type="datetime-local"' in replace


def test_a_time_is_changed_refused_called_off_and_made_now(
    session: Session, browser: FlaskClient, asset: Asset
) -> None:
    day = f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%d}"
    at = {"switch_at": f"{day}T09:30", "switch_zone": "Asia/Tokyo", "do": "save"}
    assert send(browser, asset, **at)[0] == 303
    assert "Asia/Tokyo" in browser.get(f"/assets/{asset.id}").text
    status, page = send(browser, asset, **{**at, "switch_at": "2020-01-01T08:00"})
    assert (status, "That time is over" in page, "2020-01-01T08:00" in page) == (422, True, True)
    assert send(browser, asset, do="cancel")[0] == 303
    page = browser.get(f"/assets/{asset.id}").text
    assert "Will not become current automatically." in page
    assert "Schedule…" in page
    assert send(browser, asset, do="now")[0] == 422
    assert send(browser, asset, **at)[0] == 303
    assert send(browser, asset, do="now")[0] == 303
    session.refresh(asset)
    assert asset.version_number == 2


def test_before_the_upload_a_time_is_checked(browser: FlaskClient, asset: Asset) -> None:
    address = f"/assets/{asset.id}/replacement"
    page = browser.get(address).text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    said = {"csrf_token": token, "when": "at", "switch_zone": "Europe/Berlin"}
    past = browser.post(address, data={**said, "switch_at": "2020-01-01T08:00"})
    assert (past.status_code, "That time is over" in past.text) == (422, True)
    none = browser.post(address, data={**said, "switch_at": ""})
    assert none.status_code == 422
    day = f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%d}"
    assert browser.post(address, data={**said, "switch_at": f"{day}T08:00"}).status_code == 204
    assert browser.post(address, data={**said, "when": "ready"}).status_code == 204
