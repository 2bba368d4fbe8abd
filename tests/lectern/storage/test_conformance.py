"""What every back end promises, whichever it is."""

import os
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from b2sdk.v3 import RawSimulator

import core_ext
from lectern.errors import StorageDamaged
from lectern.storage import Item, LocalStorage, Storage
from lectern.storage.b2 import B2Storage
from lectern.storage.both import BothStorages
from tests.lectern.storage.conftest import Put, key_of

CONTENT = os.urandom(70_001)
# Three parts and a bit, where parts are as small as the fake's.
LARGE = os.urandom(350_003)


@pytest.mark.parametrize("content", [b"", b"x", CONTENT, LARGE], ids=["0", "1", "small", "large"])
def test_what_was_put_is_there_whole(storage: Storage, put: Put, content: bytes) -> None:
    key = put(storage, content)
    assert storage.exists(key)
    assert storage.size(key) == len(content)
    assert b"".join(storage.read(key)) == content
    with storage.local_copy(key) as path:
        assert path.read_bytes() == content
    stored = storage.path(key)
    assert stored is None or stored.read_bytes() == content


@pytest.mark.parametrize(
    ("start", "length"),
    [(0, 1), (0, 70_001), (5, 10), (70_000, 1), (70_000, 99), (70_001, 5), (9, None), (3, 0)],
)
def test_a_part_is_read_as_asked(
    storage: Storage, put: Put, start: int, length: int | None
) -> None:
    key = put(storage, CONTENT)
    end = None if length is None else start + length
    assert b"".join(storage.read(key, start, length)) == CONTENT[start:end]


def test_pieces_are_small(storage: Storage, put: Put) -> None:
    key = put(storage, os.urandom(900_000))
    assert max(len(piece) for piece in storage.read(key)) <= 256 << 10


def test_a_used_key_is_refused_and_keeps_its_bytes(
    storage: Storage, put: Put, tmp_path: Path
) -> None:
    key = put(storage, CONTENT)
    other = tmp_path / "source-other"
    other.write_bytes(b"other")
    with pytest.raises(FileExistsError):
        storage.put(other, key)
    assert b"".join(storage.read(key)) == CONTENT


