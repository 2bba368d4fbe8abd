"""A version's own time, by the API: given with the upload, changed, called off, made now."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.library import versions
from lectern.models import Asset, ScheduledSwitch
from tests.factories import make_asset, make_blob
from tests.web.answers import assert_problem
from tests.web.conftest import Caller
from tests.web.test_api_docs import check

ASSETS = "/api/v1/assets"
SWITCH = "/assets/{id}/versions/{number}/switch"


@pytest.fixture
def asset(session: Session, api: Caller) -> Asset:
    """A file with a second version that was never shown."""
    made = make_asset(session, api.who)
    versions.add(
        session,
        made,
        make_blob(session, made.workspace_id),
        origin="replacement",
        original_name="new.mp4",
        facts={},
        created_by=api.who.user_id,
    )
    session.commit()
    return made


def tomorrow() -> str:
    return f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M}"


def address(asset: Asset, number: int = 2) -> str:
    return f"{ASSETS}/{asset.id}/versions/{number}/switch"


def test_a_time_is_given_told_changed_and_called_off(api: Caller, asset: Asset) -> None:
    at = tomorrow()
    reply = api.put(address(asset), json={"at": at, "zone": "Etc/GMT-2"})
    check(reply, "PUT", SWITCH)
    listed = api.get(f"{ASSETS}/{asset.id}/versions")
    check(listed, "GET", "/assets/{id}/versions")
    assert listed.json is not None
    newest, first = listed.json["items"]
    assert newest == reply.json
    utc = datetime.fromisoformat(at).replace(tzinfo=UTC) - timedelta(hours=2)
    assert datetime.fromisoformat(newest["switches_at"]) == utc
    assert (newest["switch"]["state"], newest["switch"]["local"]) == ("waiting", at)
    assert (newest["current"], first["current"], first["switches_at"]) == (False, True, None)
    assert api.delete(address(asset)).status_code == 204
    called_off = api.get(f"{ASSETS}/{asset.id}/versions").json
    assert called_off is not None
    assert called_off["items"][0]["switches_at"] is None
    assert called_off["items"][0]["switch"]["state"] == "cancelled"
    assert_problem(api.delete(address(asset)), 409)
    assert api.put(address(asset), json={"at": at}).status_code == 200
    now = api.put(address(asset), json={"at": "now"})
    assert now.json is not None
    assert now.json["current"] is True
    shown = api.get(f"{ASSETS}/{asset.id}").json
    assert shown is not None
    assert shown["version"] == 2


@pytest.mark.parametrize(
    ("number", "body", "status"),
    [
        (2, {}, 422),
        (2, {"at": 5}, 422),
        (2, {"at": "soon"}, 422),
        (2, {"at": "2020-01-01T08:00"}, 422),
        (2, {"at": "2199-01-01T08:00"}, 422),
        (2, {"at": "2026-12-01T08:00", "zone": "Nowhere"}, 422),
        (2, {"at": "now"}, 409),
        (1, {"at": tomorrow()}, 409),
        (3, {"at": tomorrow()}, 404),
        ((1 << 40), {"at": tomorrow()}, 404),
    ],
)
def test_what_cannot_be_is_refused(
    api: Caller, asset: Asset, number: int, body: dict[str, object], status: int
) -> None:
    assert_problem(api.put(address(asset, number), json=body), status)


def test_an_upload_names_the_time(session: Session, api: Caller, asset: Asset) -> None:
    said = {"filename": "new.mp4", "replaces": str(asset.id), "switch_at": tomorrow()}
    reply = api.post("/api/v1/uploads", headers=_headers({**said, "switch_zone": "Asia/Tokyo"}))
    assert reply.status_code == 201
    (planned,) = session.scalars(select(ScheduledSwitch)).all()
    assert (planned.zone, planned.local) == ("Asia/Tokyo", said["switch_at"])
    assert (planned.state, planned.version_id) == ("waiting", None)
    del said["replaces"]
    assert_problem(api.post("/api/v1/uploads", headers=_headers(said)), 422)


def _headers(said: dict[str, str]) -> dict[str, str]:
    pairs = [f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in said.items()]
    return {"Upload-Length": "10", "Upload-Metadata": ",".join(pairs), "Tus-Resumable": "1.0.0"}
