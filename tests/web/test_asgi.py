import hashlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest

from tests.web.serving import served
from web.serving.environ import environ_of

MIB = 1 << 20
UPLOAD = {"Content-Type": "application/offset+octet-stream"}
BYTES = bytes(range(256)) * 12_288  # 3 MiB


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "three").write_bytes(BYTES)
    (folder / "empty").write_bytes(b"")
    with (folder / "huge").open("wb") as file:
        file.truncate(4 << 30)
    environ = {**os.environ, "BRIDGED_FOLDER": str(folder)}
    with served("tests.web.bridged:app", environ) as number:
        yield number


def ask(
    port: int, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[HTTPResponse, bytes]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response, response.read()


def environ_at(port: int, path: str, **options: Any) -> dict[str, str]:
    return json.loads(ask(port, options.pop("method", "GET"), path, **options)[1])["environ"]


def test_path_and_query_arrive_as_the_wsgi_standard_says(port: int) -> None:
    environ = environ_at(port, "/echo/%C3%A9%20b%2Fc%FF?q=%FF&r=a+b")
    assert environ["PATH_INFO"] == b"/echo/\xc3\xa9 b/c\xff".decode("latin-1")
    assert environ["QUERY_STRING"] == "q=%FF&r=a+b"
    assert environ["SCRIPT_NAME"] == ""
    assert environ["REQUEST_METHOD"] == "GET"


def test_repeated_headers_are_joined_and_cookies_as_cookies(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as plain:
        plain.sendall(
            b"GET /echo HTTP/1.1\r\nHost: here\r\nX-One: 1\r\nX-One: 2\r\nCookie: a=1\r\n"
            b"Cookie: b=2\r\nX_Forged: 1\r\nConnection: close\r\n\r\n"
        )
        answer = b"".join(iter(lambda: plain.recv(65536), b""))
    environ = json.loads(answer.partition(b"\r\n\r\n")[2])["environ"]
    assert environ["HTTP_X_ONE"] == "1,2"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert "HTTP_X_FORGED" not in environ


def test_a_body_of_one_mebibyte_arrives_and_a_larger_one_is_refused(port: int) -> None:
    body = "x" * MIB
    response, answer = ask(port, "POST", "/echo", body)
    assert response.status == 200
    assert json.loads(answer)["body"] == body
    response, answer = ask(port, "POST", "/echo", b"x" * (16 * MIB))
    assert response.status == 413
    assert response.headers["Content-Type"] == "application/problem+json"
    assert json.loads(answer)["status"] == 413


def test_a_chunked_body_over_the_limit_is_refused(port: int) -> None:
    response, _ = ask(port, "POST", "/echo", iter([b"x" * 65536] * 32))
    assert response.status == 413


@pytest.mark.parametrize("path", ["/nothing", "/file/empty"])
def test_replies_without_a_body_have_none(port: int, path: str) -> None:
    response, body = ask(port, "GET", path)
    assert response.status in {200, 204}
    assert body == b""


def test_head_tells_the_length_and_sends_nothing(port: int) -> None:
    response, body = ask(port, "HEAD", "/file/three")
    assert (response.status, body) == (200, b"")
    assert response.headers["Content-Length"] == str(len(BYTES))


def test_date_and_length_come_once(port: int) -> None:
    response, _ = ask(port, "GET", "/file/three")
    assert len(response.headers.get_all("Date") or []) == 1
    assert len(response.headers.get_all("Content-Length") or []) == 1


def test_a_whole_file_arrives(port: int) -> None:
    response, body = ask(port, "GET", "/file/three")
    assert response.headers["ETag"] == '"e1"'
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["X-Marked"] == "yes"
    assert body == BYTES


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=1000-2999999", 1000, 3_000_000),
        ("bytes=3145720-", 3145720, 3145728),
        ("bytes=-5", 3145723, 3145728),
        ("bytes=3145720-9999999", 3145720, 3145728),
    ],
)
def test_a_range_of_a_file(port: int, wanted: str, start: int, stop: int) -> None:
    response, body = ask(port, "GET", "/file/three", headers={"Range": wanted})
    assert response.status == 206
    assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(BYTES)}"
    assert body == BYTES[start:stop]


def test_a_range_outside_is_416_with_the_length(port: int) -> None:
    response, _ = ask(port, "GET", "/file/three", headers={"Range": "bytes=9999999-"})
    assert response.status == 416
    assert response.headers["Content-Range"] == f"bytes */{len(BYTES)}"


def test_if_range_and_if_none_match(port: int) -> None:
    changed = {"Range": "bytes=0-9", "If-Range": '"another"'}
    response, body = ask(port, "GET", "/file/three", headers=changed)
    assert (response.status, len(body)) == (200, len(BYTES))
    same = {"Range": "bytes=0-9", "If-Range": '"e1"'}
    assert ask(port, "GET", "/file/three", headers=same)[0].status == 206
    response, body = ask(port, "GET", "/file/three", headers={"If-None-Match": '"e1"'})
    assert (response.status, body) == (304, b"")


def test_a_long_reply_of_pieces_arrives_whole(port: int) -> None:
    assert len(ask(port, "GET", "/long")[1]) == 80 * (64 << 10)


