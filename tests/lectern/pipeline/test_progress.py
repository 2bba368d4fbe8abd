from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, update
from sqlalchemy.orm import Session

from lectern.errors import Conflict, Forbidden
from lectern.integrity import fsck
from lectern.library import assets, progress
from lectern.models import Asset, AssetState, Kind, Notice, Role, Task, TaskState, Version
from lectern.people.principal import Principal
from lectern.pipeline import notices, registry, tasks
from lectern.pipeline.registry import Step
from lectern.pipeline.tasks import Claim, LostLease
from lectern.search import cards
from tests.factories import make_asset, make_colleague


@pytest.fixture(autouse=True)
def rules(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {step: registry.RULES[step] for step in (Step.POSTER, Step.PLAYABLE)}
    later = replace(Step.HLS.rule, wanted=registry.of(Kind.VIDEO))
    monkeypatch.setattr(registry, "RULES", {**own, Step.HLS: later})


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    made = make_asset(session, owner)
    version = session.get_one(Version, (made.workspace_id, made.current_version_id))
    tasks.begin(session, version)
    for step in (Step.POSTER, Step.PLAYABLE):
        tasks.finish(session, claimed(session, made, step), TaskState.DONE)
    return made


def of(session: Session, asset: Asset, step: Step, **args: int) -> Task:
    return tasks.add(
        session,
        asset.workspace_id,
        step,
        version_id=asset.current_version_id,
        asset_id=asset.id,
        args=args,
    )


def claimed(session: Session, asset: Asset, step: Step) -> Claim:
    task = of(session, asset, step)
    held = tasks.claim(session, asset.workspace_id, task.id, "a", 90)
    assert held is not None
    return held


def test_the_steps_of_a_file_are_in_the_order_of_the_pipeline(
    session: Session, owner: Principal, asset: Asset
) -> None:
    lines = progress.steps_of(session, owner, asset)
    assert [(line.step, line.state) for line in lines] == [
        ("poster", "done"),
        ("playable", "done"),
        ("hls", "queued"),
    ]
    assert [line.stoppable for line in lines] == [False, False, True]


def test_an_estimate_is_the_time_so_far_by_the_share_so_far(
    session: Session, owner: Principal, asset: Asset
) -> None:
    claimed(session, asset, Step.HLS)
    session.execute(
        update(Task)
        .where(Task.step == Step.HLS)
        .values(
            progress=0.25, started_at=func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 10)
        )
    )
    line = progress.steps_of(session, owner, asset)[-1]
    assert line.percent == 25
    assert line.left_s == pytest.approx(30 * 60, rel=0.01)


def test_nothing_is_estimated_in_the_first_moments(
    session: Session, owner: Principal, asset: Asset
) -> None:
    claimed(session, asset, Step.HLS)
    assert progress.steps_of(session, owner, asset)[-1].left_s is None


def test_a_stopped_step_is_no_longer_its_workers(
    session: Session, owner: Principal, asset: Asset
) -> None:
    held = claimed(session, asset, Step.HLS)
    of(session, asset, Step.HLS_PART, segment=0)
    assert progress.cancel(session, owner, asset, Step.HLS) == 2
    with pytest.raises(LostLease):
        tasks.record_progress(session, held, 0.5)
    line = progress.steps_of(session, owner, asset)[-1]
    assert (line.state, line.resumable, line.stoppable) == ("cancelled", True, False)
    assert progress.cancel(session, owner, asset, Step.HLS) == 0
    assert progress.again(session, owner, asset, Step.HLS) == 1
    assert of(session, asset, Step.HLS).state == TaskState.QUEUED


@pytest.mark.parametrize("step", registry.ESSENTIAL)
def test_a_file_is_not_ready_while_what_makes_it_usable_is_stopped(
    session: Session, owner: Principal, asset: Asset, step: Step
) -> None:
    begun = of(session, asset, step)
    begun.state = TaskState.QUEUED
    session.flush()
    assets.settle(session, asset.workspace_id, asset.id)
    held = claimed(session, asset, step)
    assert progress.cancel(session, owner, asset, step) == 1
    with pytest.raises(LostLease):
        tasks.finish(session, held, TaskState.DONE)
    assert asset.state == AssetState.PROCESSING
    card = cards.one(session, owner, asset.id)
    assert card is not None
    assert card.stopped
    # It waits for a person, which is no damage.
    assert not [each for each in fsck.rows(session, "I7") if asset.name in each.sentence]
    assert progress.again(session, owner, asset, step) == 1
    again = claimed(session, asset, step)
    tasks.finish(session, again, TaskState.DONE)
    assert assets.settle(session, asset.workspace_id, asset.id).state == AssetState.READY


