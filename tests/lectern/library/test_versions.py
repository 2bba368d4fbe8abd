"""Versions: numbered without gaps, one current, each with its note and its state."""

import threading

import pytest
from sqlalchemy import func
from sqlalchemy.orm import Session

from lectern.errors import Forbidden, NotFound
from lectern.ingest.receiving import Work
from lectern.library import assets, versions
from lectern.models import Asset, Role, TaskState, Version
from lectern.people import audit_reading
from lectern.people.principal import Principal
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step
from tests.factories import make_asset, make_blob, make_colleague, make_principal


def replacing(session: Session, asset: Asset, state: TaskState, who: Principal) -> Version:
    """A replacement of the asset whose poster and rendition are in this state."""
    version = versions.add(
        session,
        asset,
        make_blob(session, asset.workspace_id),
        origin="replacement",
        original_name="new.mp4",
        facts={"kind": "video", "duration_s": 9.0},
        created_by=who.user_id,
    )
    for step in (Step.POSTER, Step.PLAYABLE):
        task = tasks.add(
            session, asset.workspace_id, step, version_id=version.id, asset_id=asset.id
        )
        task.state = state
        task.finished_at = func.clock_timestamp() if state == TaskState.DONE else None
    session.flush()
    return version


def test_the_pointer_waits_until_the_new_version_is_ready(
    session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner)
    version = replacing(session, asset, TaskState.QUEUED, owner)
    assets.settle(session, asset.workspace_id, asset.id)
    assert (asset.version_number, asset.version_count, asset.state) == (1, 2, "ready")
    for task in tasks.of_asset(session, asset.workspace_id, asset.id):
        task.state = TaskState.DONE
    assets.settle(session, asset.workspace_id, asset.id)
    assert (asset.version_number, asset.duration_s) == (2, 9.0)
    assert versions.get_current(session, asset) == version


def test_a_replacement_that_fails_leaves_the_file_as_it_is(
    session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner)
    replacing(session, asset, TaskState.FAILED, owner)
    assets.settle(session, asset.workspace_id, asset.id)
    assert (asset.version_number, asset.state) == (1, "ready")


def test_of_two_replacements_the_one_that_works_counts_when_the_later_fails(
    session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner)
    earlier = replacing(session, asset, TaskState.DONE, owner)
    later = replacing(session, asset, TaskState.FAILED, owner)
    assets.settle(session, asset.workspace_id, asset.id)
    assert asset.version_number == earlier.number
    states = versions.states_of(session, asset)
    assert (states[earlier.id], states[later.id]) == ("ready", "failed")


def test_an_earlier_version_that_is_late_never_takes_over(
    session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner)
    late = replacing(session, asset, TaskState.QUEUED, owner)
    replacing(session, asset, TaskState.DONE, owner)
    assets.settle(session, asset.workspace_id, asset.id)
    assert asset.version_number == 3
    for task in tasks.of_asset(session, asset.workspace_id, asset.id):
        task.state = TaskState.DONE
    assets.settle(session, asset.workspace_id, asset.id)
    assert asset.version_number == 3
    assert versions.find(session, asset, late.number) is late


def test_who_was_overtaken_while_their_file_was_prepared_is_told(
    session: Session, owner: Principal
) -> None:
    asset, colleague = make_asset(session, owner), make_colleague(session, owner)
    mine = replacing(session, asset, TaskState.QUEUED, colleague)
    theirs = replacing(session, asset, TaskState.DONE, owner)
    assets.settle(session, asset.workspace_id, asset.id)
    assert versions.overtaken(session, colleague, asset) == (mine, theirs)
    assert versions.overtaken(session, owner, asset) is None


def test_nobody_is_told_of_a_replacement_in_its_turn(session: Session, owner: Principal) -> None:
    asset, colleague = make_asset(session, owner), make_colleague(session, owner)
    for who in (colleague, owner):
        replacing(session, asset, TaskState.DONE, who)
        assets.settle(session, asset.workspace_id, asset.id)
    assert versions.overtaken(session, colleague, asset) is None


@pytest.mark.parametrize("round_", range(3))
def test_two_replacements_at_once_are_both_kept_and_one_is_current(work: Work, round_: int) -> None:
    with work() as session:
        owner = make_principal(session)
        asset = make_asset(session, owner)
    barrier = threading.Barrier(2)
    numbers: list[int] = []

    def replace() -> None:
        with work() as session:
            mine = session.get_one(Asset, (owner.workspace_id, asset.id))
            barrier.wait()
            version = replacing(session, mine, TaskState.DONE, owner)
            assets.settle(session, mine.workspace_id, mine.id)
            numbers.append(version.number)

    threads = [threading.Thread(target=replace) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(numbers) == [2, 3]
    with work() as session:
        mine = session.get_one(Asset, (owner.workspace_id, asset.id))
        assert [each.number for each in versions.list_of(session, mine)] == [3, 2, 1]
        assert (mine.version_number, mine.version_count) == (3, 3)


def test_a_note_belongs_to_one_version_and_its_change_to_the_history(
    session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner)
    versions.note(session, owner, asset, 1, " without\tthe outro ")
    found = versions.find(session, asset, 1)
    assert found is not None
    assert found.note == "without the outro"
    versions.note(session, owner, asset, 1, "without the outro")
    (line,) = audit_reading.history(session, owner, asset.id)
    assert line.details == {"version": 1, "before": "", "after": "without the outro"}
    with pytest.raises(NotFound, match="no version 2"):
        versions.note(session, owner, asset, 2, "x")


def test_only_who_may_edit_the_file_may_note(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner)
    with pytest.raises(Forbidden):
        versions.note(session, make_colleague(session, owner, Role.VIEWER), asset, 1, "x")
