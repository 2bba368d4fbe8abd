"""What was derived for looking at: storyboards, previews, waveforms, sizes; for who may play."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.library import versions
from lectern.models import Asset, Version
from lectern.people.principal import Principal
from lectern.renditions import image_sizes, renditions, storyboards
from tests.web.conftest import Caller

WithBytes = Callable[..., Asset]
BOARD = {"width": 240, "height": 135, "columns": 2, "rows": 2, "times": [0.5, 4.0, 8.0, 12.0, 16.0]}


@pytest.fixture
def asset(session: Session, with_bytes: WithBytes, owner: Principal) -> Asset:
    made = with_bytes(owner, b"an original", name="Talk", original_name="talk.mp4")
    version_of(session, made).facts = {"mime": "video/mp4", "duration_s": 20.0}
    session.flush()
    return made


def version_of(session: Session, asset: Asset) -> Version:
    found = versions.get_current(session, asset)
    assert found is not None
    return found


@pytest.fixture
def boarded(session: Session, with_bytes: WithBytes, owner: Principal, asset: Asset) -> Asset:
    sheets = [version_of(session, with_bytes(owner, text)).blob for text in (b"one", b"two")]
    storyboards.record(session, version_of(session, asset), sheets, BOARD)
    return asset


def test_a_players_thumbnails_cover_the_whole_video(api: Caller, boarded: Asset) -> None:
    reply = api.get(f"/m/{boarded.id}/v/1/storyboard.vtt")
    assert reply.headers["Content-Type"].startswith("text/vtt")
    assert "immutable" in reply.headers["Cache-Control"]
    cues = reply.text.split("\n\n")[1:]
    assert cues[0] == "00:00:00.000 --> 00:00:04.000\nstoryboard/0.jpg#xywh=0,0,240,135"
    assert cues[3] == "00:00:12.000 --> 00:00:16.000\nstoryboard/0.jpg#xywh=240,135,240,135"
    assert cues[4].strip() == ("00:00:16.000 --> 00:00:20.000\nstoryboard/1.jpg#xywh=0,0,240,135")


def test_the_alias_leads_to_the_current_versions_sheets(api: Caller, boarded: Asset) -> None:
    reply = api.get(f"/m/{boarded.id}/storyboard.vtt")
    assert "\nv/1/storyboard/0.jpg#xywh=" in reply.text
    assert reply.headers["Cache-Control"] == "private, no-cache"


def test_the_sheets_come_as_pictures(api: Caller, boarded: Asset) -> None:
    reply = api.get(f"/m/{boarded.id}/v/1/storyboard/1.jpg")
    assert (reply.data, reply.headers["Content-Type"]) == (b"two", "image/jpeg")
    assert api.get(f"/m/{boarded.id}/v/1/storyboard/2.jpg").status_code == 404


def test_a_card_learns_what_it_shows_in_one_answer(api: Caller, boarded: Asset) -> None:
    told = api.get(f"/m/{boarded.id}/v/1/preview.json").json
    assert told["tiles"] == 5
    assert told["sheets"] == [f"/m/{boarded.id}/v/1/storyboard/{i}.jpg" for i in (0, 1)]


def test_without_a_storyboard_a_card_is_told_so_and_a_player_finds_none(
    api: Caller, asset: Asset
) -> None:
    reply = api.get(f"/m/{asset.id}/v/1/preview.json")
    assert (reply.status_code, reply.json) == (200, {"tiles": 0})
    assert reply.headers["Cache-Control"] == "private, no-cache"
    assert api.get(f"/m/{asset.id}/storyboard.vtt").status_code == 404


def test_the_waveform_comes_as_json(
    session: Session, api: Caller, with_bytes: WithBytes, owner: Principal, asset: Asset
) -> None:
    assert api.get(f"/m/{asset.id}/v/1/waveform.json").status_code == 404
    peaks: dict[str, Any] = {"version": 2, "data": [0, 1]}
    blob = version_of(session, with_bytes(owner, json.dumps(peaks).encode())).blob
    version = version_of(session, asset)
    renditions.record(
        session, asset.workspace_id, version.blob_id, renditions.WAVEFORM, blob, {"lufs": -19.0}
    )
    reply = api.get(f"/m/{asset.id}/v/1/waveform.json")
    assert reply.headers["Content-Type"] == "application/json"
    assert "Content-Disposition" not in reply.headers
    assert json.loads(reply.data) == peaks


def test_each_size_of_an_image_has_its_address(
    session: Session, api: Caller, with_bytes: WithBytes, owner: Principal, asset: Asset
) -> None:
    blob = version_of(session, with_bytes(owner, b"a small picture")).blob
    image_sizes.record(session, version_of(session, asset), [((480, 270, "avif"), blob)])
    reply = api.get(f"/m/{asset.id}/v/1/image/480.avif")
    assert (reply.data, reply.headers["Content-Type"]) == (b"a small picture", "image/avif")
    for other in ("480.webp", "960.avif", "480.svg"):
        assert api.get(f"/m/{asset.id}/v/1/image/{other}").status_code == 404


def test_nobody_else_gets_any(visitor: FlaskClient, boarded: Asset) -> None:
    for path in ("storyboard.vtt", "v/1/storyboard/0.jpg", "v/1/preview.json"):
        assert visitor.get(f"/m/{boarded.id}/{path}").status_code == 401
