"""Each invariant's own check finds what contradicts it, and strays go the way of all bytes."""

import uuid
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

import core_ext
from lectern import integrity
from lectern.integrity import CHECKS, Here, garbage, purging, strays
from lectern.library import trash
from lectern.models import Asset, Blob, Tombstone, new_id
from lectern.people.principal import Principal
from lectern.renditions import renditions
from lectern.settings import Settings
from lectern.storage import LocalStorage, blobs
from tests.factories import make_asset, make_blob

ASSET = "UPDATE asset SET {} WHERE id = :id"
TASK = (
    "INSERT INTO task (workspace_id, id, version_id, asset_id, step, queue, state)"
    " SELECT workspace_id, gen_random_uuid(), current_version_id, id, '{}', 'media', '{}'"
    " FROM asset WHERE id = :id"
)
UPLOAD = (
    "INSERT INTO upload (workspace_id, id, filename, byte_size, received, state, expires_at)"
    " SELECT workspace_id, gen_random_uuid(), 'talk.mp4', 9, {}, '{}', now() FROM asset"
    " WHERE id = :id"
)
HEAD = "(SELECT current_version_id FROM asset WHERE id = :id)"
BREAKS = {
    "I1 has 0 bytes of 9": UPLOAD.format(9, "receiving"),
    "I2 was accepted": UPLOAD.format(9, "done"),
    "I3 is missing": "UPDATE blob SET state = 'live'",
    "I4 is purged": "INSERT INTO tombstone (workspace_id, id, kind, name_digest)"
    " SELECT workspace_id, id, kind, '' FROM asset WHERE id = :id",
    "I4 is condemned": "UPDATE blob SET state = 'condemned'",
    "I5 no current version": ASSET.format("current_version_id = NULL"),
    "I6 not numbered": "UPDATE version SET number = 2 WHERE asset_id = :id",
    "I7 no step of it": ASSET.format("state = 'processing'"),
    "I7 nobody is told": UPLOAD.format(0, "checking"),
    "I8 step playable": TASK.format("playable", "done"),
    "I10 used in 7 places": ASSET.format("usage_count = 7"),
    "I13 text/html": "INSERT INTO rendition (workspace_id, id, source_blob_id, spec, blob_id)"
    " SELECT b.workspace_id, gen_random_uuid(), v.blob_id, 'playable', b.id FROM blob b, version v"
    " WHERE b.mime = 'text/html' AND v.workspace_id = b.workspace_id",
    "I15 without an end": ASSET.format("live = false, trashed_at = now()"),
}


@pytest.fixture
def here(session: Session, settings: Settings, storage: LocalStorage) -> Here:
    return Here(session, settings, storage)


@pytest.mark.parametrize("broken", BREAKS)
def test_what_contradicts_an_invariant_is_found_by_its_own_check(
    here: Here, owner: Principal, broken: str
) -> None:
    asset = make_asset(here.session, owner)
    make_blob(here.session, owner.workspace_id, mime="text/html")
    here.session.execute(text(BREAKS[broken]), {"id": asset.id})
    code, _, words = broken.partition(" ")
    found = [finding.sentence for finding in CHECKS[code](here)]
    expected = "of a file that was purged" if words == "is purged" else words
    assert any(expected in sentence for sentence in found), found


def test_a_library_that_was_used_contradicts_none(
    here: Here, owner: Principal, tmp_path: Path
) -> None:
    session = here.session
    kept, gone = (_stored(here, owner, tmp_path, content) for content in (b"kept", b"gone"))
    make_asset(session, owner, blob=kept)
    asset = make_asset(session, owner, blob=gone)
    still = _stored(here, owner, tmp_path, b"still")
    renditions.record(session, owner.workspace_id, gone.id, "poster.1", still, {})
    trash.trash(session, owner, asset, days=30)
    assert list(integrity.all_findings(here)) == []
    purging.purge(session, owner, asset.id)
    assert list(integrity.all_findings(here)) == []
    session.execute(text("UPDATE blob SET claimed_at = now() - interval '2 days'"))
    assert garbage.mark_for_deletion(session, owner.workspace_id) == 2
    assert list(integrity.all_findings(here)) == []


