"""The trash empties itself, and bytes that nothing names go, whatever dies in between."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from jobs import garbage, sweep
from lectern.database.sessions import driver_url, unit_of_work
from lectern.integrity import fsck
from lectern.integrity import garbage as collecting
from lectern.library import trash
from lectern.models import Asset, Blob, Collection, Tombstone
from lectern.people.principal import Principal
from lectern.renditions import renditions
from lectern.storage import blobs
from tests.factories import make_asset, make_principal
from tests.jobs.conftest import House


def stored(house: House, owner: Principal, tmp_path: Path, content: str) -> Blob:
    source = tmp_path / content
    source.write_text(content)
    kept = blobs.store(house.this.storage, owner.workspace_id, source)
    with unit_of_work() as session:
        blob, _ = blobs.add(session, owner.workspace_id, kept, "video/mp4")
        return blob


def older(days: int) -> None:
    """Everything happened so many days earlier."""
    with unit_of_work() as session:
        for table, column in (
            ("blob", "claimed_at"),
            ("blob", "condemned_at"),
            ("collection", "created_at"),
            ("asset", "purge_after"),
        ):
            session.execute(
                text(f"UPDATE {table} SET {column} = {column} - make_interval(days => {days})")  # noqa: S608
            )


@pytest.fixture
def trashed(house: House, tmp_path: Path) -> tuple[Principal, Asset, Blob, Blob]:
    """A file in the trash and one that stays, each with bytes."""
    with unit_of_work() as session:
        owner = make_principal(session)
    gone, kept = (stored(house, owner, tmp_path, content) for content in ("gone", "kept"))
    with unit_of_work() as session:
        asset = make_asset(session, owner, blob=session.merge(gone))
        make_asset(session, owner, blob=session.merge(kept))
        trash.trash(session, owner, asset, days=30)
    return owner, asset, gone, kept


def rounds() -> list[Collection]:
    with unit_of_work() as session:
        return list(session.scalars(select(Collection).order_by(Collection.created_at)))


def test_from_the_trash_to_the_last_byte(
    house: House, trashed: tuple[Principal, Asset, Blob, Blob]
) -> None:
    owner, asset, gone, kept = trashed
    storage = house.this.storage
    older(29)
    sweep.once(house.this)
    with unit_of_work() as session:
        assert session.get(Asset, (owner.workspace_id, asset.id)) is not None
    older(2)
    sweep.once(house.this)
    with unit_of_work() as session:
        assert session.get(Asset, (owner.workspace_id, asset.id)) is None
        assert session.get(Tombstone, (owner.workspace_id, asset.id)) is not None
    assert storage.exists(gone.key), "backups may name it still"
    older(14)
    sweep.once(house.this)
    assert storage.exists(gone.key)
    older(2)
    sweep.once(house.this)
    assert not storage.exists(gone.key)
    assert storage.exists(kept.key)
    with unit_of_work() as session:
        assert session.get(Blob, (owner.workspace_id, gone.id)) is None
        assert list(fsck.rows(session)) == []
        assert list(fsck.stored(session, storage)) == []
    last = rounds()[-1]
    assert (last.deleted, last.freed, last.stopped) == (1, 4, None)


def test_one_round_a_day(house: House, trashed: Any) -> None:
    for _ in range(3):
        sweep.once(house.this)
    assert len(rounds()) == 1


def test_a_collector_that_dies_between_bytes_and_row_is_followed_by_one_that_finishes(
    house: House, trashed: tuple[Principal, Asset, Blob, Blob], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, _, gone, _ = trashed
    with unit_of_work() as session:
        session.execute(
            text("UPDATE blob SET state = 'deleting' WHERE key = :key"), {"key": gone.key}
        )
    # As after a purge: nothing names it.
    with unit_of_work() as session:
        session.execute(
            text("UPDATE asset SET purge_after = now() - interval '1 day' WHERE NOT live")
        )
    garbage.empty_trash()

    def die(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(collecting, "forget", die)
        with pytest.raises(RuntimeError):
            garbage.collect(house.this)
    assert not house.this.storage.exists(gone.key)
    garbage.collect(house.this)
    with unit_of_work() as session:
        assert session.get(Blob, (owner.workspace_id, gone.id)) is None


def test_nothing_is_deleted_while_fsck_finds_something(
    house: House, trashed: tuple[Principal, Asset, Blob, Blob]
) -> None:
    with unit_of_work() as session:
        session.execute(text("UPDATE asset SET byte_size = 1 WHERE live"))
    older(400)
    sweep.once(house.this)
    (only,) = rounds()
    assert only.stopped is not None
    assert "fsck" in only.stopped
    assert (only.condemned, only.deleted) == (0, 0)


def test_a_large_round_waits_for_an_operators_yes(
    house: House, trashed: tuple[Principal, Asset, Blob, Blob], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, _, gone, _ = trashed
    older(31)
    sweep.once(house.this)
    monkeypatch.setattr(collecting, "MOST_BLOBS", 0)
    for days in (2, 16):
        older(days)
        sweep.once(house.this)
    assert house.this.storage.exists(gone.key)
    assert "yes" in (rounds()[-1].stopped or "")
    garbage.round_of(house.this, owner.workspace_id, agreed=True)
    assert not house.this.storage.exists(gone.key)


def test_bytes_go_by_a_role_that_can_do_little_else(
    lone_house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unit_of_work() as session:
        owner = make_principal(session)
    gone = stored(lone_house, owner, tmp_path, "gone")
    source = stored(lone_house, owner, tmp_path, "source")
    with unit_of_work() as session:
        renditions.record(
            session, owner.workspace_id, source.id, "playable", session.merge(gone), {}
        )
    roles: set[str] = set()
    forget = collecting.forget

    def noted(session: Session, *key: Any) -> None:
        roles.add(session.scalars(text("SELECT current_user")).one())
        forget(session, *key)

    monkeypatch.setattr(collecting, "forget", noted)
    for days in (2, 16):
        older(days)
        garbage.collect(lone_house.this)
    assert roles == {"lectern_gc"}
    assert not any(lone_house.this.storage.exists(blob.key) for blob in (gone, source))
    assert [each.deleted for each in rounds()] == [0, 2]
    # It could not change what people see, nor the log.
    gc = create_engine(driver_url(lone_house.settings.gc_database_url))
    for forbidden in (
        "UPDATE asset SET name = 'mine'",
        "DELETE FROM audit_entry",
        "DELETE FROM version",
        "DELETE FROM tombstone",
        "INSERT INTO token (id) VALUES (gen_random_uuid())",
    ):
        with gc.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(text(forbidden))
    gc.dispose()
