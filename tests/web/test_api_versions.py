"""Versions by the API: read, brought back, and never lost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lectern.models import Asset, Role
from lectern.storage import Storage
from tests.factories import add_version, make_asset, make_colleague, make_principal
from tests.web.conftest import Caller, stored_blob
from tests.web.test_api_docs import check

ASSETS = "/api/v1/assets"
ROLLBACK = "/assets/{id}/rollback"


@pytest.fixture
def asset(session: Session, api: Caller, storage: Storage, tmp_path: Path) -> Asset:
    """Two versions with bytes; the second is current."""
    first, second = (
        stored_blob(session, storage, api.who, content, tmp_path)
        for content in (b"first", b"second")
    )
    made = make_asset(session, api.who, blob=first)
    add_version(session, made, second)
    session.commit()
    return made


def numbers(api: Caller, asset: Asset) -> list[tuple[int, bool, str]]:
    listed = api.get(f"{ASSETS}/{asset.id}/versions").json
    assert listed is not None
    return [(each["version"], each["current"], each["origin"]) for each in listed["items"]]


def test_a_rollback_appends_a_version_and_answers_with_the_asset(api: Caller, asset: Asset) -> None:
    before = api.get(f"{ASSETS}/{asset.id}/versions").json
    assert before is not None
    reply = api.post(f"{ASSETS}/{asset.id}/rollback", json={"version": 1})
    assert reply.status_code == 201
    check(reply, "POST", ROLLBACK)
    body = reply.json
    assert body is not None
    assert (body["version"], body["versions"], body["state"]) == (3, 3, "ready")
    assert body["digest"] == before["items"][1]["digest"]
    assert reply.headers["ETag"] == api.get(f"{ASSETS}/{asset.id}").headers["ETag"]
    assert numbers(api, asset) == [
        (3, True, "rollback"),
        (2, False, "replacement"),
        (1, False, "upload"),
    ]
    assert api.get(f"/m/{asset.id}").data == b"first"


def test_a_stale_rollback_is_refused_and_changes_nothing(api: Caller, asset: Asset) -> None:
    seen = api.get(f"{ASSETS}/{asset.id}").headers["ETag"]
    api.patch(f"{ASSETS}/{asset.id}", json={"name": "Changed"})
    body: dict[str, Any] = {"json": {"version": 1}, "headers": {"If-Match": seen}}
    reply = api.post(f"{ASSETS}/{asset.id}/rollback", **body)
    assert reply.status_code == 412
    check(reply, "POST", ROLLBACK)
    assert len(numbers(api, asset)) == 2
    fresh = api.get(f"{ASSETS}/{asset.id}").headers["ETag"]
    body["headers"] = {"If-Match": fresh}
    assert api.post(f"{ASSETS}/{asset.id}/rollback", **body).status_code == 201


def test_a_repeated_rollback_happens_once(api: Caller, asset: Asset) -> None:
    sent: dict[str, Any] = {
        "json": {"version": 1},
        "headers": {"Idempotency-Key": "back to the first"},
    }
    replies = [api.post(f"{ASSETS}/{asset.id}/rollback", **sent) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [201, 201]
    assert replies[0].json == replies[1].json
    assert len(numbers(api, asset)) == 3
    sent["json"] = {"version": 2}
    assert api.post(f"{ASSETS}/{asset.id}/rollback", **sent).status_code == 422


@pytest.mark.parametrize("body", [{}, {"version": 0}, {"version": "1"}, {"version": True}])
def test_a_version_is_a_whole_number_from_one(api: Caller, asset: Asset, body: object) -> None:
    reply = api.post(f"{ASSETS}/{asset.id}/rollback", json=body)
    assert reply.status_code == 422
    check(reply, "POST", ROLLBACK)


def test_what_is_not_there_or_not_ones_own_is_refused(
    session: Session, api: Caller, asset: Asset, with_token: Callable[..., Caller]
) -> None:
    path, body = f"{ASSETS}/{asset.id}/rollback", {"version": 1}
    assert api.post(path, json={"version": 9}).status_code == 404
    assert with_token(make_principal(session)).post(path, json=body).status_code == 404
    viewer = with_token(make_colleague(session, api.who, Role.VIEWER), "write")
    assert viewer.post(path, json=body).status_code == 403
    reader = with_token(api.who, "read")
    assert reader.post(path, json=body).status_code == 403
    assert len(numbers(api, asset)) == 2