def test_an_error_in_a_view_is_a_500_and_the_server_lives(port: int) -> None:
    assert ask(port, "GET", "/broken")[0].status == 500
    assert ask(port, "GET", "/echo")[0].status == 200


def test_an_upload_is_hashed_whole_and_answered_by_the_receiver(port: int) -> None:
    body = os.urandom(5 * MIB + 17)
    response, answer = ask(port, "PATCH", "/api/v1/uploads/a", body, UPLOAD)
    told = json.loads(answer)
    assert response.status == 200
    assert response.headers["X-Marked"] == "yes"
    assert response.headers["Upload-Offset"] == str(len(body))
    assert told["digest"] == hashlib.sha256(body).hexdigest()
    assert told["path"] == "/api/v1/uploads/a"


def test_an_upload_in_chunks_of_unknown_length_arrives(port: int) -> None:
    _, answer = ask(port, "PATCH", "/api/v1/uploads/a", iter([b"ab" * 70_000] * 20), UPLOAD)
    assert json.loads(answer)["size"] == 2_800_000


def test_an_empty_upload_is_finished(port: int) -> None:
    _, answer = ask(port, "PATCH", "/api/v1/uploads/a", b"", UPLOAD)
    assert json.loads(answer)["size"] == 0


def test_an_upload_refused_by_its_headers_is_answered_before_its_body(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as plain:
        plain.sendall(
            b"PATCH /api/v1/uploads/refused HTTP/1.1\r\nHost: here\r\n"
            b"Content-Type: application/offset+octet-stream\r\nContent-Length: 999999999\r\n\r\n"
        )
        assert plain.recv(100).startswith(b"HTTP/1.1 409")


def test_a_writer_that_is_superseded_stops_and_says_so(port: int) -> None:
    response, _ = ask(port, "PATCH", "/api/v1/uploads/stopping", b"x" * (32 * MIB), UPLOAD)
    assert response.status == 409


def test_a_refused_upload_that_is_sent_all_the_same_reads_its_answer(port: int) -> None:
    response, answer = ask(port, "PATCH", "/api/v1/uploads/refused", b"x" * (32 * MIB), UPLOAD)
    assert response.status == 409
    assert json.loads(answer) == {"detail": "Not now."}


def test_what_came_before_a_disconnect_is_handed_over(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as plain:
        plain.sendall(
            b"PATCH /api/v1/uploads/a HTTP/1.1\r\nHost: here\r\n"
            b"Content-Type: application/offset+octet-stream\r\nContent-Length: 5000000\r\n\r\n"
        )
        plain.sendall(b"x" * 1_500_000)
    end = time.monotonic() + 10
    while 1_500_000 not in (kept := json.loads(ask(port, "GET", "/peak")[1])["interruptions"]):
        assert time.monotonic() < end, kept
        time.sleep(0.1)


def test_stalled_readers_and_writers_hold_no_thread(port: int) -> None:
    stalled = []
    for _ in range(20):
        reader = socket.create_connection(("127.0.0.1", port))
        reader.sendall(b"GET /file/huge HTTP/1.1\r\nHost: here\r\n\r\n")
        writer = socket.create_connection(("127.0.0.1", port))
        writer.sendall(b"POST /echo HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n12")
        stalled += [reader, writer]
    time.sleep(0.5)
    started = time.monotonic()
    assert ask(port, "GET", "/echo")[0].status == 200
    assert time.monotonic() - started < 1.0
    for each in stalled:
        each.close()


def test_a_large_upload_and_download_use_little_memory(port: int) -> None:
    length = {**UPLOAD, "Content-Length": str(512 * MIB)}
    pieces = (bytes(MIB) for _ in range(512))
    _, answer = ask(port, "PATCH", "/api/v1/uploads/a", pieces, length)
    assert json.loads(answer)["size"] == 512 * MIB
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        connection.request("GET", "/file/huge", headers={"Range": f"bytes=0-{512 * MIB - 1}"})
        response, size = connection.getresponse(), 0
        while piece := response.read(MIB):
            size += len(piece)
    assert size == 512 * MIB
    assert json.loads(ask(port, "GET", "/peak")[1])["kib"] < 100 * 1024


def test_more_requests_than_threads_are_all_answered(port: int) -> None:
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(ask(port, "GET", "/slow?s=0.1")[0].status))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 12


def test_without_a_client_address_the_environ_has_none() -> None:
    scope = {
        "method": "GET",
        "path": "/a b",
        "query_string": b"",
        "http_version": "1.1",
        "scheme": "https",
        "headers": [(b"content-type", b"text/plain"), (b"content-length", b"2")],
    }
    environ = environ_of(scope, b"hi")
    assert environ["PATH_INFO"] == "/a b"
    assert "REMOTE_ADDR" not in environ
    assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"]) == ("text/plain", "2")
    assert environ["wsgi.input"].read() == b"hi"


@pytest.mark.parametrize(
    "said",
    [
        b"POST /echo HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
        b"POST /echo HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n12",
        b"PATCH /api/v1/uploads/a HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Type: application/offset+octet-stream\r\n\r\nzz\r\n{}\r\n",
    ],
)
def test_a_body_that_is_none_is_the_senders_mistake(port: int, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        plain.sendall(said)
        plain.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: plain.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] == 400
