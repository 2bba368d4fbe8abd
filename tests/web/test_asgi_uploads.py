"""Uploads and the server: stopping, dying, and connections that nobody is behind any more."""

import base64
import signal
import socket
import time
from http.client import HTTPConnection
from pathlib import Path

from lectern.models import Upload
from tests.web.site import Site, living

ARRIVED = 3_000_000


def test_stopping_with_open_pages_stalled_forms_and_uploads(tmp_path: Path) -> None:
    with living(tmp_path / "data") as site:
        owner, secret = site.person()
        pages = [site.open(secret) for _ in range(3)]
        stalled = stall(site, b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\nabc")
        sending = half_an_upload(site, site.token(owner))
        asked = time.monotonic()
        site.server.send_signal(signal.SIGTERM)
        assert site.server.wait(10) == 0
        assert time.monotonic() - asked < 5
        assert [page.receive() for page in pages] == [1001] * 3
        site.session.expire_all()
        assert site.session.query(Upload).one().received == ARRIVED
        for each in (stalled, sending, *(page.plain for page in pages)):
            each.close()


def test_a_checkpoint_is_kept_when_the_process_is_killed(tmp_path: Path) -> None:
    with living(tmp_path / "data") as site:
        owner, _ = site.person()
        sending = half_an_upload(site, site.token(owner), size=100 << 20)
        sending.sendall(b"x" * ((65 << 20) - ARRIVED))
        end = time.monotonic() + 20
        while (received := current(site)) == 0:
            assert time.monotonic() < end
            time.sleep(0.1)
        site.server.kill()
        sending.close()
        assert received >= 64 << 20
        (spooled,) = (tmp_path / "data" / "spool").glob("*/*")
        assert spooled.stat().st_size >= received


def current(site: Site) -> int:
    site.session.rollback()
    site.session.expire_all()
    return site.session.query(Upload).one().received


def half_an_upload(site: Site, token: str, size: int = 9_000_000) -> socket.socket:
    common = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    connection = HTTPConnection("127.0.0.1", site.port)
    name = base64.b64encode(b"lecture.mp4").decode()
    create = {**common, "Upload-Length": str(size), "Upload-Metadata": f"filename {name}"}
    connection.request("POST", "/api/v1/uploads", headers=create)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    lines = [
        f"PATCH {answer.headers['Location']} HTTP/1.1",
        "Host: a",
        "Content-Type: application/offset+octet-stream",
        f"Content-Length: {size}",
        "Upload-Offset: 0",
        *(f"{name}: {value}" for name, value in common.items()),
    ]
    head = "\r\n".join([*lines, "", ""]).encode()
    return stall(site, head + b"x" * ARRIVED)


def stall(site: Site, beginning: bytes) -> socket.socket:
    """A client that sends this much and then nothing."""
    plain = socket.create_connection(("127.0.0.1", site.port))
    plain.sendall(beginning)
    time.sleep(0.5)
    return plain


def test_a_newcomer_takes_an_upload_over_from_a_connection_that_has_died(tmp_path: Path) -> None:
    with living(tmp_path / "data") as site:
        owner, _ = site.person()
        token = site.token(owner)
        silent = half_an_upload(site, token)
        headers = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
        location = f"/api/v1/uploads/{site.session.query(Upload).one().id}"
        connection = HTTPConnection("127.0.0.1", site.port, timeout=30)
        connection.request("HEAD", location, headers=headers)
        answer = connection.getresponse()
        answer.read()
        offset = int(answer.headers["Upload-Offset"])
        more = {
            **headers,
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(offset),
        }
        connection.request("PATCH", location, b"y" * 1000, more)
        taken = connection.getresponse()
        taken.read()
        connection.close()
        assert (taken.status, taken.headers["Upload-Offset"]) == (204, str(offset + 1000))
        silent.close()
