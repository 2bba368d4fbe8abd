"""Sending bytes by tus 1.0.0: offsets, checksums, and how an upload ends."""

import uuid
from email.utils import parsedate_to_datetime
from io import BytesIO

import pytest
import redis as redis_client
from sqlalchemy import text, update
from sqlalchemy.orm import Session

import core_ext
from jobs import enqueue
from lectern.ingest import uploads
from lectern.models import Upload
from lectern.pipeline import tasks
from lectern.settings import Settings
from tests.web.answers import assert_problem
from tests.web.conftest import Caller
from tests.web.tus import BODY, TUS, checksum, create, send, spooled


@pytest.fixture
def location(api: Caller) -> str:
    """An upload of ten bytes."""
    return str(create(api, 10).headers["Location"])


def test_a_file_in_parts_arrives_whole(
    session: Session, api: Caller, location: str, settings: Settings, redis: redis_client.Redis
) -> None:
    for offset, part in ((0, b"one"), (3, b" two "), (8, b"3!")):
        head = api.head(location, headers=TUS)
        assert head.status_code == 200
        assert head.headers["Upload-Offset"] == str(offset)
        assert head.headers["Upload-Length"] == "10"
        assert "no-store" in head.headers["Cache-Control"]
        reply = send(api, location, offset, part)
        assert (reply.status_code, reply.data) == (204, b"")
        assert reply.headers["Upload-Offset"] == str(offset + len(part))
        assert reply.headers["Tus-Resumable"] == "1.0.0"
        assert parsedate_to_datetime(reply.headers["Upload-Expires"]).tzinfo is not None
    spool = spooled(session, settings, location)
    assert spool.read_bytes() == b"one two 3!"
    shown = api.get(location).json
    assert shown == {
        "id": location.rpartition("/")[2],
        "state": "checking",
        "offset": 10,
        "size": 10,
        "filename": "clip.mp4",
        "asset": None,
        "duplicate_of": None,
        "reason": None,
    }
    upload = session.query(Upload).populate_existing().filter_by(id=uuid.UUID(shown["id"])).one()
    assert upload.digest == core_ext.digest_file(spool)
    (task,) = tasks.of_upload(session, upload.workspace_id, upload.id)
    assert redis.exists(f"rq:job:{enqueue.job_id(task)}")


@pytest.mark.parametrize("type_", ["application/octet-stream", "text/plain", ""])
def test_bytes_of_another_type_are_refused(api: Caller, location: str, type_: str) -> None:
    headers = {**TUS, "Upload-Offset": "0"}
    reply = api.patch(location, data=b"abc", content_type=type_, headers=headers)
    assert_problem(reply, 415)
    assert api.head(location).headers["Upload-Offset"] == "0"


@pytest.mark.parametrize("version", ["0.2.2", "1.0.1", "x"])
def test_another_version_of_the_protocol_is_refused(
    api: Caller, location: str, version: str
) -> None:
    for reply in (
        send(api, location, 0, b"abc", **{"Tus-Resumable": version}),
        api.head(location, headers={"Tus-Resumable": version}),
        api.delete(location, headers={"Tus-Resumable": version}),
    ):
        assert reply.status_code == 412
        assert reply.headers["Tus-Version"] == "1.0.0"
    assert api.head(location).headers["Upload-Offset"] == "0"


@pytest.mark.parametrize("offset", [0, 2, 4, 10, 10**17])
def test_a_wrong_offset_is_a_conflict_that_names_the_right_one(
    api: Caller, location: str, offset: int
) -> None:
    send(api, location, 0, b"abc")
    reply = send(api, location, offset, b"x")
    assert_problem(reply, 409)
    assert reply.headers["Upload-Offset"] == "3"


@pytest.mark.parametrize("offset", ["", "-1", "x", "1.0", "٣", "9" * 31])
def test_an_offset_that_is_none_is_refused(api: Caller, location: str, offset: str) -> None:
    headers = {**TUS, "Upload-Offset": offset.encode().decode("latin-1")}
    assert_problem(api.patch(location, data=b"x", content_type=BODY, headers=headers), 422)


