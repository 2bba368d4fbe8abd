"""Purging: gone for good with all that belongs to it, and never by accident."""

import threading
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.errors import Forbidden, LecternError, NotFound
from lectern.ingest.receiving import Work
from lectern.integrity import fsck, purging
from lectern.library import rollback, trash, versions
from lectern.models import Asset, Blob, Role, Task, TaskState, Tombstone, UsageHistory, Version
from lectern.people import audit, audit_reading
from lectern.people.principal import Principal
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step
from lectern.storage import LocalStorage
from lectern.taxonomy import tags
from tests.factories import (
    add_version,
    make_asset,
    make_blob,
    make_colleague,
    make_course,
    make_principal,
)


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    """Two versions with a task each, tags, and a use that has ended; in the trash."""
    made = make_asset(session, owner, name="Mitosis")
    add_version(session, made)
    for version in versions.list_of(session, made):
        task = tasks.add(
            session, made.workspace_id, Step.POSTER, version_id=version.id, asset_id=made.id
        )
        task.state = TaskState.DONE
    tags.put(session, made, ["cell"])
    course = make_course(session, owner)
    usages.put(session, owner, Place(course.ref), [UsageSpec(made.id)])
    usages.put(session, owner, Place(course.ref), [])
    trash.trash(session, owner, made, days=30)
    return made


def count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_it_is_gone_and_its_tombstone_and_history_stay(
    session: Session, owner: Principal, asset: Asset
) -> None:
    asset_id = asset.id
    purging.purge(session, owner, asset_id)
    assert [count(session, table) for table in (Asset, Version, Task)] == [0, 0, 0]
    stone = session.get_one(Tombstone, (owner.workspace_id, asset_id))
    assert (stone.kind, stone.purged_by) == ("video", owner.user_id)
    (past,) = session.scalars(select(UsageHistory).where(UsageHistory.asset_id == asset_id))
    assert past.place["course"]
    line = audit_reading.history(session, owner, asset_id)[0]
    assert (line.action, line.details) == (
        "asset.purge",
        {"name": "Mitosis", "versions": 2, "bytes": 2000},
    )
    assert list(fsck.rows(session)) == []
    # The bytes are the collection's business: others may name them, and backups do.
    assert count(session, Blob) == 2


def test_its_id_is_never_used_again(session: Session, owner: Principal, asset: Asset) -> None:
    asset_id = asset.id
    purging.purge(session, owner, asset_id)
    with pytest.raises(IntegrityError, match="never used again"), session.begin_nested():
        make_asset(session, owner, id=asset_id)
    make_asset(session, make_principal(session), id=asset_id)


def test_nobody_may_undo_a_tombstone(session: Session, owner: Principal, asset: Asset) -> None:
    purging.purge(session, owner, asset.id)
    for statement in ("DELETE FROM tombstone", "UPDATE tombstone SET kind = 'audio'"):
        with pytest.raises(Exception, match="permission denied"), session.begin_nested():
            session.execute(text(statement))


def test_only_from_the_trash_only_once_and_only_in_ones_own_workspace(
    session: Session, owner: Principal, stranger: Principal, asset: Asset
) -> None:
    asset_id = asset.id
    for who, wanted in ((owner, make_asset(session, owner).id), (owner, uuid.uuid4())):
        with pytest.raises(NotFound):
            purging.purge(session, who, wanted)
    with pytest.raises(NotFound):
        purging.purge(session, stranger, asset_id)
    purging.purge(session, owner, asset_id)
    with pytest.raises(NotFound):
        purging.purge(session, owner, asset_id)


@pytest.mark.parametrize("role", [Role.EDITOR, Role.CONTRIBUTOR, Role.VIEWER])
def test_only_an_owner_may(session: Session, owner: Principal, asset: Asset, role: Role) -> None:
    with pytest.raises(Forbidden):
        purging.purge(session, make_colleague(session, owner, role), asset.id)
    assert count(session, Tombstone) == 0