def test_a_purge_that_the_log_does_not_know_of_is_named(here: Here, owner: Principal) -> None:
    row = Tombstone(workspace_id=owner.workspace_id, id=new_id(), kind="video", name_digest="")
    here.session.add(row)
    here.session.flush()
    (finding,) = CHECKS["I15"](here)
    assert str(row.id) in finding.sentence


def test_quick_compares_sizes_and_reads_nothing(
    here: Here, owner: Principal, tmp_path: Path
) -> None:
    blob = _stored(here, owner, tmp_path, b"hello")
    path = here.storage.path(blob.key)
    assert path is not None
    path.chmod(0o600)
    path.write_bytes(b"olleh")
    quick = Here(here.session, here.settings, here.storage, read=False)
    assert list(CHECKS["I3"](quick)) == []
    assert "is damaged" in next(CHECKS["I3"](here)).sentence
    path.write_bytes(b"hell")
    assert "has 4 bytes" in next(CHECKS["I3"](quick)).sentence


def _stored(here: Here, owner: Principal, folder: Path, content: bytes) -> Blob:
    source = folder / content.decode()
    source.write_bytes(content)
    stored = blobs.store(here.storage, owner.workspace_id, source)
    return blobs.add(here.session, owner.workspace_id, stored, "video/mp4")[0]


def _stray(here: Here, owner: Principal, folder: Path, content: bytes, key: str = "") -> str:
    """Bytes that were stored two days ago by somebody who died before naming them."""
    source = folder / f"stray {content.decode()}"
    source.write_bytes(content)
    digest = core_ext.digest_file(source)
    old = uuid.UUID(int=new_id().int - (2 * 86_400_000 << 80))
    key = key or f"b1/{digest[:2]}/{digest}/{owner.workspace_id.hex[:8]}-{old.hex}"
    here.storage.put(source, key, digest)
    return key


def test_a_stray_is_named_when_it_is_a_day_old_and_then_collected(
    here: Here, owner: Principal, tmp_path: Path
) -> None:
    session, storage = here.session, here.storage
    asset = make_asset(session, owner, blob=_stored(here, owner, tmp_path, b"named"))
    source = tmp_path / "young"
    source.write_bytes(b"young")
    blobs.store(storage, owner.workspace_id, source)
    key = _stray(here, owner, tmp_path, b"stray")
    (found,) = strays.find(session, storage)
    assert (found.key, found.byte_size) == (key, 5)
    assert strays.adopt(session, storage, found)
    assert list(strays.find(session, storage)) == []
    assert list(integrity.all_findings(here)) == []
    session.execute(text("UPDATE blob SET condemned_at = now() - interval '16 days'"))
    assert [each.key for each in garbage.begin_deletion(session, owner.workspace_id)] == [key]
    assert asset.live


def test_a_stray_whose_content_comes_again_is_kept(
    here: Here, owner: Principal, tmp_path: Path
) -> None:
    key = _stray(here, owner, tmp_path, b"again")
    (found,) = strays.find(here.session, here.storage)
    assert strays.adopt(here.session, here.storage, found)
    blob = _stored(here, owner, tmp_path, b"again")
    assert (blob.key, blob.state) == (key, "live")


def test_one_copy_too_many_needs_no_grace(here: Here, owner: Principal, tmp_path: Path) -> None:
    kept = _stored(here, owner, tmp_path, b"twice")
    key = _stray(here, owner, tmp_path, b"twice")
    (found,) = strays.find(here.session, here.storage)
    assert strays.adopt(here.session, here.storage, found)
    states = {row.key: row.state for row in here.session.execute(select(Blob.key, Blob.state))}
    assert states == {kept.key: "live", key: "deleting"}


def test_what_is_not_surely_ours_is_named_and_never_taken(
    here: Here, owner: Principal, tmp_path: Path
) -> None:
    _stray(here, owner, tmp_path, b"foreign", key="somebody/elses")
    damaged = _stray(here, owner, tmp_path, b"damaged")
    path = here.storage.path(damaged)
    assert path is not None
    path.chmod(0o600)
    path.write_bytes(b"xxxxxxx")
    found = list(strays.find(here.session, here.storage))
    assert {stray.key for stray in found} == {"somebody/elses", damaged}
    assert not any(strays.adopt(here.session, here.storage, stray) for stray in found)
    assert here.session.scalar(select(Asset.id)) is None
