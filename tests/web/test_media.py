"""Originals under /m/: to those with the right, in parts, never as something active."""

import re
import uuid
from collections.abc import Callable
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.http import http_date

from lectern.models import Asset, Role
from lectern.people import audit_reading
from lectern.people.principal import Principal
from tests.factories import make_asset, make_colleague
from tests.web.answers import assert_problem
from tests.web.conftest import Caller

CONTENT = bytes(range(256)) * 40
SIZE = len(CONTENT)
WithBytes = Callable[..., Asset]


@pytest.fixture
def video(with_bytes: WithBytes, owner: Principal) -> Asset:
    return with_bytes(owner, CONTENT, name="Übung 1", original_name="raw.MP4")


def test_the_original_comes_whole_and_unchanged(api: Caller, video: Asset) -> None:
    reply = api.get(f"/m/{video.id}")
    assert (reply.status_code, reply.data) == (200, CONTENT)
    assert reply.headers["Content-Type"] == "video/mp4"
    assert reply.headers["Content-Length"] == str(SIZE)
    assert reply.headers["Accept-Ranges"] == "bytes"
    assert reply.headers["ETag"] == f'"{video.digest}"'
    assert reply.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, SIZE - 1),
        ("bytes=-1", SIZE - 1, SIZE - 1),
        (f"bytes=-{SIZE * 2}", 0, SIZE - 1),
        (f"bytes=5-{SIZE * 2}", 5, SIZE - 1),
        (f"bytes={SIZE - 1}-{SIZE - 1}", SIZE - 1, SIZE - 1),
    ],
)
def test_a_range_comes_as_asked(
    api: Caller, video: Asset, asked: str, start: int, end: int
) -> None:
    reply = api.get(f"/m/{video.id}", headers={"Range": asked})
    assert reply.status_code == 206
    assert reply.data == CONTENT[start : end + 1]
    assert reply.headers["Content-Range"] == f"bytes {start}-{end}/{SIZE}"
    assert reply.headers["Content-Length"] == str(end - start + 1)


@pytest.mark.parametrize(
    "asked", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE}", f"bytes={10**30}-", "bytes=-0"]
)
def test_a_range_beyond_the_end_cannot_be_satisfied(api: Caller, video: Asset, asked: str) -> None:
    reply = api.get(f"/m/{video.id}", headers={"Range": asked})
    assert_problem(reply, 416)
    assert reply.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,5-6",
        "bytes=" + ",".join("0-" for _ in range(1000)),
        "bytes=5-1",
        "bytes=x-y",
        "bytes=",
        "bytes=--5",
        "bytes=0x0-0x5",
    ],
)
def test_a_strange_range_costs_little_and_never_fails(
    api: Caller, video: Asset, asked: str
) -> None:
    reply = api.get(f"/m/{video.id}", headers={"Range": asked})
    assert reply.status_code in {200, 416}
    assert len(reply.data) <= SIZE


@pytest.mark.parametrize("asked", ["chunks=0-5", "bytes 0-5", "x" * 4000])
def test_a_range_in_other_units_is_the_whole_file(api: Caller, video: Asset, asked: str) -> None:
    reply = api.get(f"/m/{video.id}", headers={"Range": asked})
    assert (reply.status_code, len(reply.data)) == (200, SIZE)


def test_a_file_without_a_known_time_claims_none(api: Caller, video: Asset) -> None:
    headers = {"Range": "bytes=0-9", "If-Range": http_date()}
    for reply in (api.get(f"/m/{video.id}"), api.get(f"/m/{video.id}", headers=headers)):
        assert (reply.status_code, len(reply.data)) == (200, SIZE)
        assert "Last-Modified" not in reply.headers


def test_a_range_of_other_bytes_than_expected_is_the_whole_file(api: Caller, video: Asset) -> None:
    for known, status in (
        (f'"{video.digest}"', 206),
        ('"other"', 200),
        (f'W/"{video.digest}"', 200),
    ):
        headers = {"Range": "bytes=0-9", "If-Range": known}
        reply = api.get(f"/m/{video.id}", headers=headers)
        assert (reply.status_code, len(reply.data)) == (status, 10 if status == 206 else SIZE)


def test_a_known_file_is_not_sent_again(api: Caller, video: Asset) -> None:
    reply = api.get(f"/m/{video.id}", headers={"If-None-Match": f'"{video.digest}"'})
    assert (reply.status_code, reply.data) == (304, b"")


