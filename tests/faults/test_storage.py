"""Storage that is full, away, or keeps something else: nothing is lost, and it says so."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import core_ext
from jobs import process
from lectern.errors import StorageFull
from lectern.ingest import uploads
from lectern.models import Asset, TaskState, Upload, UploadState
from lectern.pipeline.registry import Step
from lectern.storage import LocalStorage, Storage
from lectern.storage.b2 import B2Storage
from lectern.storage.b2_place import parse
from lectern.storage.copies import Copies
from tests.faults.conftest import Make
from tests.faults.steps import PIECE, announce, complete, fresh, send
from tests.faults.world import World
from tests.jobs.conftest import task_of
from tests.lectern.storage.b2_fake import BUCKET, KEY, KEY_ID, Fake
from tests.lectern.storage.conftest import fake

__all__ = ["fake"]
Resize = Callable[[str], None]


def mount(*words: str) -> None:
    """Skips the test where that is not ours to do."""
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)  # noqa: S607
    if done.returncode != 0:
        pytest.skip(f"No file system can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[tuple[Path, Resize]]:
    """A file system of 48 KiB, and how to make it larger."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=48k", "tmpfs", str(folder))
    yield folder, lambda size: mount("-o", f"remount,size={size}", str(folder))
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607


def with_storage(world: World, storage: Storage) -> None:
    """From here on the world's files are there."""
    world.house.this = replace(world.house.this, storage=storage)
    process._current = world.house.this


def assert_it_waits(world: World, upload_id: object, words: str = "") -> None:
    """Not in the library yet, nothing lost, and the reason can be read."""
    row = fresh(world, Upload, upload_id)  # type: ignore[arg-type]
    assert row.state == UploadState.CHECKING
    task = task_of(row)
    assert (task.state, task.attempts) == (TaskState.QUEUED, 1)
    assert words in (task.reason or "")
    assert uploads.spool_path(world.house.settings, row).is_file()
    assert world.wrong() == []


def assert_it_arrives(world: World, upload_id: object) -> None:
    world.work(Step.PROBE)
    row = fresh(world, Upload, upload_id)  # type: ignore[arg-type]
    assert (row.state, row.reason) == (UploadState.DONE, None)
    assert fresh(world, Asset, row.asset_id).digest == core_ext.digest_file(world.clip)
    assert world.wrong() == []


def test_a_full_storage_keeps_the_upload_until_there_is_room(
    make: Make, small: tuple[Path, Resize]
) -> None:
    folder, resize = small
    world = make()
    with_storage(world, LocalStorage(folder / "storage"))
    upload_id = complete(world)
    world.work(Step.PROBE, patient=False)
    assert_it_waits(world, upload_id, "The storage is full")
    assert not [path for path in folder.rglob("*") if path.is_file()], "no half file is left"
    resize("4m")
    assert_it_arrives(world, upload_id)


def test_a_full_spool_keeps_what_was_acknowledged(make: Make, small: tuple[Path, Resize]) -> None:
    folder, resize = small
    world = make()
    world.house.settings = replace(world.house.settings, data=folder)
    resize("96k")
    upload_id, told = announce(world), []
    with pytest.raises(StorageFull, match="could not write to its disk"):
        send(world, upload_id, told.append)
    assert told == [len(PIECE)]
    assert world.wrong() == []
    resize("4m")
    send(world, upload_id, told.append)
    row = fresh(world, Upload, upload_id)
    assert (row.state, told[-1]) == (UploadState.CHECKING, 3 * len(PIECE))
    assert uploads.spool_path(world.house.settings, row).read_bytes() == 3 * PIECE


@pytest.mark.parametrize("fault", ["503", "reset", "cap", "blank", "lost", "other sha1"])
def test_a_bucket_that_fails_keeps_the_upload_until_it_works(
    make: Make, fake: Fake, tmp_path: Path, fault: str
) -> None:
    world = make()
    place = parse(f"b2+{fake.url}/{BUCKET}", KEY_ID, KEY)
    with_storage(world, B2Storage(place, Copies(tmp_path / "cache", 1 << 30)))
    upload_id = complete(world)
    for operation in ("upload_file", "upload_part"):
        fake.fail(operation, fault, times=100)
    world.work(Step.PROBE, patient=False)
    if fresh(world, Upload, upload_id).state == UploadState.CHECKING:
        assert_it_waits(world, upload_id)
    fake.faults.clear()
    assert_it_arrives(world, upload_id)
    assert list(fake.stored().values()).count(world.clip.read_bytes()) >= 1


def test_a_bucket_that_reads_back_other_bytes_is_noticed(
    make: Make, fake: Fake, tmp_path: Path
) -> None:
    world = make()
    place = parse(f"b2+{fake.url}/{BUCKET}", KEY_ID, KEY)
    with_storage(world, B2Storage(place, Copies(tmp_path / "cache", 1 << 30)))
    upload_id = complete(world)
    fake.fail("download", "flip", times=100)
    world.work(Step.PROBE, patient=False)
    assert fresh(world, Upload, upload_id).state == UploadState.CHECKING
    assert fake.stored() == {}, "what cannot be read back is not kept"
    fake.faults.clear()
    assert_it_arrives(world, upload_id)


def test_bytes_that_a_bucket_alters_after_it_vouched_for_them_are_named(
    make: Make,
    fake: Fake,
    tmp_path: Path,
) -> None:
    world = make()
    place = parse(f"b2+{fake.url}/{BUCKET}", KEY_ID, KEY)
    with_storage(world, B2Storage(place, Copies(tmp_path / "cache", 1 << 30)))
    upload_id = complete(world)
    for operation in ("upload_file", "upload_part"):
        fake.fail(operation, "damage", times=100)
    world.work(Step.PROBE, patient=False)
    fake.faults.clear()
    if fresh(world, Upload, upload_id).state == UploadState.CHECKING:
        assert_it_arrives(world, upload_id)
    else:
        # One byte in a part that was not read back: only a full reading finds it.
        (sentence,) = world.wrong()
        assert "is damaged" in sentence
