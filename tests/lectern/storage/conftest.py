"""Every back end that a test of the protocol runs against."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from b2sdk.v3 import RawSimulator

import core_ext
from lectern.storage import LocalStorage, Storage, b2, b2sdk_session, local
from lectern.storage.b2 import B2Storage
from lectern.storage.b2_place import Place, parse
from lectern.storage.both import BothStorages
from lectern.storage.copies import Copies
from tests.lectern.storage import b2_fake
from tests.lectern.storage.b2_fake import BUCKET, KEY, KEY_ID, Fake

Put = Callable[..., str]
# A bucket of one's own: `b2://bucket`, with LECTERN_TEST_B2_KEY_ID and LECTERN_TEST_B2_KEY.
REAL = "LECTERN_TEST_B2_URL"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """The service over HTTP. Pauses between tries are short."""
    monkeypatch.setattr(b2, "PAUSE_S", 0.01)
    monkeypatch.setattr("b2sdk._internal.b2http.time.sleep", lambda seconds: None)
    with b2_fake.serving() as fake:
        yield fake


@pytest.fixture
def b2_storage(fake: Fake, tmp_path: Path) -> B2Storage:
    place = parse(f"b2+{fake.url}/{BUCKET}", KEY_ID, KEY)
    return B2Storage(place, Copies(tmp_path / "cache", 1 << 30))


class Simulator(RawSimulator):  # type: ignore[misc]
    """The SDK's own; it knows no headers of signed downloads."""

    def get_download_authorization(self, *args: Any, **shown: str) -> Any:
        return super().get_download_authorization(*args[:5])


def simulated(tmp_path: Path) -> B2Storage:
    api = b2sdk_session.Api(Simulator)
    key_id, key = api.session.raw_api.create_account()
    api.authorize_account(key_id, key, realm="production")
    api.create_bucket(BUCKET, "allPrivate")
    return B2Storage(Place(BUCKET, key_id, key), Copies(tmp_path / "cache", 1 << 30), api)


def real(tmp_path: Path) -> B2Storage:
    url = os.environ.get(REAL)
    if not url:
        pytest.skip(f"{REAL} names no bucket")
    place = parse(url, os.environ["LECTERN_TEST_B2_KEY_ID"], os.environ["LECTERN_TEST_B2_KEY"])
    return B2Storage(place, Copies(tmp_path / "cache", 1 << 30))


@pytest.fixture(params=["folder", "another disk", "simulator", "b2", "b2 to folder", "real b2"])
def storage(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Storage:
    """Each back end in turn; `another disk` is a folder that files must be copied to."""
    if request.param == "another disk":
        monkeypatch.setattr(local.os, "link", _across(os.link))
    if request.param == "simulator":
        return simulated(tmp_path)
    if request.param == "real b2":
        return real(tmp_path)
    if request.param == "b2":
        return request.getfixturevalue("b2_storage")  # type: ignore[no-any-return]
    folder = LocalStorage(tmp_path / "deep" / "storage")
    if request.param == "b2 to folder":
        return BothStorages(folder, request.getfixturevalue("b2_storage"))
    return folder


def _across(link: Callable[..., None]) -> Callable[..., None]:
    def refuse_sources(source: Path, target: Path) -> None:
        if Path(source).name.startswith("source"):
            raise OSError(18, "Invalid cross-device link")
        link(source, target)

    return refuse_sources


def key_of(content: Path) -> str:
    """A key as the library makes it, never the same twice."""
    digest = core_ext.digest_file(content)
    return f"b1/{digest[:2]}/{digest}/0123abcd-{uuid.uuid4().hex}"


@pytest.fixture
def put(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Put]:
    """Stores content under a key of its own, and returns the key."""
    done: list[tuple[Storage, str]] = []

    def put(storage: Storage, content: bytes) -> str:
        source = tmp_path / f"source-{uuid.uuid4().hex}"
        source.write_bytes(content)
        key = key_of(source)
        storage.put(source, key, core_ext.digest_file(source))
        done.append((storage, key))
        return key

    yield put
    # A real bucket is left as it was found.
    for storage, key in done:
        storage.delete(key)