def test_the_trash_empties_itself_when_the_time_is_over(
    session: Session, owner: Principal, asset: Asset
) -> None:
    key = (owner.workspace_id, asset.id)
    assert purging.due(session) == []
    assert purging.purge_due(session, *key) is False
    asset.purge_after = session.scalar(select(func.clock_timestamp())) - timedelta(seconds=1)
    session.flush()
    assert purging.due(session) == [key]
    assert purging.purge_due(session, *key) is True
    assert purging.purge_due(session, *key) is False
    stone = session.get_one(Tombstone, key)
    assert stone.purged_by is None


def at_once(*actions: object) -> dict[str, str]:
    """Run both at the same moment; what became of each, by name."""
    outcomes: dict[str, str] = {}
    barrier = threading.Barrier(len(actions))

    def run(action: object) -> None:
        name = getattr(action, "__name__", "")
        try:
            action(barrier)  # type: ignore[operator]
            outcomes[name] = "done"
        except LecternError as refusal:
            outcomes[name] = type(refusal).__name__

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


@pytest.mark.parametrize("round_", range(4))
def test_of_purging_and_restoring_at_once_exactly_one_happens(work: Work, round_: int) -> None:
    with work() as session:
        owner = make_principal(session)
        asset = make_asset(session, owner)
        trash.trash(session, owner, asset, days=30)

    def purge(barrier: threading.Barrier) -> None:
        with work() as session:
            barrier.wait()
            purging.purge(session, owner, asset.id)

    def restore(barrier: threading.Barrier) -> None:
        with work() as session:
            mine = session.get_one(Asset, (owner.workspace_id, asset.id))
            barrier.wait()
            trash.restore(session, owner, mine)

    outcomes = at_once(purge, restore)
    assert outcomes in (
        {"purge": "done", "restore": "NotFound"},
        {"purge": "NotFound", "restore": "done"},
    )
    with work() as session:
        there = session.get(Asset, (owner.workspace_id, asset.id))
        assert (there is not None) == (outcomes["restore"] == "done")
        assert list(fsck.rows(session)) == []


@pytest.mark.parametrize("round_", range(4))
def test_rolling_back_and_purging_at_once_leave_no_half_asset(
    work: Work, storage: LocalStorage, tmp_path: Path, round_: int
) -> None:
    with work() as session:
        owner = make_principal(session)
        blob = make_blob(session, owner.workspace_id)
        source = tmp_path / "bytes"
        source.write_bytes(b"x" * 1000)
        storage.put(source, blob.key)
        asset = make_asset(session, owner, blob=blob)
        add_version(session, asset)

    def roll_back(barrier: threading.Barrier) -> None:
        with work() as session:
            mine = session.get_one(Asset, (owner.workspace_id, asset.id))
            barrier.wait()
            rollback.roll_back(session, owner, mine, 1, storage=storage)

    def purge(barrier: threading.Barrier) -> None:
        with work() as session:
            mine = session.get_one(Asset, (owner.workspace_id, asset.id))
            barrier.wait()
            trash.trash(session, owner, mine, days=30)
            purging.purge(session, owner, asset.id)

    outcomes = at_once(roll_back, purge)
    assert outcomes["purge"] == "done"
    assert outcomes["roll_back"] in {"done", "NotFound"}
    with work() as session:
        assert session.get(Asset, (owner.workspace_id, asset.id)) is None
        assert count(session, Version) == 0
        assert list(fsck.rows(session)) == []
        assert audit.verify(session, owner.workspace_id).ok


@pytest.mark.parametrize("round_", range(3))
def test_purging_and_using_at_once_never_leave_a_use_of_nothing(work: Work, round_: int) -> None:
    with work() as session:
        owner = make_principal(session)
        asset, course = make_asset(session, owner), make_course(session, owner)

    def purge(barrier: threading.Barrier) -> None:
        with work() as session:
            mine = session.get_one(Asset, (owner.workspace_id, asset.id))
            barrier.wait()
            trash.trash(session, owner, mine, days=30)
            purging.purge(session, owner, asset.id)

    def use(barrier: threading.Barrier) -> None:
        with work() as session:
            barrier.wait()
            usages.put(session, owner, Place(course.ref), [UsageSpec(asset.id)])

    outcomes = at_once(purge, use)
    assert outcomes in (
        {"purge": "done", "use": "Invalid"},
        {"purge": "InUse", "use": "done"},
    )
    with work() as session:
        assert list(fsck.rows(session)) == []