def test_of_many_writers_of_one_key_exactly_one_wins(storage: Storage, tmp_path: Path) -> None:
    if isinstance(storage, B2Storage) and isinstance(storage._api.session.raw_api, RawSimulator):
        pytest.skip("The simulator shows a file some time after it is dated.")
    key = f"b1/ab/race/{os.urandom(16).hex()}"
    outcomes: list[str] = []
    barrier = threading.Barrier(5)

    def write(number: int) -> None:
        source = tmp_path / f"source-{number}"
        source.write_bytes(str(number).encode() * 1000)
        barrier.wait()
        try:
            storage.put(source, key)
            outcomes.append(str(number))
        except FileExistsError:
            outcomes.append("refused")

    threads = [threading.Thread(target=write, args=[number]) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 5
    (winner,) = [outcome for outcome in outcomes if outcome != "refused"]
    assert b"".join(storage.read(key)) == winner.encode() * 1000
    storage.delete(key)


def test_a_source_that_is_not_what_its_digest_says_is_not_kept(
    storage: Storage, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    key = key_of(source)
    digest = core_ext.digest_file(source)
    source.write_bytes(CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))
    folder = storage.new if isinstance(storage, BothStorages) else storage
    if isinstance(folder, LocalStorage) and _links(folder, source):
        pytest.skip("A linked file is the one that the caller has just read.")
    with pytest.raises(StorageDamaged, match=r"\."):
        storage.put(source, key, digest)
    assert not storage.exists(key)
    assert list(storage.items()) == []


def _links(folder: LocalStorage, source: Path) -> bool:
    key = "probe/" + os.urandom(4).hex()
    folder.put(source, key)
    linked = folder.path(key).samefile(source)
    folder.delete(key)
    return linked


def test_a_missing_source_is_said_so(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        storage.put(tmp_path / "source-nothing", "b1/ab/nothing")
    assert not storage.exists("b1/ab/nothing")


def test_what_is_not_there_is_said_so(storage: Storage, tmp_path: Path) -> None:
    key = "b1/ab/" + os.urandom(16).hex()
    assert not storage.exists(key)
    with pytest.raises(FileNotFoundError):
        storage.size(key)
    with pytest.raises(FileNotFoundError):
        list(storage.read(key))
    with pytest.raises(FileNotFoundError), storage.local_copy(key):
        pass


def test_deleting_twice_is_the_same_as_once(storage: Storage, put: Put) -> None:
    key, other = put(storage, CONTENT), put(storage, b"stays")
    with storage.local_copy(key):
        pass
    storage.delete(key)
    storage.delete(key)
    assert not storage.exists(key)
    with pytest.raises(FileNotFoundError), storage.local_copy(key):
        pass
    assert storage.exists(other)


def test_what_is_stored_can_be_listed(storage: Storage, put: Put) -> None:
    keys = {put(storage, str(number).encode()): 1 for number in range(7)}
    known = {item.key: item.byte_size for item in storage.items()}
    assert keys.items() <= known.items()
    one = next(iter(keys))
    assert list(storage.items(one)) == [Item(one, 1)]
    assert one in {item.key for item in storage.items(one[:5])}
    assert {item.key[:6] for item in storage.items(one[:6])} == {one[:6]}
    assert list(storage.items("none-such/")) == []


def test_a_copy_stays_while_it_is_read(storage: Storage, put: Put) -> None:
    key = put(storage, CONTENT)
    if storage.path(key) is not None:
        pytest.skip("The copy is the stored file itself.")
    with storage.local_copy(key) as path:
        storage.delete(key)
        assert path.read_bytes() == CONTENT
    assert not path.exists()


@pytest.mark.parametrize(
    "key", ["", "../x", "a/../../b", "/etc/passwd", "a//b", "a/.b", "A", "a\n", "a/b/", "ä", "a\0"]
)
def test_what_is_no_key_reaches_nothing(storage: Storage, tmp_path: Path, key: str) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x")
    for call in (storage.path, storage.size, storage.exists, storage.delete):
        with pytest.raises(ValueError, match="not a storage key"):
            call(key)
    with pytest.raises(ValueError, match="not a storage key"):
        storage.put(source, key)
    with pytest.raises(ValueError, match="not a storage key"):
        list(storage.read(key))
    with pytest.raises(ValueError, match="not a storage key"), storage.local_copy(key):
        pass


def test_an_address_serves_the_file_with_parts_and_headers(storage: Storage, put: Put) -> None:
    key, other = put(storage, CONTENT), put(storage, b"other")
    disposition = "attachment; filename*=UTF-8''%C3%9Cbung%201.mp4"
    url = storage.url(key, 600, mime="video/mp4", disposition=disposition)
    if url is None:
        assert storage.origin in {"", getattr(storage, "old", storage).origin}
        return
    if not url.startswith("http://127") and "LECTERN_TEST_B2_URL" not in os.environ:
        pytest.skip("The simulator answers no requests.")
    with urllib.request.urlopen(url) as reply:  # noqa: S310
        assert reply.read() == CONTENT
        assert reply.headers["Content-Type"] == "video/mp4"
        assert reply.headers["Content-Disposition"] == disposition
    asked = urllib.request.Request(url, headers={"Range": "bytes=100-199"})  # noqa: S310
    with urllib.request.urlopen(asked) as reply:  # noqa: S310
        assert (reply.status, reply.read()) == (206, CONTENT[100:200])
    for foreign in (url.replace(key, other), url.replace("video%2Fmp4", "text%2Fhtml")):
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(foreign)  # noqa: S310


def test_clearing_the_unfinished_keeps_what_is_stored(storage: Storage, put: Put) -> None:
    key = put(storage, CONTENT)
    assert storage.clear_unfinished(0.0) == 0
    assert b"".join(storage.read(key)) == CONTENT
