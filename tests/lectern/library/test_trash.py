"""The trash: there and back, and never for what a course uses."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.errors import Forbidden, InUse, Invalid
from lectern.ingest.receiving import Work
from lectern.library import trash
from lectern.models import Asset, Role
from lectern.people import audit, audit_reading
from lectern.people.principal import Principal
from tests.factories import make_asset, make_colleague, make_course, make_principal


def test_there_and_back_leaves_the_asset_as_it_was(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner)
    trash.trash(session, owner, asset, days=30, reason=" too\nold ")
    assert not asset.live
    assert asset.trashed_at is not None
    assert asset.purge_after is not None
    assert asset.purge_after - asset.trashed_at == pytest.approx(
        timedelta(days=30), abs=timedelta(seconds=5)
    )
    assert (asset.trashed_by, asset.trash_reason) == (owner.user_id, "too old")
    trash.restore(session, owner, asset)
    assert asset.live
    assert (asset.trashed_at, asset.trashed_by, asset.purge_after) == (None, None, None)
    actions = [line.action for line in audit_reading.history(session, owner, asset.id)]
    assert actions == ["asset.restore", "asset.trash"]


def test_twice_is_the_same_as_once(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner)
    for _ in range(2):
        trash.trash(session, owner, asset, days=30)
    for _ in range(2):
        trash.restore(session, owner, asset)
    assert len(audit_reading.history(session, owner, asset.id)) == 2


def test_a_used_asset_stays_and_the_places_are_named(session: Session, owner: Principal) -> None:
    asset, course = make_asset(session, owner), make_course(session, owner)
    for place in (Place(course.ref), Place(course.ref, None, "l0")):
        usages.put(session, owner, place, [UsageSpec(asset.id)])
    with pytest.raises(InUse, match="2 places") as refusal:
        trash.trash(session, owner, asset, days=30)
    assert [usage.lesson.ref if usage.lesson else None for usage in refusal.value.usages] == [
        None,
        "l0",
    ]
    assert asset.live
    usages.put(session, owner, Place(course.ref), [])
    with pytest.raises(InUse, match="one place"):
        trash.trash(session, owner, asset, days=30)
    usages.put(session, owner, Place(course.ref, None, "l0"), [])
    trash.trash(session, owner, asset, days=30)
    assert not asset.live


def test_the_database_itself_refuses_to_trash_or_delete_a_used_asset(
    session: Session, owner: Principal
) -> None:
    asset, course = make_asset(session, owner), make_course(session, owner)
    usages.put(session, owner, Place(course.ref), [UsageSpec(asset.id)])
    for statement in (
        "UPDATE asset SET live = false, trashed_at = now() WHERE id = :id",
        "DELETE FROM asset WHERE id = :id",
    ):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(text(statement), {"id": asset.id})


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR])
def test_trashing_and_restoring_need_the_right_to(
    session: Session, owner: Principal, role: Role
) -> None:
    colleague, asset = make_colleague(session, owner, role), make_asset(session, owner)
    with pytest.raises(Forbidden):
        trash.trash(session, colleague, asset, days=30)
    trash.trash(session, owner, asset, days=30)
    with pytest.raises(Forbidden):
        trash.restore(session, colleague, asset)


def test_a_contributor_may_trash_what_is_theirs(session: Session, owner: Principal) -> None:
    colleague = make_colleague(session, owner, Role.CONTRIBUTOR)
    asset = make_asset(session, colleague)
    trash.trash(session, colleague, asset, days=30)
    assert not asset.live


@pytest.mark.parametrize("round_", range(4))
def test_of_trashing_and_using_at_once_exactly_one_happens(work: Work, round_: int) -> None:
    with work() as session:
        owner = make_principal(session)
        asset, course = make_asset(session, owner), make_course(session, owner)
    barrier = threading.Barrier(2)
    outcomes: dict[str, str] = {}

    def discard() -> None:
        try:
            with work() as session:
                mine = session.get_one(Asset, (owner.workspace_id, asset.id))
                barrier.wait()
                trash.trash(session, owner, mine, days=30)
            outcomes["trash"] = "done"
        except InUse as refusal:
            outcomes["trash"] = f"refused {len(refusal.usages)}"

    def use() -> None:
        try:
            with work() as session:
                barrier.wait()
                usages.put(session, owner, Place(course.ref), [UsageSpec(asset.id)])
            outcomes["use"] = "done"
        except Invalid:
            outcomes["use"] = "refused"

    threads = [threading.Thread(target=discard), threading.Thread(target=use)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert outcomes in (
        {"trash": "done", "use": "refused"},
        {"trash": "refused 1", "use": "done"},
    )
    with work() as session:
        mine = session.get_one(Asset, (owner.workspace_id, asset.id))
        used = usages.blockers(session, owner.workspace_id, asset.id)
        assert mine.live == bool(used)
        assert mine.usage_count == len(used)
        assert audit.verify(session, owner.workspace_id).ok
