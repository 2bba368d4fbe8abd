"""A library that moves to another storage while it is used: nothing is ever missing or lost."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

import core_ext
from lectern.errors import StorageAway
from lectern.models import Blob
from lectern.people.principal import Principal
from lectern.storage import LocalStorage, blobs, moving
from lectern.storage.b2 import B2Storage
from lectern.storage.blobs import Stored
from lectern.storage.both import BothStorages
from lectern.storage.moving import Outcome
from tests.factories import make_principal
from tests.lectern.storage.b2_fake import Fake

Add = Callable[[bytes], Stored]


@pytest.fixture
def owner(session: Session) -> Principal:
    return make_principal(session)


@pytest.fixture
def folder(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "old")


@pytest.fixture
def add(session: Session, owner: Principal, folder: LocalStorage, tmp_path: Path) -> Add:
    """Stores a file of the library in the old place."""

    def add(content: bytes) -> Stored:
        source = tmp_path / f"source-{os.urandom(4).hex()}"
        source.write_bytes(content)
        stored = blobs.store(folder, owner.workspace_id, source)
        blobs.add(session, owner.workspace_id, stored, "video/mp4")
        session.commit()
        return stored

    return add


@pytest.fixture
def units(session: Session) -> moving.Units:
    """The test's one transaction, for one thread at a time."""
    lock = threading.Lock()

    @contextmanager
    def unit() -> Iterator[Session]:
        with lock:
            yield session

    return unit


@pytest.fixture
def move(
    units: moving.Units, folder: LocalStorage, b2_storage: B2Storage
) -> Callable[[], list[Outcome]]:
    return lambda: list(moving.copy_all(units, folder, b2_storage, 3))


def test_all_files_arrive_and_the_old_ones_stay(
    add: Add, move: Callable[[], list[Outcome]], fake: Fake, folder: LocalStorage
) -> None:
    contents = {add(os.urandom(300)).key for _ in range(12)} | {add(os.urandom(250_000)).key}
    outcomes = move()
    assert {each.key for each in outcomes if each.copied} == contents
    assert fake.stored() == {key: folder.path(key).read_bytes() for key in contents}


def test_again_sends_only_what_is_new(
    add: Add, move: Callable[[], list[Outcome]], fake: Fake
) -> None:
    add(b"one")
    move()
    later = add(b"two")
    fake.calls.clear()
    assert [each.key for each in move() if each.copied] == [later.key]
    assert fake.calls["upload_file"] == 1
    assert not any(each.copied for each in move())


def test_a_move_that_broke_off_goes_on(
    add: Add, move: Callable[[], list[Outcome]], fake: Fake
) -> None:
    keys = {add(os.urandom(100)).key for _ in range(10)}
    answer = fake.fault

    def away_later(operation: str) -> str:
        fault = answer(operation)
        return "503" if operation == "upload_file" and fake.calls[operation] > 5 else fault

    fake.fault = away_later  # type: ignore[method-assign]
    with pytest.raises(StorageAway):
        move()
    arrived = set(fake.stored())
    assert arrived < keys
    assert arrived
    fake.fault = answer  # type: ignore[method-assign]
    assert {each.key for each in move() if each.copied} == keys - arrived
    assert set(fake.stored()) == keys


def test_damage_and_loss_in_the_old_storage_are_named_not_moved(
    add: Add, move: Callable[[], list[Outcome]], fake: Fake, folder: LocalStorage
) -> None:
    damaged, lost, fine = add(b"damaged" * 99), add(b"lost"), add(b"fine")
    folder.path(damaged.key).chmod(0o644)
    folder.path(damaged.key).write_bytes(b"Damaged" * 99)
    folder.path(lost.key).unlink()
    wrong = {each.key: each.wrong for each in move() if each.wrong}
    assert set(wrong) == {damaged.key, lost.key}
    assert "missing" in wrong[lost.key]
    assert "backup" in wrong[damaged.key]
    assert set(fake.stored()) == {fine.key}


def test_damage_is_not_linked_into_another_folder_either(
    add: Add, units: moving.Units, folder: LocalStorage, tmp_path: Path
) -> None:
    stored = add(b"damaged" * 99)
    folder.path(stored.key).chmod(0o644)
    folder.path(stored.key).write_bytes(b"Damaged" * 99)
    fine = add(b"fine")
    new = LocalStorage(tmp_path / "new")
    wrong = [each.key for each in moving.copy_all(units, folder, new, 2) if each.wrong]
    assert wrong == [stored.key]
    assert [item.key for item in new.items()] == [fine.key]


def test_a_half_file_in_the_new_storage_is_named(
    add: Add, move: Callable[[], list[Outcome]], fake: Fake
) -> None:
    stored = add(b"whole")
    fake.add(stored.key, "upload", {}, "x").content = b"who"
    (outcome,) = move()
    assert "3 bytes" in outcome.wrong
    assert not outcome.copied


def test_what_is_deleted_during_the_move_does_not_live_on(
    add: Add, session: Session, units: moving.Units, folder: LocalStorage, b2_storage: B2Storage
) -> None:
    stored = add(b"on its way out")

    class Deleting(LocalStorage):
        @contextmanager
        def local_copy(self, key: str) -> Iterator[Path]:
            with super().local_copy(key) as path:
                yield path
            session.query(Blob).filter_by(id=stored.blob_id).update({"state": "deleting"})

    (outcome,) = moving.copy_all(units, Deleting(folder.root), b2_storage, 1)
    assert not outcome.copied
    assert not outcome.wrong
    assert not b2_storage.exists(stored.key)


class TestBoth:
    """While it moves, the two are one."""

    @pytest.fixture
    def both(self, b2_storage: B2Storage, folder: LocalStorage) -> BothStorages:
        return BothStorages(b2_storage, folder)

    def test_reads_from_the_new_then_from_the_old(
        self, add: Add, both: BothStorages, move: Callable[[], list[Outcome]]
    ) -> None:
        stored = add(b"lecture")
        shown = {"mime": "video/mp4", "disposition": "inline"}
        assert both.path(stored.key) == both.old.path(stored.key)
        assert both.url(stored.key, 60, **shown) is None
        move()
        assert both.path(stored.key) is None
        assert str(both.url(stored.key, 60, **shown)).startswith(both.new.origin)
        both.old.delete(stored.key)
        assert b"".join(both.read(stored.key)) == b"lecture"
        with both.local_copy(stored.key) as path:
            assert core_ext.digest_file(path) == stored.digest

    def test_writes_go_to_the_new_and_no_key_is_used_twice(
        self, add: Add, both: BothStorages, tmp_path: Path
    ) -> None:
        stored = add(b"old")
        (tmp_path / "source").write_bytes(b"new")
        with pytest.raises(FileExistsError):
            both.put(tmp_path / "source", stored.key)
        both.put(tmp_path / "source", "b1/cd/new")
        assert both.new.exists("b1/cd/new")
        assert not both.old.exists("b1/cd/new")

    def test_deletes_from_both(
        self, add: Add, both: BothStorages, move: Callable[[], list[Outcome]]
    ) -> None:
        stored = add(b"x")
        move()
        assert both.exists(stored.key)
        both.delete(stored.key)
        assert not both.new.exists(stored.key)
        assert not both.old.exists(stored.key)
        assert not both.exists(stored.key)

    def test_lists_what_either_has_once(
        self, add: Add, both: BothStorages, move: Callable[[], list[Outcome]]
    ) -> None:
        keys = [add(b"1").key, add(b"2").key]
        move()
        keys.append(add(b"3").key)
        assert sorted(item.key for item in both.items()) == sorted(keys)
