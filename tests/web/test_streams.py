"""Streams under /m/: what is recorded is served, as players want it, to those who may play."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from lectern.models import Asset, Role
from lectern.people.principal import Principal
from lectern.renditions import renditions
from lectern.storage import Storage
from tests.factories import make_colleague, make_principal
from tests.web.answers import assert_problem
from tests.web.conftest import Caller, SignIn, current_version, stored_blob

A_YEAR, FRESH = "private, max-age=31536000, immutable", "private, no-cache"
PLAYLIST = "application/vnd.apple.mpegurl"
MASTER = (
    '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI="a0.m3u8"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv360.m3u8\n'
)
Record = Callable[..., None]


@pytest.fixture
def video(with_bytes: Callable[..., Asset], owner: Principal) -> Asset:
    return with_bytes(owner, b"original" * 99, name="Übung 1", original_name="raw.mov")


@pytest.fixture
def record(
    session: Session, storage: Storage, owner: Principal, video: Asset, tmp_path: Path
) -> Record:
    """`record(spec, content, mime)`: a rendition of the video."""

    def make(spec: str, content: bytes, mime: str, **facts: object) -> None:
        blob = stored_blob(session, storage, owner, content, tmp_path)
        blob.mime = mime
        source = current_version(session, video).blob_id
        renditions.record(session, owner.workspace_id, source, spec, blob, dict(facts))
        session.commit()

    return make


def test_before_there_is_any_stream_both_addresses_say_so(api: Caller, video: Asset) -> None:
    for path, sentence in (
        ("hls/master.m3u8", "This file has no streams yet."),
        ("v/1/hls/master.m3u8", "Stream not found for this file."),
        ("v/1/hls/v360.mp4", "Stream not found for this file."),
        ("v/1/720p.mp4", "This file has no MP4 download yet."),
    ):
        reply = api.get(f"/m/{video.id}/{path}")
        assert_problem(reply, 404)
        assert reply.json["detail"] == sentence


def test_the_master_of_the_current_version_leads_to_that_version(
    api: Caller, video: Asset, record: Record
) -> None:
    record("hls/master.m3u8", MASTER.encode(), PLAYLIST)
    reply = api.get(f"/m/{video.id}/hls/master.m3u8")
    assert (reply.status_code, reply.mimetype) == (200, PLAYLIST)
    assert reply.headers["Cache-Control"] == FRESH
    lines = reply.text.split("\n")
    assert lines[1].endswith(',URI="../v/1/hls/a0.m3u8"')
    assert lines[3] == "../v/1/hls/v360.m3u8"
    again = api.get(
        f"/m/{video.id}/hls/master.m3u8", headers={"If-None-Match": reply.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_files_of_a_version_are_kept_for_a_year(api: Caller, video: Asset, record: Record) -> None:
    record("hls/master.m3u8", MASTER.encode(), PLAYLIST)
    record("hls/v360.mp4", b"0123456789", "video/mp4")
    whole = api.get(f"/m/{video.id}/v/1/hls/master.m3u8")
    assert (whole.text, whole.headers["Cache-Control"]) == (MASTER, A_YEAR)
    part = api.get(f"/m/{video.id}/v/1/hls/v360.mp4", headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.data, part.mimetype) == (206, b"234", "video/mp4")
    assert part.headers["Cache-Control"] == A_YEAR
    assert "Content-Disposition" not in part.headers


def test_the_first_master_stands_in_until_the_whole_is_there(
    api: Caller, video: Asset, record: Record
) -> None:
    record("hls/first.m3u8", MASTER.encode(), PLAYLIST)
    first = api.get(f"/m/{video.id}/v/1/hls/master.m3u8")
    assert (first.text, first.headers["Cache-Control"]) == (MASTER, FRESH)
    record("hls/master.m3u8", MASTER.replace("=1", "=2").encode(), PLAYLIST)
    reply = api.get(
        f"/m/{video.id}/v/1/hls/master.m3u8", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (reply.status_code, reply.headers["Cache-Control"]) == (200, A_YEAR)
    assert "BANDWIDTH=2" in reply.text


def test_only_streams_are_served_by_name(api: Caller, video: Asset, record: Record) -> None:
    record("playable", b"playable", "video/webm")
    record("hls.part.0/v360", b"part", "video/mp4")
    for name in ("playable", "..%2fplayable", "hls.part.0%2fv360", "original"):
        assert api.get(f"/m/{video.id}/v/1/hls/{name}").status_code == 404, name
    assert api.get(f"/m/{video.id}/v/2/hls/master.m3u8").status_code == 404


def test_the_plain_mp4_is_a_download_for_whoever_may_play(
    session: Session,
    owner: Principal,
    video: Asset,
    record: Record,
    with_token: Callable[..., Caller],
) -> None:
    viewer = with_token(make_colleague(session, owner, Role.VIEWER))
    stranger = with_token(make_principal(session))
    path = f"/m/{video.id}/v/1/720p.mp4"
    record("playable", b"too large", "video/mp4", width=1920, height=1080, video_codec="h264")
    assert viewer.get(path).status_code == 404
    record("mp4", b"plain", "video/mp4")
    reply = viewer.get(path)
    assert (reply.status_code, reply.data) == (200, b"plain")
    assert "%C3%9Cbung%201%20720p.mp4" in reply.headers["Content-Disposition"]
    assert stranger.get(path).status_code == 404


def test_the_page_of_a_video_leads_to_its_plain_mp4_once_there_is_one(
    owner: Principal, video: Asset, record: Record, sign_in: SignIn
) -> None:
    page, link = sign_in(owner), rf'href="/m/{video.id}/v/1/720p.mp4" download\s+aria-label='
    assert not re.search(link, page.get(f"/assets/{video.id}").text)
    record("mp4", b"plain", "video/mp4")
    assert re.search(link, page.get(f"/assets/{video.id}").text)


def test_pieces_that_are_still_to_be_joined_are_nobodys_business(
    api: Caller, video: Asset, record: Record
) -> None:
    record("hls.part.0/v360", b"part", "video/mp4")
    record("hls/a0.mp4", b"sound", "audio/mp4")
    reply = api.get(f"/api/v1/assets/{video.id}/renditions")
    assert [each["spec"] for each in reply.json["items"]] == ["hls/a0.mp4"]


def test_what_is_played_may_be_the_plain_mp4_itself(
    api: Caller, video: Asset, record: Record
) -> None:
    record("playable", b"small", "video/mp4", width=720, height=1280, video_codec="h264")
    assert api.get(f"/m/{video.id}/v/1/720p.mp4").data == b"small"