def test_more_than_was_announced_is_too_large(api: Caller, location: str) -> None:
    assert_problem(send(api, location, 0, b"x" * 11), 413)
    assert api.head(location).headers["Upload-Offset"] == "0"
    assert send(api, location, 0, b"x" * 10).status_code == 204


def test_a_surplus_of_unknown_length_is_too_large_and_the_upload_goes_on(
    api: Caller, location: str
) -> None:
    send(api, location, 0, b"abc")
    headers = {**TUS, "Upload-Offset": "3"}
    reply = api.patch(
        location,
        input_stream=BytesIO(b"x" * 3_000_000),
        content_type=BODY,
        headers=headers,
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert_problem(reply, 413)
    head = api.head(location)
    assert (head.status_code, head.headers["Upload-Offset"]) == (200, "3")
    assert send(api, location, 3, b"defghij").headers["Upload-Offset"] == "10"


@pytest.mark.parametrize("algorithm", ["sha1", "blake3"])
def test_damaged_bytes_answer_460_and_are_discarded(
    api: Caller, location: str, algorithm: str
) -> None:
    reply = send(api, location, 0, b"abd", **checksum(algorithm, b"abc"))
    assert_problem(reply, 460)
    assert api.head(location).headers["Upload-Offset"] == "0"
    assert send(api, location, 0, b"abc", **checksum(algorithm, b"abc")).status_code == 204


@pytest.mark.parametrize(
    "value",
    ["md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha1", "sha1 ***", "sha1 YWJj", "blake3 YWJj", "x y z"],
)
def test_a_checksum_nobody_can_compare_is_refused(api: Caller, location: str, value: str) -> None:
    # The protocol's own status where it does not know the algorithm.
    status = 422 if value.startswith(("sha1", "blake3")) else 400
    assert_problem(send(api, location, 0, b"abc", **{"Upload-Checksum": value}), status)
    assert api.head(location).headers["Upload-Offset"] == "0"


def test_giving_up_frees_the_bytes_and_ends_the_upload(
    session: Session, api: Caller, location: str, settings: Settings
) -> None:
    send(api, location, 0, b"abc")
    spool = spooled(session, settings, location)
    assert spool.exists()
    assert api.delete(location, headers=TUS).status_code == 204
    assert not spool.exists()
    assert api.head(location).status_code == 410
    assert_problem(send(api, location, 3, b"def"), 410)
    assert api.delete(location, headers=TUS).status_code == 204
    shown = api.get(location).json
    assert shown is not None
    assert (shown["state"], shown["reason"]) == ("expired", "The upload was cancelled.")


def test_what_is_complete_is_not_given_up_any_more(
    session: Session, api: Caller, location: str, settings: Settings
) -> None:
    send(api, location, 0, b"0123456789")
    assert api.delete(location, headers=TUS).status_code == 204
    assert spooled(session, settings, location).exists()
    shown = api.get(location).json
    assert shown is not None
    assert shown["state"] == "checking"
    assert_problem(send(api, location, 10, b""), 409)


def test_an_upload_past_its_time_is_gone(
    session: Session, api: Caller, location: str, settings: Settings
) -> None:
    session.execute(update(Upload).values(expires_at=text("now() - interval '1 day'")))
    uploads.expire_due(session, settings)
    session.commit()
    assert api.head(location).status_code == 410
    assert_problem(send(api, location, 0, b"abc"), 410)


def test_an_upload_that_failed_is_not_tried_for_ever(
    session: Session, api: Caller, location: str
) -> None:
    upload = session.query(Upload).filter_by(id=uuid.UUID(location.rpartition("/")[2])).one()
    uploads.fail(session, upload, "The server's disk failed.")
    session.commit()
    assert api.head(location).status_code == 410
    assert_problem(send(api, location, 0, b"abc"), 410)
