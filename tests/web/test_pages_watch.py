"""The learner's page, and what its player is told."""

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.insight.cues import Cue
from lectern.insight.editing import tracks
from lectern.library import trash
from lectern.models import Asset, Role
from lectern.people.principal import Principal
from lectern.renditions import renditions
from tests.factories import make_colleague
from tests.web.conftest import Caller, SignIn, current_version

WithBytes = Callable[..., Asset]
CHAPTERS = [
    {"start_s": 0.0, "end_s": 9.0, "title": "Why <hooks>"},
    {"start_s": 9.0, "end_s": 20.0, "title": ""},
]


@pytest.fixture
def asset(session: Session, with_bytes: WithBytes, owner: Principal) -> Asset:
    made = with_bytes(owner, b"an original", name="Talk", original_name="talk.mp4")
    version = current_version(session, made)
    version.facts = {"mime": "video/mp4", "duration_s": 20.0, "chapters": CHAPTERS}
    session.commit()
    return made


def words_of(page: str) -> Any:
    found = re.search(r'data-words="([^"]*)"', page)
    assert found is not None
    return json.loads(unescape(found[1]))


def test_the_page_plays_with_captions_and_chapters(
    session: Session, client: FlaskClient, owner: Principal, asset: Asset
) -> None:
    version = current_version(session, asset)
    for language in ("en", "de"):
        cues = [Cue(0.0, 2.0, f"Hello in {language}.")]
        tracks.save(session, owner, asset, version, language, cues, origin="upload")
    session.commit()
    page = client.get(f"/watch/{asset.id}").text
    assert f'src="/m/{asset.id}/v/1/play"' in page
    assert re.findall(r'<track kind="captions"[^>]* label="(\w+)"', page) == ["German", "English"]
    assert f'src="/m/{asset.id}/v/1/chapters.vtt"' in page
    assert "Why &lt;hooks&gt;" in page
    assert "Chapter 2" in page
    assert words_of(page)["resume"] == "Continue at {time}?"
    assert "data-hls=" not in page
    assert f"/m/{asset.id}/v/1/original" not in page


def test_streams_are_played_once_there_are_some(
    session: Session, client: FlaskClient, owner: Principal, with_bytes: WithBytes, asset: Asset
) -> None:
    version = current_version(session, asset)
    list_ = current_version(session, with_bytes(owner, b"#EXTM3U\n")).blob
    key = (version.workspace_id, version.blob_id, "hls/first.m3u8")
    renditions.record(session, *key, list_, {})
    session.commit()
    page = client.get(f"/watch/{asset.id}").text
    assert f'data-hls="/m/{asset.id}/v/1/hls/master.m3u8"' in page


def test_chapters_come_as_players_read_them(
    session: Session, api: Caller, with_bytes: WithBytes, owner: Principal, asset: Asset
) -> None:
    reply = api.get(f"/m/{asset.id}/v/1/chapters.vtt")
    assert reply.headers["Content-Type"].startswith("text/vtt")
    assert "00:00:00.000 --> 00:00:09.000\nWhy &lt;hooks&gt;\n" in reply.text
    assert "\nChapter 2\n" in reply.text
    lone = with_bytes(owner, b"another", name="Lone")
    current_version(session, lone).facts = {"chapters": CHAPTERS[:1]}
    session.commit()
    assert "-->" not in api.get(f"/m/{lone.id}/v/1/chapters.vtt").text
    assert api.get(f"/m/{asset.id}/v/7/chapters.vtt").status_code == 404


def test_a_viewer_watches_and_finds_no_way_to_the_library(
    session: Session, sign_in: SignIn, owner: Principal, asset: Asset
) -> None:
    viewer = sign_in(make_colleague(session, owner, Role.VIEWER))
    page = viewer.get(f"/watch/{asset.id}")
    assert page.status_code == 200
    assert "Open in the library" not in page.text


def test_nothing_is_watched_from_the_trash(
    session: Session, client: FlaskClient, owner: Principal, asset: Asset
) -> None:
    trash.trash(session, owner, asset, days=30)
    session.commit()
    assert client.get(f"/watch/{asset.id}").status_code == 404


def test_whoever_is_not_signed_in_is_asked_to(visitor: FlaskClient, asset: Asset) -> None:
    path = f"/watch/{asset.id}?t=90"
    reply = visitor.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
    assert (reply.status_code, reply.headers["Location"]) == (303, f"/sign-in?next={quote(path)}")
    assert visitor.get(path).status_code == 401
