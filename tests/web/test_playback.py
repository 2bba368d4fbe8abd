"""Players report what was played; members are staff."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.models import Asset, PlaybackEvent
from tests.factories import make_asset
from tests.web.conftest import Caller
from tests.web.test_api_docs import check

PLAYBACK = "/api/v1/playback"


@pytest.fixture
def asset(session: Session, api: Caller) -> Asset:
    asset = make_asset(session, api.who)
    session.commit()
    return asset


def span(asset: Asset, ago_s: float = 10, **members: Any) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(seconds=ago_s)
    event = {"id": str(uuid.uuid4()), "type": "span", "asset": str(asset.id), "version": 1}
    return {**event, "at": at.isoformat(), "start": 0, "end": 10, "speed": 1, **members}


def test_a_batch_is_stored_once_and_what_cannot_be_is_named(
    session: Session, api: Caller, asset: Asset
) -> None:
    seek = span(asset, 5, type="seek", to=90.5, start=None, end=None)
    long = span(asset, 4, end=3600)
    body = {"session": str(uuid.uuid4()), "events": [span(asset), seek, long]}
    for _ in range(2):
        reply = api.post(PLAYBACK, json=body)
        check(reply, "POST", "/playback")
        assert reply.status_code == 202
        assert reply.json["accepted"] == 2
        assert [each["id"] for each in reply.json["ignored"]] == [long["id"]]
    rows = session.scalars(select(PlaybackEvent).order_by(PlaybackEvent.at)).all()
    assert [(row.kind, row.staff, row.to_s) for row in rows] == [
        ("span", True, None),
        ("seek", True, 90.5),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"type": "stare"},
        {"id": "x"},
        {"asset": 7},
        {"version": "1"},
        {"at": "yesterday"},
        {"at": "2026-11-01T10:00:00"},
        {"start": "0"},
    ],
)
def test_an_event_of_another_form_is_refused_by_its_place(
    api: Caller, asset: Asset, change: dict[str, Any]
) -> None:
    body = {"session": str(uuid.uuid4()), "events": [span(asset), {**span(asset), **change}]}
    reply = api.post(PLAYBACK, json=body)
    assert reply.status_code == 422
    assert list(reply.json["errors"]) == [f"events.1.{next(iter(change))}"]


def test_a_batch_has_a_limit(api: Caller, asset: Asset) -> None:
    body = {"session": str(uuid.uuid4()), "events": [], "more": "x" * (64 << 10)}
    assert api.post(PLAYBACK, json=body).status_code == 413
    assert api.post(PLAYBACK, json={"events": []}).status_code == 422
