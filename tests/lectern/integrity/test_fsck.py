"""Each broken promise is found and named; arithmetic is mended, bytes are not."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from lectern.integrity import fsck
from lectern.models import Asset, new_id
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.settings import Settings
from lectern.storage import LocalStorage, blobs
from tests.factories import make_asset

ASSET = "UPDATE asset SET {} WHERE id = :id"
BREAKS = {
    "used in 7 places, and 0": ASSET.format("usage_count = 7"),
    "has 3 versions, and there are 1": ASSET.format("version_count = 3"),
    "not its current version's": ASSET.format("byte_size = 1"),
    "no current version": ASSET.format("current_version_id = NULL"),
    "not numbered from 1": "UPDATE version SET number = 2 WHERE asset_id = :id",
    "being deleted": "UPDATE blob SET state = 'deleting' WHERE id ="
    " (SELECT blob_id FROM version WHERE asset_id = :id)",
    "poster": ASSET.format("poster_blob_id = gen_random_uuid()"),
}
MENDED = {"used in 7 places, and 0", "has 3 versions, and there are 1", "not its current version's"}


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    return make_asset(session, owner)


def sentences(session: Session) -> list[str]:
    return [finding.sentence for finding in fsck.rows(session)]


def test_a_whole_library_has_nothing_to_report(session: Session, asset: Asset) -> None:
    assert sentences(session) == []
    assert list(fsck.chains(session)) == []
    assert fsck.repair(session) == 0


@pytest.mark.parametrize("expected", BREAKS)
def test_a_broken_row_is_named_and_mended_if_it_only_repeats_others(
    session: Session, asset: Asset, expected: str
) -> None:
    session.execute(text(BREAKS[expected]), {"id": asset.id})
    found = [sentence for sentence in sentences(session) if expected in sentence]
    assert found
    assert asset.name in found[0]
    fsck.repair(session)
    left = [sentence for sentence in sentences(session) if expected in sentence]
    assert bool(left) == (expected not in MENDED)


LISTS = {
    "as something else than it is": "UPDATE listing SET byte_size = 7 WHERE asset_id = :id",
    "Lists show": "DELETE FROM listing WHERE asset_id = :id",
    "Lists show “": "UPDATE listing SET codes = codes[2:] WHERE asset_id = :id",
    "Filters find “": "UPDATE code_listing SET codes = codes[2:] WHERE asset_id = :id",
    "else than lists show": "DELETE FROM code_listing WHERE asset_id = :id",
    "by the words": "UPDATE asset_text SET grams = '{}' WHERE asset_id = :id",
    "not found by": "UPDATE asset_text SET names = 'else' WHERE asset_id = :id",
    "finds 9 files, and there are 1": "INSERT INTO code_delta (workspace_id, code, assets)"
    " SELECT workspace_id, codes[1], 8 FROM listing WHERE asset_id = :id",
    "5 files are said to have": "UPDATE digest_count SET assets = 5 WHERE digest ="
    " (SELECT digest FROM asset WHERE id = :id)",
}


@pytest.mark.parametrize("expected", LISTS)
def test_what_lists_are_made_of_is_compared_and_made_again(
    session: Session, asset: Asset, expected: str
) -> None:
    session.execute(text(LISTS[expected]), {"id": asset.id})
    assert any(expected in sentence for sentence in sentences(session))
    fsck.repair(session)
    assert sentences(session) == []


def test_an_invented_audit_entry_breaks_the_chain(session: Session, owner: Principal) -> None:
    audit.record(session, owner, "asset.upload", "asset", new_id())
    session.execute(
        text(
            "INSERT INTO audit_entry (workspace_id, seq, at, action, object_type, details,"
            " previous_hash, hash) SELECT workspace_id, seq + 1, at, 'asset.purge', 'asset', '{}',"
            " hash, hash FROM audit_entry ORDER BY seq DESC LIMIT 1"
        )
    )
    found = [finding.sentence for finding in fsck.chains(session)]
    assert len(found) == 1
    assert found[0].endswith("broken at entry 2.")


def damage(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(b"x" * path.stat().st_size)


def cut(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (damage, "is damaged"),
        (cut, "has 0 bytes and should have 5"),
        (Path.unlink, "is missing"),
        (lambda path: None, ""),
    ],
)
def test_lost_or_changed_bytes_are_named(
    session: Session,
    owner: Principal,
    storage: LocalStorage,
    tmp_path: Path,
    harm: Callable[[Path], None],
    expected: str,
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"hello")
    stored = blobs.store(storage, owner.workspace_id, source)
    blobs.add(session, owner.workspace_id, stored, "text/plain")
    harm(storage.path(stored.key))
    found = [finding.sentence for finding in fsck.stored(session, storage)]
    assert [sentence for sentence in found if stored.key in sentence and expected in sentence] == (
        found if expected else []
    )
    assert len(found) == bool(expected)
    assert fsck.count_stored(session) == (1, 5)


def test_an_upload_without_its_acknowledged_bytes_is_named(
    session: Session, owner: Principal, settings: Settings
) -> None:
    session.execute(
        text(
            "INSERT INTO upload (workspace_id, id, filename, byte_size, received, expires_at)"
            " VALUES (:workspace, :id, 'talk.mp4', 100, 60, clock_timestamp() + interval '1 day')"
        ),
        {"workspace": owner.workspace_id, "id": new_id()},
    )
    found = [finding.sentence for finding in fsck.spooled(session, settings)]
    assert len(found) == 1
    assert "“talk.mp4” has 0 bytes of 60" in found[0]
