"""A bucket that fails: nothing is lost, nothing half is kept, and the words say what to do."""

import os
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

import core_ext
from lectern.errors import LecternError, StorageAway, StorageDamaged, StorageFull
from lectern.settings import read
from lectern.storage import b2sdk_session, open_storage
from lectern.storage.b2 import B2Storage
from lectern.storage.b2_place import parse
from lectern.storage.copies import Copies
from tests.lectern.storage.b2_fake import BUCKET, KEY, KEY_ID, PART_BYTES, Fake
from tests.lectern.storage.conftest import Put, key_of

SMALL = os.urandom(5_000)
LARGE = os.urandom(PART_BYTES * 6 + 77)
# The SDK shares the bytes among as many parts as fit.
PARTS = 6


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that take longer than this count as none."""
    for limit in ("TIMEOUT", "TIMEOUT_FOR_COPY", "TIMEOUT_FOR_UPLOAD"):
        monkeypatch.setattr(b2sdk_session._Http, limit, 0.3)


@pytest.mark.parametrize("fault", ["503", "reset", "expired"])
@pytest.mark.parametrize(
    ("content", "operation"),
    [
        (SMALL, "b2_list_file_versions"),
        (SMALL, "b2_get_upload_url"),
        (SMALL, "upload_file"),
        (SMALL, "b2_get_file_info"),
        (SMALL, "download"),
        (LARGE, "b2_start_large_file"),
        (LARGE, "b2_get_upload_part_url"),
        (LARGE, "upload_part"),
        (LARGE, "b2_finish_large_file"),
    ],
)
def test_a_passing_fault_is_not_noticed(
    b2_storage: B2Storage, fake: Fake, put: Put, content: bytes, operation: str, fault: str
) -> None:
    if fault == "expired" and operation == "upload_file":
        pytest.skip("An upload has a token of its own.")
    fake.fail(operation, fault, times=2 if fault != "expired" else 1)
    key = put(b2_storage, content)
    assert fake.faults == []
    assert fake.stored() == {key: content}
    assert b"".join(b2_storage.read(key)) == content
    assert len([each for each in fake.versions if each.action == "upload"]) == 1


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
def test_an_answer_that_was_lost_leaves_no_second_copy(
    b2_storage: B2Storage, fake: Fake, put: Put, content: bytes
) -> None:
    fake.fail("upload_file" if content is SMALL else "upload_part", "lost", times=2)
    key = put(b2_storage, content)
    assert [(each.name, each.content) for each in fake.versions] == [(key, content)]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "operation", ["b2_get_upload_url", "upload_file", "b2_get_file_info", "download"]
)
def test_an_answer_that_never_comes_is_asked_for_again(
    b2_storage: B2Storage, fake: Fake, put: Put, operation: str
) -> None:
    fake.fail(operation, "hang")
    key = put(b2_storage, SMALL)
    assert fake.stored()[key] == SMALL


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("fault", ["503", "reset"])
def test_a_service_that_stays_away_is_said_so_and_nothing_counts_as_stored(
    b2_storage: B2Storage, fake: Fake, put: Put, content: bytes, fault: str
) -> None:
    for operation in ("upload_file", "upload_part"):
        fake.fail(operation, fault, times=500)
    with pytest.raises(StorageAway, match="Nothing was lost"):
        put(b2_storage, content)
    assert fake.stored() == {}
    fake.faults.clear()
    key = put(b2_storage, content)
    assert fake.stored() == {key: content}


def test_parts_travel_together(b2_storage: B2Storage, fake: Fake, put: Put) -> None:
    fake.pause_s = 0.2
    put(b2_storage, LARGE)
    assert fake.calls["upload_part"] == PARTS
    assert fake.most_at_once > 1


def test_an_interrupted_large_file_goes_on_where_it_was(
    b2_storage: B2Storage, fake: Fake, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(LARGE)
    key = key_of(source)
    # Each part may fail five times, each put is tried four times; four parts get through first.
    answer = fake.fault

    def last_parts_fail(operation: str) -> str:
        fault = answer(operation)
        late = operation == "upload_part" and fake.calls["upload_part"] > 4
        return "503" if late else fault

    fake.fault = last_parts_fail  # type: ignore[method-assign]
    with pytest.raises(StorageAway):
        b2_storage.put(source, key)
    (unfinished,) = fake.unfinished()
    there = len(unfinished.parts)
    assert 0 < there < PARTS
    assert not b2_storage.exists(key)
    fake.fault = answer  # type: ignore[method-assign]
    fake.calls.clear()
    # Another process, such as the same command started again.
    again = B2Storage(b2_storage.place, Copies(tmp_path / "other", 0))
    again.put(source, key)
    assert fake.calls["upload_part"] == PARTS - there
    assert fake.stored() == {key: LARGE}
    assert fake.unfinished() == []


@pytest.mark.parametrize(
    ("content", "fault"),
    [(SMALL, "damage"), (SMALL, "other sha1"), (LARGE, "blank"), (LARGE, "other sha1")],
)
def test_bytes_that_the_service_changed_are_not_kept(
    b2_storage: B2Storage, fake: Fake, put: Put, content: bytes, fault: str
) -> None:
    for operation in ("upload_file", "upload_part"):
        fake.fail(operation, fault, times=100)
    with pytest.raises(StorageDamaged, match="Try again"):
        put(b2_storage, content)
    assert fake.stored() == {}


def test_damage_on_the_way_is_fetched_again(b2_storage: B2Storage, fake: Fake, put: Put) -> None:
    key = put(b2_storage, SMALL)
    fake.fail("download", "flip")
    with b2_storage.local_copy(key) as path:
        assert path.read_bytes() == SMALL


def test_damage_in_the_bucket_reaches_no_reader(
    b2_storage: B2Storage, fake: Fake, put: Put
) -> None:
    key = put(b2_storage, SMALL)
    fake.versions[0].content = SMALL[:-1] + bytes([SMALL[-1] ^ 1])
    with pytest.raises(StorageDamaged, match=key), b2_storage.local_copy(key):
        pass
    assert list(b2_storage._copies.folder.iterdir()) == []


def test_a_download_that_breaks_goes_on_where_it_broke(
    b2_storage: B2Storage, fake: Fake, put: Put
) -> None:
    key = put(b2_storage, LARGE)
    with b2_storage.local_copy(key):
        pass
    fake.fail("download", "short", times=3)
    assert b"".join(b2_storage.read(key)) == LARGE
    fake.fail("download", "short", times=99)
    with pytest.raises(StorageAway):
        list(b2_storage.read(key))


def test_a_full_account_is_full_storage(b2_storage: B2Storage, fake: Fake, put: Put) -> None:
    fake.fail("b2_get_upload_url", "cap")
    with pytest.raises(StorageFull, match="cap"):
        put(b2_storage, SMALL)


def test_a_refused_key_names_the_settings(fake: Fake, tmp_path: Path) -> None:
    storage = B2Storage(
        parse(f"b2+{fake.url}/{BUCKET}", KEY_ID, "wrong"), Copies(tmp_path / "cache", 0)
    )
    with pytest.raises(StorageAway, match="LECTERN_B2_KEY_ID"):
        storage.exists("b1/ab")
    assert "wrong" not in repr(storage.place)


def test_a_missing_bucket_is_said_so(fake: Fake, tmp_path: Path) -> None:
    place = parse(f"b2+{fake.url}/another", KEY_ID, KEY)
    with pytest.raises(StorageAway, match="Bucket not found"):
        B2Storage(place, Copies(tmp_path / "cache", 0)).exists("b1/ab")


def test_a_public_bucket_is_not_used(b2_storage: B2Storage, fake: Fake, put: Put) -> None:
    fake.kind = "allPublic"
    with pytest.raises(StorageAway, match="private"):
        put(b2_storage, SMALL)
    assert fake.stored() == {}


def test_deleting_leaves_no_version_hidden_or_unfinished(
    b2_storage: B2Storage, fake: Fake, put: Put
) -> None:
    key = put(b2_storage, SMALL)
    for action in ("upload", "hide", "start"):
        fake.add(key, action, {}, "x")
    b2_storage.delete(key)
    assert fake.versions == []


def test_a_listing_is_read_page_by_page(
    b2_storage: B2Storage, fake: Fake, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lectern.storage.b2.LISTED_AT_ONCE", 3)
    keys = sorted(put(b2_storage, bytes([number])) for number in range(10))
    assert [item.key for item in b2_storage.items()] == keys
    assert fake.calls["b2_list_file_names"] == 4


def test_an_address_is_given_again_for_half_of_its_time(
    b2_storage: B2Storage, fake: Fake, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = put(b2_storage, SMALL)

    def url(mime: str = "video/mp4") -> str:
        return b2_storage.url(key, 900, mime=mime, disposition="inline")

    now = 1000.0
    monkeypatch.setattr("lectern.storage.b2_urls.time.monotonic", lambda: now)
    first = url()
    now += 449
    assert url() == first
    assert url("audio/mpeg") != first
    now += 2
    assert url() != first
    assert urllib.request.urlopen(url()).read() == SMALL  # noqa: S310
    assert {grant["validDurationInSeconds"] for grant in fake.grants.values()} == {900}
    assert {grant["fileNamePrefix"] for grant in fake.grants.values()} == {key}


def test_making_one_asks_nothing_yet(fake: Fake, tmp_path: Path) -> None:
    environ = {
        "LECTERN_STORAGE_URL": f"b2+{fake.url}/{BUCKET}",
        "LECTERN_B2_KEY_ID": KEY_ID,
        "LECTERN_B2_KEY": KEY,
    }
    settings = read(environ, data=tmp_path)
    storage = open_storage(settings.storage_url, settings)
    assert isinstance(storage, B2Storage)
    assert storage.origin == fake.url
    assert not fake.calls
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("url", "word"),
    [("b2://bucket", "LECTERN_B2_KEY"), ("b2://", "bucket"), ("b2://bucket/x", "bucket")],
)
def test_an_address_that_cannot_be_used_is_refused_in_words(
    tmp_path: Path, url: str, word: str
) -> None:
    with pytest.raises(LecternError, match=word):
        open_storage(url, read({}, data=tmp_path))


def test_the_service_itself_is_one_realm() -> None:
    place = parse("b2://lectern-media", KEY_ID, KEY)
    assert (place.bucket, place.realm) == ("lectern-media", "production")
    assert place.origin == "https://*.backblazeb2.com"


class TestCopies:
    """Working copies of what is stored elsewhere."""

    @pytest.fixture
    def fetched(self) -> list[str]:
        return []

    @pytest.fixture
    def fetch(self, fetched: list[str]) -> Callable[[Path], None]:
        def fetch(path: Path) -> None:
            fetched.append(path.name)
            path.write_bytes(b"x" * 100)

        return fetch

    def test_what_is_kept_is_not_fetched_again(
        self, tmp_path: Path, fetch: Callable[[Path], None], fetched: list[str]
    ) -> None:
        for _ in range(3):
            with Copies(tmp_path, 1000).of("a/b", fetch) as path:
                assert path.read_bytes() == b"x" * 100
                assert path.stat().st_mode & 0o222 == 0
        assert len(fetched) == 1

    def test_the_longest_unused_go_first(
        self, tmp_path: Path, fetch: Callable[[Path], None], fetched: list[str]
    ) -> None:
        copies = Copies(tmp_path, 250)
        for at, key in enumerate(("a", "b", "c")):
            with copies.of(key, fetch) as path:
                os.utime(path, (at, at))
        with copies.of("b", fetch):
            pass
        assert len(fetched) == 3
        assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "c"]

    def test_a_reader_keeps_its_file_though_there_is_no_room(
        self, tmp_path: Path, fetch: Callable[[Path], None]
    ) -> None:
        with Copies(tmp_path, 0).of("a", fetch) as path:
            assert path.read_bytes() == b"x" * 100
        assert list(tmp_path.iterdir()) == []

    def test_what_a_killed_reader_left_goes_later(
        self, tmp_path: Path, fetch: Callable[[Path], None]
    ) -> None:
        for name, age in ((".old", 1), (".new", 2_000_000_000)):
            (tmp_path / name).write_bytes(b"x")
            os.utime(tmp_path / name, (age, age))
        with Copies(tmp_path, 1000).of("a", fetch):
            pass
        assert {path.name for path in tmp_path.iterdir()} == {".new", "a"}

    def test_a_full_disk_is_said_so(self, tmp_path: Path) -> None:
        def fetch(path: Path) -> None:
            path.write_bytes(b"half")
            raise OSError(28, "No space left on device")

        with pytest.raises(StorageFull, match="room"), Copies(tmp_path, 10).of("a", fetch):
            pass
        assert list(tmp_path.iterdir()) == []


def test_a_digest_is_that_of_its_key(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"lecture")
    assert core_ext.digest_file(tmp_path / "source") in key_of(tmp_path / "source")


def test_an_upload_that_was_never_finished_is_cleared(b2_storage: B2Storage, fake: Fake) -> None:
    bucket = b2_storage._bucket()
    fake.clock = int(time.time() * 1000)
    start = b2_storage._api.services.large_file.start_large_file
    begun = start(bucket.id_, "b1/never-finished", "video/mp4")
    assert b2_storage.clear_unfinished(3600.0) == 0
    assert b2_storage.clear_unfinished(-3600.0) == 1
    assert begun.file_id not in {each.id for each in fake.versions}
