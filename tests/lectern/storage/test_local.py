"""What only a local folder promises: durable, read-only, and gone when the disk is full."""

import os
import re
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lectern.errors import LecternError, StorageFull
from lectern.storage import LocalStorage, open_storage

KEY = "b1/ab/" + "ab" * 32 + "/0123abcd-" + "0" * 32


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "deep" / "storage")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "source"
    file.write_bytes(b"lecture" * 1000)
    return file


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"No file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)  # noqa: S607


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_was_put_is_there_whole_and_read_only(storage: LocalStorage, source: Path) -> None:
    storage.put(source, KEY)
    assert storage.path(KEY).read_bytes() == source.read_bytes()
    assert storage.size(KEY) == source.stat().st_size
    assert storage.exists(KEY)
    assert stat.S_IMODE(storage.path(KEY).stat().st_mode) == 0o444
    assert files_below(storage.root) == [storage.path(KEY)]


def test_only_its_owner_may_look_into_the_folders(storage: LocalStorage, source: Path) -> None:
    storage.put(source, KEY)
    for folder in storage.path(KEY).relative_to(storage.root).parents:
        assert stat.S_IMODE((storage.root / folder).stat().st_mode) == 0o700


def test_the_same_file_system_needs_no_second_copy(storage: LocalStorage, source: Path) -> None:
    storage.put(source, KEY)
    assert storage.path(KEY).samefile(source)
    source.unlink()
    assert storage.size(KEY) == 7000


def test_of_many_writers_of_one_key_exactly_one_wins(storage: LocalStorage, tmp_path: Path) -> None:
    outcomes: list[str] = []
    barrier = threading.Barrier(8)

    def write(number: int) -> None:
        source = tmp_path / f"source-{number}"
        source.write_bytes(str(number).encode() * 1000)
        barrier.wait()
        try:
            storage.put(source, KEY)
            outcomes.append(f"stored {number}")
        except FileExistsError:
            outcomes.append("refused")

    threads = [threading.Thread(target=write, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [outcome for outcome in outcomes if outcome != "refused"]
    assert storage.path(KEY).read_bytes() == winner.removeprefix("stored ").encode() * 1000
    assert files_below(storage.root) == [storage.path(KEY)]


def test_another_file_system_gets_a_copy(
    storage: LocalStorage, elsewhere: Path, source: Path
) -> None:
    away = elsewhere / "source"
    away.write_bytes(source.read_bytes())
    storage.put(away, KEY)
    assert storage.path(KEY).read_bytes() == away.read_bytes()
    assert not storage.path(KEY).samefile(away)
    assert away.stat().st_mode & stat.S_IWUSR


def test_a_full_disk_leaves_nothing_behind(elsewhere: Path, tmp_path: Path) -> None:
    storage = LocalStorage(elsewhere / "storage")
    large = tmp_path / "large"
    large.write_bytes(os.urandom(2 << 20))
    with pytest.raises(StorageFull, match="full"):
        storage.put(large, KEY)
    assert not storage.exists(KEY)
    assert files_below(elsewhere) == []
    small = tmp_path / "small-file"
    small.write_bytes(b"fits")
    storage.put(small, KEY)
    assert storage.size(KEY) == 4


def test_a_disk_without_room_for_a_folder_is_full_too(elsewhere: Path, source: Path) -> None:
    storage = LocalStorage(elsewhere / "storage")
    number = 0
    try:
        while True:
            (elsewhere / f"file-{number}").write_bytes(b"x" * 4096)
            number += 1
    except OSError:
        pass
    with pytest.raises(StorageFull):
        storage.put(source, KEY)


def test_an_address_names_its_folder(tmp_path: Path) -> None:
    storage = open_storage(f"file://{tmp_path}/with%20blank")
    assert isinstance(storage, LocalStorage)
    assert storage.root == tmp_path / "with blank"


def test_an_address_this_release_cannot_use_is_refused_in_words() -> None:
    with pytest.raises(LecternError, match=re.escape("b2://")):
        open_storage("b2://bucket")


def test_what_a_killed_put_left_is_cleared_by_its_own_age(tmp_path: Path, source: Path) -> None:
    storage = LocalStorage(tmp_path / "storage")
    storage.put(source, KEY)
    stored = storage.path(KEY)
    # As a put names it at first; the content may be years old.
    os.utime(source, (0, 0))
    os.link(source, stored.parent / f".{'a1' * 16}")
    assert storage.clear_unfinished(3600.0) == 0
    assert storage.clear_unfinished(-1.0) == 1
    assert files_below(tmp_path / "storage") == [stored]
