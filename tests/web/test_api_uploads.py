"""Uploads over the API: announced with metadata, listed, repeated, and whose they are."""

import base64
import json
import uuid
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.models import Role, Upload
from lectern.people.principal import Principal
from lectern.settings import Settings
from tests.factories import make_asset, make_colleague
from tests.web.answers import assert_problem, items
from tests.web.conftest import Caller
from tests.web.tus import BODY, TUS, UPLOADS, create, said, spooled


@pytest.fixture
def location(api: Caller) -> str:
    """An upload of ten bytes."""
    return str(create(api, 10).headers["Location"])


def test_the_server_says_what_it_speaks_to_anybody(
    visitor: FlaskClient, location: str, settings: Settings
) -> None:
    for path in (UPLOADS, location):
        reply = visitor.options(path)
        assert reply.status_code == 204
        assert reply.headers["Tus-Version"] == "1.0.0"
        assert set(reply.headers["Tus-Extension"].split(",")) == {
            "creation",
            "creation-with-upload",
            "expiration",
            "checksum",
            "termination",
        }
        assert reply.headers["Tus-Max-Size"] == str(settings.max_upload_bytes)
        assert reply.headers["Tus-Checksum-Algorithm"] == "sha1,blake3"
        assert reply.headers["Tus-Resumable"] == "1.0.0"


def test_creation_answers_with_the_address_and_the_expiry(api: Caller) -> None:
    reply = create(api, 10)
    assert reply.status_code == 201
    assert reply.headers["Location"].startswith(f"{UPLOADS}/")
    assert parsedate_to_datetime(reply.headers["Upload-Expires"])
    assert reply.headers["Tus-Resumable"] == "1.0.0"
    assert reply.json["state"] == "receiving"


@pytest.mark.parametrize(("part", "state"), [(b"12345", "receiving"), (b"0123456789", "checking")])
def test_creation_takes_the_first_bytes_along(api: Caller, part: bytes, state: str) -> None:
    reply = create(api, 10, body=part)
    assert reply.status_code == 201
    assert reply.headers["Upload-Offset"] == str(len(part))
    assert (reply.json["offset"], reply.json["state"]) == (len(part), state)
    shown = api.get(reply.headers["Location"]).json
    assert shown is not None
    assert (shown["offset"], shown["state"]) == (len(part), state)


def test_an_empty_file_is_refused_with_the_reason(api: Caller) -> None:
    for body in (None, b""):
        reply = create(api, 0, body=body)
        assert reply.status_code == 201
        shown = api.get(reply.headers["Location"]).json
        assert shown is not None
        assert shown["state"] == "refused"
        assert "0 bytes" in shown["reason"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": "-1"}, 422),
        ({"Upload-Length": "ten"}, 422),
        ({"Upload-Length": ""}, 422),
        ({"Upload-Length": "1e3"}, 422),
        ({"Upload-Length": "9" * 40}, 422),
        ({"Upload-Length": str(1 << 50)}, 413),
        ({"Upload-Length": "9" * 20}, 413),
        ({"Upload-Defer-Length": "1"}, 422),
        ({"Upload-Metadata": "filename ***"}, 422),
        ({"Upload-Metadata": "filename Y2xpcA"}, 422),
        ({"Upload-Metadata": said(replaces="x")}, 422),
        ({"Upload-Metadata": said(replaces=str(uuid.uuid4()))}, 422),
        ({"Upload-Metadata": said(on_duplicate="burn")}, 422),
        ({"Upload-Metadata": said(digest="0" * 63)}, 422),
        ({"Upload-Metadata": said(folder="a/../b")}, 422),
        ({"Upload-Metadata": said(tags="x" * 61)}, 422),
        ({"Tus-Resumable": "0.2.2"}, 412),
        ({"Tus-Resumable": "2.0.0"}, 412),
    ],
)
def test_what_cannot_be_created_is_refused(
    api: Caller, headers: dict[str, str], status: int
) -> None:
    reply = create(api, 10, **headers)
    assert_problem(reply, status)
    assert "Location" not in reply.headers
    if status == 412:
        assert reply.headers["Tus-Version"] == "1.0.0"


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ("", "untitled"),
        ("filename", "untitled"),
        (said(filename="../../etc/passwd"), "passwd"),
        (said(name="by another client.mp4"), "by another client.mp4"),
        (said(filename="Übung 🎬.mp4", other="ignored"), "Übung 🎬.mp4"),
        ("filename " + base64.b64encode(b"\xff\xfe.mp4").decode(), "\ufffd\ufffd.mp4"),
        (" filename  " + base64.b64encode(b"spaced.mp4").decode() + " , is_ok ", "spaced.mp4"),
    ],
)
def test_metadata_is_read_as_clients_write_it(api: Caller, metadata: str, name: str) -> None:
    reply = create(api, 10, **{"Upload-Metadata": metadata})
    assert reply.json["filename"] == name


def test_every_name_of_the_corpus_uploads_under_a_safe_one(
    api: Caller, session: Session, settings: Settings, assets_dir: Path
) -> None:
    corpus = json.loads((assets_dir / "media/corpus/names/names.json").read_text("utf-8"))
    for case in corpus["names"]:
        encoded = base64.b64encode(case["name"].encode("utf-8", "surrogatepass")).decode()
        reply = create(api, 3, body=b"abc", **{"Upload-Metadata": f"filename {encoded}"})
        assert reply.status_code == 201, case
        spool = spooled(session, settings, reply.headers["Location"])
        assert spool.parent.parent == settings.spool, case
        assert spool.read_bytes() == b"abc"
        assert reply.json["filename"].isprintable(), case


