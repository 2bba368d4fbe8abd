"""Files in a bucket: rights first, then the way there; small ones and words come from us."""

import io
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.models import Asset, Role
from lectern.people import audit_reading
from lectern.people.principal import Principal
from lectern.renditions import posters, renditions
from lectern.search import selections
from lectern.storage import LocalStorage, b2
from lectern.storage.b2 import B2Storage
from lectern.storage.b2_place import parse
from lectern.storage.both import BothStorages
from lectern.storage.copies import Copies
from tests.factories import make_asset, make_colleague
from tests.lectern.storage import b2_fake
from tests.lectern.storage.b2_fake import BUCKET, KEY, KEY_ID, Fake
from tests.web.answers import assert_problem
from tests.web.conftest import Caller, current_version, stored_blob

CONTENT = bytes(range(256)) * 40
WithBytes = Callable[..., Asset]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    monkeypatch.setattr(b2, "PAUSE_S", 0.01)
    monkeypatch.setattr("b2sdk._internal.b2http.time.sleep", lambda seconds: None)
    with b2_fake.serving() as fake:
        yield fake


@pytest.fixture
def storage(app: Flask, fake: Fake, tmp_path: Path) -> Iterator[B2Storage]:
    """The application's storage is a bucket for the length of the test."""
    place = parse(f"b2+{fake.url}/{BUCKET}", KEY_ID, KEY)
    bucket = B2Storage(place, Copies(tmp_path / "cache", 1 << 30))
    before, app.extensions["lectern.storage"] = app.extensions["lectern.storage"], bucket
    yield bucket
    app.extensions["lectern.storage"] = before


@pytest.fixture
def video(with_bytes: WithBytes, owner: Principal) -> Asset:
    return with_bytes(owner, CONTENT, name="Übung 1", original_name="raw.MP4")