def test_head_tells_the_size_without_the_bytes(api: Caller, video: Asset) -> None:
    for headers in ({}, {"Range": "bytes=0-9"}):
        reply = api.head(f"/m/{video.id}", headers=headers)
        assert (reply.status_code, reply.data) == (200, b"")
        assert reply.headers["Content-Length"] == str(SIZE)
        assert reply.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    ("name", "original", "saved"),
    [
        ("Übung 1", "raw.MP4", "Übung 1.MP4"),
        ("clip.mp4", "raw.mp4", "clip.mp4"),
        ('a"b;c\\d', "raw.webm", 'a"b;c\\d.webm'),
        ("no extension", "raw", "no extension"),
    ],
)
def test_a_download_is_saved_under_the_name_it_has_now(
    api: Caller, with_bytes: WithBytes, owner: Principal, name: str, original: str, saved: str
) -> None:
    asset = with_bytes(owner, b"x", name=name, original_name=original)
    disposition = api.get(f"/m/{asset.id}").headers["Content-Disposition"]
    found = re.fullmatch(r"attachment; filename\*=UTF-8''([\w%.~-]+)", disposition)
    assert found
    assert unquote(found[1]) == saved


@pytest.mark.parametrize(
    ("mime", "sent", "inline"),
    [
        ("video/mp4", "video/mp4", True),
        ("audio/mpeg", "audio/mpeg", True),
        ("image/png", "image/png", True),
        ("application/pdf", "application/pdf", False),
        ("text/plain", "text/plain", False),
        ("image/svg+xml", "application/octet-stream", False),
        ("text/html", "application/octet-stream", False),
        ("application/xhtml+xml", "application/octet-stream", False),
        ("application/xml", "application/octet-stream", False),
        ("text/javascript", "application/octet-stream", False),
        ("application/javascript", "application/octet-stream", False),
    ],
)
def test_nothing_active_is_ever_served_as_itself(
    session: Session,
    api: Caller,
    with_bytes: WithBytes,
    owner: Principal,
    mime: str,
    sent: str,
    inline: bool,
) -> None:
    asset = with_bytes(owner, b"<script>alert(1)</script>")
    asset.mime = mime
    session.commit()
    for query, disposition in (
        ("", "attachment"),
        ("?inline=1", "inline" if inline else "attachment"),
    ):
        reply = api.get(f"/m/{asset.id}{query}")
        assert reply.mimetype == sent
        assert reply.headers["Content-Disposition"].startswith(disposition)
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_only_a_whole_download_is_written_down(
    session: Session, api: Caller, owner: Principal, video: Asset
) -> None:
    path = f"/m/{video.id}"
    api.head(path)
    api.get(path, headers={"Range": "bytes=0-9"})
    api.get(path, headers={"If-None-Match": f'"{video.digest}"'})
    assert audit_reading.history(session, owner, video.id) == []
    api.get(path)
    (line,) = audit_reading.history(session, owner, video.id)
    assert (line.action, line.details) == ("asset.download", {"version": 1})


def test_the_original_is_for_those_who_may_have_it(
    session: Session, owner: Principal, video: Asset, with_token: Callable[..., Caller]
) -> None:
    for role, status in ((Role.EDITOR, 200), (Role.CONTRIBUTOR, 403), (Role.VIEWER, 403)):
        caller = with_token(make_colleague(session, owner, role), "read")
        assert caller.get(f"/m/{video.id}").status_code == status


def test_without_a_sign_in_there_are_no_bytes(visitor: FlaskClient, video: Asset) -> None:
    for path in ("", "/v/1/play", "/poster.jpg", "/v/1/poster.jpg", "/v/1/poster/1.jpg"):
        reply = visitor.get(f"/m/{video.id}{path}")
        assert_problem(reply, 401)
        assert reply.headers["Cache-Control"] == "no-store"


def test_a_foreign_file_reads_like_a_missing_one(
    session: Session, api: Caller, stranger: Principal, with_bytes: WithBytes
) -> None:
    foreign = with_bytes(stranger, b"secret")
    for path in ("", "/v/1/play", "/poster.jpg", "/v/1/poster.jpg", "/v/1/poster/1.jpg"):
        replies = [api.get(f"/m/{each}{path}") for each in (foreign.id, uuid.uuid4())]
        assert [reply.status_code for reply in replies] == [404, 404]
        assert replies[0].data == replies[1].data
        assert replies[0].headers.to_wsgi_list() == replies[1].headers.to_wsgi_list()


def test_an_asset_without_bytes_yet_is_missing_not_broken(
    session: Session, api: Caller, owner: Principal
) -> None:
    asset = make_asset(session, owner)
    asset.current_version_id = None
    session.commit()
    assert_problem(api.get(f"/m/{asset.id}"), 404)