def test_metadata_is_kept_for_the_asset(session: Session, api: Caller) -> None:
    asset = make_asset(session, api.who)
    session.commit()
    metadata = said(
        filename="new.mp4",
        filetype="video/mp4",
        digest="0" * 64,
        replaces=str(asset.id),
        on_duplicate="keep",
        folder="/Biology/",
        tags="cell, ,Übung",
    )
    reply = create(api, 10, **{"Upload-Metadata": metadata})
    upload = session.query(Upload).filter_by(id=uuid.UUID(reply.json["id"])).one()
    assert (upload.filetype, upload.announced_digest) == ("video/mp4", "0" * 64)
    assert (upload.replaces, upload.on_duplicate) == (asset.id, "keep")
    assert (upload.folder, upload.tags) == ("Biology", ["cell", "Übung"])


def test_a_missing_and_a_foreign_upload_read_the_same(
    session: Session,
    api: Caller,
    owner: Principal,
    stranger: Principal,
    location: str,
    with_token: Callable[..., Caller],
) -> None:
    others = [stranger, make_colleague(session, owner)]
    session.commit()
    missing = f"{UPLOADS}/{uuid.uuid4()}"
    for other in map(with_token, others):
        for method in ("GET", "HEAD", "PATCH", "DELETE"):
            more = {"data": b"abc", "content_type": BODY} if method == "PATCH" else {}
            headers = {**TUS, "Upload-Offset": "0"}
            replies = [other(method, path, headers=headers, **more) for path in (location, missing)]
            assert [reply.status_code for reply in replies] == [404, 404], method
            assert replies[0].data == replies[1].data
            assert replies[0].headers.to_wsgi_list() == replies[1].headers.to_wsgi_list()
    assert api.head(location).headers["Upload-Offset"] == "0"


def test_ones_unfinished_uploads_are_listed(
    session: Session, api: Caller, with_token: Callable[..., Caller]
) -> None:
    made = [create(api, 10).json["id"] for _ in range(3)]
    api.delete(f"{UPLOADS}/{made[0]}")
    assert [each["id"] for each in items(api.get(UPLOADS))] == [made[2], made[1]]
    page = api.get(f"{UPLOADS}?limit=1&total=1").json
    assert page is not None
    assert (len(page["items"]), page["total"]) == (1, 2)
    rest = api.get(f"{UPLOADS}?limit=1&cursor={page['next']}").json
    assert rest is not None
    assert [each["id"] for each in rest["items"]] == [made[1]]


def test_the_same_key_creates_nothing_twice(session: Session, api: Caller) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first, second = create(api, 10, **key), create(api, 10, **key)
    assert (second.status_code, second.json) == (201, first.json)
    assert second.headers["Location"] == first.headers["Location"]
    assert second.headers["Tus-Resumable"] == "1.0.0"
    assert len(items(api.get(UPLOADS))) == 1
    other = create(api, 10, **{"Idempotency-Key": "another"})
    assert other.headers["Location"] != first.headers["Location"]


def test_a_repeated_creation_with_bytes_tells_how_many_arrived(api: Caller) -> None:
    key = {"Idempotency-Key": "one"}
    first, second = (create(api, 10, body=b"abc", **key) for _ in range(2))
    assert second.headers["Location"] == first.headers["Location"]
    assert (first.headers["Upload-Offset"], second.headers["Upload-Offset"]) == ("3", "3")
    assert api.head(first.headers["Location"]).headers["Upload-Offset"] == "3"


def test_the_same_key_for_another_request_is_refused(
    session: Session, api: Caller, owner: Principal, with_token: Callable[..., Caller]
) -> None:
    key = {"Idempotency-Key": "one"}
    create(api, 10, **key)
    assert_problem(create(api, 11, **key), 422)
    assert_problem(create(api, 10, **key, **{"Upload-Metadata": said(filename="x")}), 422)
    colleague = with_token(make_colleague(session, owner))
    assert create(colleague, 11, **key).status_code == 201


def test_a_refused_request_does_not_use_its_key_up(api: Caller) -> None:
    key = {"Idempotency-Key": "one"}
    assert_problem(create(api, 10, **key, **{"Upload-Metadata": said(tags="x" * 61)}), 422)
    assert create(api, 10, **key).status_code == 201


def test_a_key_longer_than_anyone_needs_is_refused(api: Caller) -> None:
    assert create(api, 10, **{"Idempotency-Key": "x" * 255}).status_code == 201
    assert_problem(create(api, 10, **{"Idempotency-Key": "x" * 256}), 422)


def test_a_viewer_uploads_nothing(
    session: Session, owner: Principal, with_token: Callable[..., Caller]
) -> None:
    viewer = with_token(make_colleague(session, owner, Role.VIEWER))
    assert_problem(create(viewer, 10), 403)


def test_an_upload_needs_a_token(visitor: FlaskClient, location: str) -> None:
    headers = {**TUS, "Upload-Length": "5", "Upload-Offset": "0"}
    assert_problem(visitor.post(UPLOADS, headers=headers), 401)
    assert_problem(visitor.get(location), 401)
    assert visitor.head(location).status_code == 401
    assert_problem(visitor.patch(location, data=b"x", content_type=BODY, headers=headers), 401)
