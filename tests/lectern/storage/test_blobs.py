"""Blobs: bytes once per workspace, saved from collection by whoever needs them."""

from pathlib import Path

import pytest
from sqlalchemy import func
from sqlalchemy.orm import Session

import core_ext
from lectern.errors import StorageDamaged
from lectern.models import Blob
from lectern.people.principal import Principal
from lectern.storage import LocalStorage, blobs, local
from tests.factories import make_blob


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "storage")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "source"
    file.write_bytes(b"lecture" * 1000)
    return file


def test_bytes_are_stored_under_the_digest_of_their_content(
    storage: LocalStorage, owner: Principal, source: Path
) -> None:
    stored = blobs.store(storage, owner.workspace_id, source)
    assert stored.digest == core_ext.digest_file(storage.path(stored.key))
    assert stored.byte_size == storage.size(stored.key) == 7000
    assert stored.digest in stored.key


def test_no_key_begins_another_and_none_is_used_twice(
    storage: LocalStorage, owner: Principal, stranger: Principal, source: Path
) -> None:
    keys = [blobs.store(storage, who.workspace_id, source).key for who in (owner, stranger, owner)]
    assert len(set(keys)) == 3
    assert len({len(key) for key in keys}) == 1


def test_bytes_that_a_disk_changed_are_not_kept(
    tmp_path: Path, owner: Principal, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy(source: Path, target: Path) -> bool:
        target.write_bytes(source.read_bytes()[:-1] + b"\0")
        return True

    monkeypatch.setattr(local, "_link_or_copy", copy)
    storage = LocalStorage(tmp_path / "storage")
    with pytest.raises(StorageDamaged):
        blobs.store(storage, owner.workspace_id, source)
    assert not [path for path in storage.root.rglob("*") if path.is_file()]


def test_equal_bytes_share_a_row_in_their_workspace_only(
    session: Session, storage: LocalStorage, owner: Principal, stranger: Principal, source: Path
) -> None:
    def add(who: Principal) -> tuple[Blob, bool]:
        stored = blobs.store(storage, who.workspace_id, source)
        return blobs.add(session, who.workspace_id, stored, "video/mp4")

    first, spare = add(owner)
    assert not spare
    assert add(owner) == (first, True)
    foreign, spare = add(stranger)
    assert foreign is not first
    assert not spare


def test_a_condemned_blob_lives_again_when_it_is_needed(session: Session, owner: Principal) -> None:
    blob = make_blob(session, owner.workspace_id, state="condemned", condemned_at=func.now())
    assert blobs.claim(session, owner.workspace_id, blob.digest) is blob
    assert (blob.state, blob.condemned_at) == ("live", None)


def test_a_blob_that_is_being_deleted_bars_no_new_one(
    session: Session, storage: LocalStorage, owner: Principal, source: Path
) -> None:
    stored = blobs.store(storage, owner.workspace_id, source)
    make_blob(session, owner.workspace_id, digest=stored.digest, state="deleting")
    assert blobs.claim(session, owner.workspace_id, stored.digest) is None
    blob, spare = blobs.add(session, owner.workspace_id, stored, "video/mp4")
    assert (blob.key, spare) == (stored.key, False)
    assert blob.verified_at is not None