def test_what_no_version_goes_through_cannot_be_stopped(
    session: Session, owner: Principal, asset: Asset
) -> None:
    with pytest.raises(Conflict):
        progress.cancel(session, owner, asset, Step.STILL)


def test_only_who_may_edit_stops_and_resumes(
    session: Session, owner: Principal, asset: Asset
) -> None:
    viewer = make_colleague(session, owner, Role.VIEWER)
    for change in (progress.cancel, progress.again):
        with pytest.raises(Forbidden):
            change(session, viewer, asset, Step.HLS)


def test_the_overview_tells_running_waiting_and_failed_apart(
    session: Session, owner: Principal, asset: Asset
) -> None:
    others = [make_asset(session, owner) for _ in range(3)]
    for each, state in zip(others, ("failed", "waiting", "queued"), strict=True):
        task = of(session, each, Step.HLS)
        awaits = "model" if state == "waiting" else None
        session.execute(update(Task).where(Task.id == task.id).values(state=state, awaits=awaits))
    claimed(session, asset, Step.HLS)
    seen = progress.overview(session, owner)
    assert [line.asset_id for line in seen.running.lines] == [asset.id]
    assert [line.asset_id for line in seen.failed.lines] == [others[0].id]
    assert [line.asset_id for line in seen.waiting.lines] == [others[1].id]
    assert seen.queued == {"hls": 1}
    assert seen.failed.all == 1


def test_of_many_that_wait_the_newest_are_listed_and_all_are_counted(
    session: Session, owner: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = {"state": "waiting", "awaits": "model"}
    for number in range(3):
        task = of(session, make_asset(session, owner), Step.HLS)
        since = task.created_at + timedelta(hours=number)
        session.execute(update(Task).where(Task.id == task.id).values(created_at=since, **waiting))
    newest = task
    monkeypatch.setattr(progress, "MOST_LISTED", 1)
    seen = progress.overview(session, owner).waiting
    assert [line.asset_id for line in seen.lines] == [newest.asset_id]
    assert seen.all == 3


def test_the_overview_is_of_one_workspace(
    session: Session, asset: Asset, stranger: Principal
) -> None:
    claimed(session, asset, Step.HLS)
    seen = progress.overview(session, stranger)
    assert not seen.running.all
    assert not seen.queued


def test_who_uploaded_it_is_told_of_a_failure_and_nobody_else(
    session: Session, owner: Principal, asset: Asset
) -> None:
    held = claimed(session, asset, Step.HLS)
    notices.tell_failed(session, held, "The disk is full.")
    (notice,) = notices.latest(session, owner)
    assert (notice.kind, notice.details["reason"]) == ("failed", "The disk is full.")
    colleague = make_colleague(session, owner)
    assert notices.unread(session, colleague) == 0
    assert notices.unread(session, owner) == 1
    notices.read_all(session, owner)
    assert notices.unread(session, owner) == 0


def test_the_end_of_a_long_processing_is_told_once(
    session: Session, owner: Principal, asset: Asset
) -> None:
    held = claimed(session, asset, Step.HLS)
    session.execute(
        update(Task).values(created_at=func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 1))
    )
    assert not notices.tell_done(session, held)
    tasks.finish(session, held, TaskState.DONE)
    assert notices.tell_done(session, held)
    assert not notices.tell_done(session, held)
    assert [notice.kind for notice in session.query(Notice)] == ["done"]


def test_the_end_of_a_short_processing_is_not_told(
    session: Session, owner: Principal, asset: Asset
) -> None:
    held = claimed(session, asset, Step.HLS)
    tasks.finish(session, held, TaskState.DONE)
    assert not notices.tell_done(session, held)