def followed(reply: object, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    assert reply.status_code == 302, reply.data  # type: ignore[attr-defined]
    url = reply.headers["Location"]  # type: ignore[attr-defined]
    request = urllib.request.Request(url, headers=headers)  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return answer.status, answer.read(), dict(answer.headers)


def test_a_download_goes_straight_to_the_bucket(api: Caller, video: Asset, fake: Fake) -> None:
    reply = api.get(f"/m/{video.id}")
    assert reply.data == b""
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    status, content, headers = followed(reply)
    assert (status, content) == (200, CONTENT)
    assert headers["Content-Disposition"] == "attachment; filename*=UTF-8''%C3%9Cbung%201.MP4"
    assert headers["Content-Type"] == "video/mp4"
    assert [grant["validDurationInSeconds"] for grant in fake.grants.values()] == [900]


def test_a_part_is_had_there_as_asked(api: Caller, video: Asset) -> None:
    reply = api.get(f"/m/{video.id}", headers={"Range": "bytes=100-199"})
    assert followed(reply, Range="bytes=100-199")[:2] == (206, CONTENT[100:200])


def test_a_download_is_recorded_once_not_for_each_part(
    session: Session, api: Caller, video: Asset, owner: Principal
) -> None:
    api.get(f"/m/{video.id}")
    api.get(f"/m/{video.id}", headers={"Range": "bytes=100-"})
    api.head(f"/m/{video.id}")
    actions = [entry.action for entry in audit_reading.history(session, owner, video.id)]
    assert actions.count("asset.download") == 1


def test_nobody_without_the_right_gets_an_address(
    session: Session,
    video: Asset,
    owner: Principal,
    stranger: Principal,
    visitor: FlaskClient,
    with_token: Callable[..., Caller],
    fake: Fake,
) -> None:
    viewer = with_token(make_colleague(session, owner, Role.VIEWER))
    assert_problem(viewer.get(f"/m/{video.id}"), 403)
    assert_problem(with_token(stranger).get(f"/m/{video.id}"), 404)
    assert_problem(with_token(stranger).get(f"/m/{video.id}/v/1/play"), 404)
    assert visitor.get(f"/m/{video.id}").status_code in {302, 401}
    assert BUCKET not in visitor.get(f"/m/{video.id}").headers.get("Location", "")
    assert fake.grants == {}


@pytest.fixture
def shown(
    session: Session, owner: Principal, video: Asset, storage: B2Storage, tmp_path: Path
) -> Asset:
    """The video with a rendition and a poster."""
    version = current_version(session, video)
    playable = stored_blob(session, storage, owner, b"playable", tmp_path)
    where = (owner.workspace_id, version.blob_id, renditions.PLAYABLE)
    renditions.record(session, *where, playable, {"mime": "video/mp4"})
    still = stored_blob(session, storage, owner, b"still", tmp_path)
    still.mime = "image/jpeg"
    posters.record(session, version, [(still, {})])
    session.commit()
    return video


def test_playing_lasts_as_long_as_a_lecture(api: Caller, shown: Asset) -> None:
    reply = api.get(f"/m/{shown.id}/v/1/play")
    assert reply.headers["Cache-Control"] == "private, max-age=7200"
    assert {"Cookie", "Authorization"} <= set(reply.headers["Vary"].split(", "))
    status, content, headers = followed(reply, Range="bytes=0-3")
    assert (status, content) == (206, b"play")
    assert headers["Content-Disposition"] == "inline"
    again = api.get(f"/m/{shown.id}/v/1/play")
    assert again.headers["Location"] == reply.headers["Location"]


def test_a_poster_comes_from_us_and_is_kept(
    session: Session, api: Caller, shown: Asset, fake: Fake
) -> None:
    digest = posters.blob_of(session, shown).digest
    reply = api.get(f"/m/{shown.id}/poster.jpg?d={digest}")
    assert (reply.status_code, reply.data, reply.mimetype) == (200, b"still", "image/jpeg")
    assert reply.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert reply.headers["Content-Length"] == "5"
    fake.calls.clear()
    known = {"If-None-Match": reply.headers["ETag"]}
    unchanged = api.get(f"/m/{shown.id}/poster.jpg", headers=known)
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert not fake.calls
    assert fake.grants == {}


@pytest.mark.parametrize("mime", ["text/html", "image/svg+xml", "application/xhtml+xml"])
def test_what_a_browser_would_run_comes_as_plain_bytes(
    session: Session, api: Caller, with_bytes: WithBytes, owner: Principal, mime: str
) -> None:
    asset = with_bytes(owner, b"<script>")
    asset.mime = mime
    session.commit()
    headers = followed(api.get(f"/m/{asset.id}?inline=1"))[2]
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment")


def test_a_bucket_that_is_away_is_said_so(api: Caller, video: Asset, fake: Fake) -> None:
    fake.fail("b2_get_download_authorization", "503", times=99)
    reply = api.get(f"/m/{video.id}")
    assert_problem(reply, 503)
    assert "Nothing was lost" in reply.json["detail"]
    assert reply.headers["Retry-After"] == "5"


def test_pages_may_show_what_lies_there(
    client: FlaskClient, fake: Fake, storage: B2Storage
) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    rules = dict(rule.partition(" ")[::2] for rule in policy.split("; "))
    assert rules["img-src"].split() == ["'self'", "data:", fake.url]
    assert rules["media-src"].split() == ["'self'", "blob:", fake.url]
    # Streams are fetched from there.
    assert rules["connect-src"].split() == ["'self'", fake.url]
    assert fake.url not in rules["script-src"] + rules["style-src"] + rules["default-src"]


def test_a_selection_becomes_an_archive_of_what_lies_there(
    session: Session, client: FlaskClient, owner: Principal, video: Asset
) -> None:
    selection = selections.begin(session, owner, "library")
    selections.clear(session, owner, selection)
    selections.add(session, owner, selection, [video.id])
    session.commit()
    reply = client.get(f"/downloads/selection/{selection.id}.zip")
    archive = zipfile.ZipFile(io.BytesIO(reply.data))
    assert archive.testzip() is None
    assert archive.read("Übung 1.MP4") == CONTENT


def test_during_a_move_each_file_comes_from_where_it_is(
    app: Flask,
    session: Session,
    api: Caller,
    owner: Principal,
    storage: B2Storage,
    tmp_path: Path,
) -> None:
    old = LocalStorage(tmp_path / "old")
    app.extensions["lectern.storage"] = BothStorages(storage, old)
    blob = stored_blob(session, old, owner, CONTENT, tmp_path)
    asset = make_asset(session, owner, blob=blob)
    session.commit()
    before = api.get(f"/m/{asset.id}")
    assert (before.status_code, before.data) == (200, CONTENT)
    storage.put(old.path(blob.key), blob.key)
    assert followed(api.get(f"/m/{asset.id}"))[1] == CONTENT
