"""Replacements with a time of their own: nothing moves before it, the later one wins, late is told.

The clock is the database's: a time has come when its row says so.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lectern.errors import Conflict, Invalid, NotFound
from lectern.ingest import uploads
from lectern.ingest.uploads import NewUpload
from lectern.library import assets, rollback, schedule_edits, schedules, trash, versions
from lectern.models import Asset, ScheduledSwitch, Task, TaskState, Upload, Version
from lectern.people import audit_reading
from lectern.people.principal import Principal
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step
from lectern.settings import Settings
from lectern.storage import LocalStorage
from tests.factories import make_asset, make_blob, make_principal

HOUR = timedelta(hours=1)


def coming(session: Session, asset: Asset, state: TaskState = TaskState.DONE) -> Version:
    """A new version of the asset with its steps in this state."""
    blob = make_blob(session, asset.workspace_id)
    version = versions.add(
        session,
        asset,
        blob,
        origin="replacement",
        original_name="new.mp4",
        facts={"kind": "video", "duration_s": 9.0},
        created_by=asset.created_by,
    )
    for step in (Step.POSTER, Step.PLAYABLE):
        task = tasks.add(
            session, asset.workspace_id, step, version_id=version.id, asset_id=asset.id
        )
        task.state = state
    session.flush()
    return version


def tomorrow() -> str:
    return f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M}"


def planned(
    session: Session, owner: Principal, asset: Asset, state: TaskState = TaskState.DONE
) -> Version:
    version = coming(session, asset, state)
    schedule_edits.schedule(session, owner, asset, version.number, tomorrow(), "UTC")
    return version


def move(session: Session, version: Version, by: timedelta) -> None:
    """Let the version's time be so far from now, as if the clock had gone on."""
    at = func.clock_timestamp() + by
    session.execute(
        update(ScheduledSwitch)
        .where(ScheduledSwitch.version_id == version.id)
        .values(at=at)
        .execution_options(synchronize_session=False)
    )
    # What was there before the time had been there for longer, too.
    session.execute(
        update(Version)
        .where(Version.asset_id == version.asset_id)
        .values(created_at=Version.created_at - 10 * HOUR)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def state_of(session: Session, version: Version) -> tuple[str, str | None]:
    switch = schedules.of_version(session, version)
    assert switch is not None
    session.refresh(switch)
    return switch.state, switch.reason


def shown(session: Session, asset: Asset) -> int:
    """What is shown after a sweep and after the end of a task."""
    schedules.switch_due(session, asset.workspace_id, asset.id)
    return assets.settle(session, asset.workspace_id, asset.id).version_number


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    return make_asset(session, owner)


def test_nothing_moves_before_the_time_and_everything_at_it(
    session: Session, owner: Principal, asset: Asset
) -> None:
    version = planned(session, owner, asset)
    assert (shown(session, asset), schedules.due(session)) == (1, [])
    move(session, version, -HOUR)
    assert schedules.due(session) == [(asset.workspace_id, asset.id)]
    assert schedules.switch_due(session, asset.workspace_id, asset.id)
    assert (asset.version_number, asset.duration_s, asset.state) == (2, 9.0, "ready")
    assert state_of(session, version) == ("done", None)
    assert shown(session, asset) == 2
    assert not schedules.switch_due(session, asset.workspace_id, asset.id)
    line = audit_reading.history(session, owner, asset.id)[0]
    assert (line.action, line.details["version"], line.details["before"]) == ("asset.switch", 2, 1)
    assert line.details["late"] is False


def test_what_is_not_ready_in_time_comes_when_it_is_and_says_so(
    session: Session, owner: Principal, asset: Asset
) -> None:
    version = planned(session, owner, asset, TaskState.QUEUED)
    move(session, version, -HOUR)
    assert shown(session, asset) == 1
    assert state_of(session, version) == ("waiting", schedules.LATE)
    before = asset.lock_version
    # Looking again changes nothing that a page would have to show.
    assert not schedules.switch_due(session, asset.workspace_id, asset.id)
    assert asset.lock_version == before
    session.execute(update(Task).where(Task.version_id == version.id).values(state="done"))
    session.expire_all()
    assert assets.settle(session, asset.workspace_id, asset.id).version_number == 2
    assert state_of(session, version) == ("done", schedules.LATE)
    assert audit_reading.history(session, owner, asset.id)[0].details["late"] is True


def test_of_two_times_the_later_one_wins_whatever_their_numbers(
    session: Session, owner: Principal, asset: Asset
) -> None:
    second, third = planned(session, owner, asset), planned(session, owner, asset)
    move(session, third, -2 * HOUR)
    assert shown(session, asset) == 3
    move(session, second, -HOUR)
    assert shown(session, asset) == 2
    assert state_of(session, second) == state_of(session, third) == ("done", None)


def test_both_over_at_once_are_done_in_their_order(
    session: Session, owner: Principal, asset: Asset
) -> None:
    second, third = planned(session, owner, asset), planned(session, owner, asset)
    move(session, second, -HOUR)
    move(session, third, -2 * HOUR)
    assert shown(session, asset) == 2
    assert [state_of(session, each)[0] for each in (second, third)] == ["done", "done"]


def test_one_that_is_late_does_not_push_aside_what_was_meant_for_later(
    session: Session, owner: Principal, asset: Asset
) -> None:
    second = planned(session, owner, asset, TaskState.QUEUED)
    third = planned(session, owner, asset)
    move(session, second, -2 * HOUR)
    move(session, third, -HOUR)
    assert shown(session, asset) == 3
    session.execute(update(Task).where(Task.version_id == second.id).values(state="done"))
    session.expire_all()
    assert shown(session, asset) == 3
    assert state_of(session, second) == ("overtaken", schedules.OVERTAKEN % {"number": 3})


def test_a_rollback_in_between_holds_until_the_time(
    session: Session, owner: Principal, asset: Asset, storage: LocalStorage, tmp_path: Path
) -> None:
    version = planned(session, owner, asset)
    first = versions.find(session, asset, 1)
    assert first is not None
    (tmp_path / "bytes").write_bytes(b"x")
    storage.put(tmp_path / "bytes", first.blob.key)
    rollback.roll_back(session, owner, asset, 1, storage=storage)
    assert (asset.version_number, shown(session, asset)) == (3, 3)
    move(session, version, -HOUR)
    assert shown(session, asset) == 2


def test_a_plain_replacement_is_shown_until_the_time_and_again_never(
    session: Session, owner: Principal, asset: Asset
) -> None:
    version = planned(session, owner, asset)
    coming(session, asset)
    assert shown(session, asset) == 3
    move(session, version, -HOUR)
    assert [shown(session, asset) for _ in range(3)] == [2, 2, 2]
    coming(session, asset)
    assert shown(session, asset) == 4


def test_a_time_can_be_changed_called_off_or_made_now(
    session: Session, owner: Principal, asset: Asset
) -> None:
    version = planned(session, owner, asset)
    later = f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%dT%H:%M}"
    switch = schedule_edits.schedule(session, owner, asset, 2, later, "Europe/Berlin")
    assert (switch.local, switch.zone, switch.state) == (later, "Europe/Berlin", "waiting")
    schedule_edits.cancel(session, owner, asset, 2)
    move(session, version, -HOUR)
    assert (shown(session, asset), state_of(session, version)) == (1, ("cancelled", None))
    with pytest.raises(Conflict, match="is not scheduled"):
        schedule_edits.cancel(session, owner, asset, 2)
    schedule_edits.schedule(session, owner, asset, 2, tomorrow(), "UTC")
    schedule_edits.now(session, owner, asset, 2)
    assert (asset.version_number, state_of(session, version)) == (2, ("done", None))
    actions = [line.action for line in audit_reading.history(session, owner, asset.id)]
    assert actions == [
        *("asset.switch", "asset.schedule", "asset.schedule", "asset.unschedule"),
        *("asset.schedule", "asset.schedule"),
    ]


def test_only_what_was_never_shown_can_wait(
    session: Session, owner: Principal, asset: Asset
) -> None:
    coming(session, asset)
    assets.settle(session, asset.workspace_id, asset.id)
    for number, words in ((1, "has been shown before"), (2, "is already shown")):
        with pytest.raises(Conflict, match=words):
            schedule_edits.schedule(session, owner, asset, number, tomorrow(), "UTC")
    with pytest.raises(NotFound):
        schedule_edits.schedule(session, owner, asset, 7, tomorrow(), "UTC")
    stranger = make_principal(session)
    with pytest.raises(NotFound):
        schedule_edits.schedule(session, stranger, asset, 2, tomorrow(), "UTC")


def test_the_trash_calls_it_off(session: Session, owner: Principal, asset: Asset) -> None:
    version = planned(session, owner, asset)
    trash.trash(session, owner, asset, days=30)
    assert state_of(session, version) == ("cancelled", "The file was moved to the trash.")
    trash.restore(session, owner, asset)
    move(session, version, -HOUR)
    assert shown(session, asset) == 1


def test_an_upload_carries_the_time_to_its_version(
    session: Session, owner: Principal, asset: Asset, settings: Settings
) -> None:
    new = NewUpload("new.mp4", 10, replaces=asset.id, switch_at=tomorrow(), switch_zone="UTC")
    upload = uploads.create(session, owner, new, settings=settings)
    version = coming(session, asset)
    schedules.adopt(session, upload, version)
    assert shown(session, asset) == 1
    move(session, version, -HOUR)
    assert shown(session, asset) == 2
    with pytest.raises(Invalid, match="goes with replaces"):
        uploads.create(session, owner, NewUpload("x", 1, switch_at=tomorrow()), settings=settings)
    old = NewUpload("x", 1, replaces=asset.id, switch_at="2020-01-01T08:00", switch_zone="UTC")
    with pytest.raises(Invalid, match="is over"):
        uploads.create(session, owner, old, settings=settings)
    assert len(session.scalars(select(Upload)).all()) == 1


@pytest.mark.parametrize(
    ("local", "zone", "utc"),
    [
        ("2026-12-01T08:00", "Europe/Berlin", "2026-12-01T07:00"),
        ("2026-07-01T08:00", "Europe/Berlin", "2026-07-01T06:00"),
        # Shown twice, when the clocks are set back: the first.
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30"),
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T05:30"),
        ("2026-12-01T08:00+05:30", "Europe/Berlin", "2026-12-01T02:30"),
        ("2026-12-01 08:00", "Asia/Kathmandu", "2026-12-01T02:15"),
    ],
)
def test_a_local_time_is_the_instant_its_clocks_show_it(local: str, zone: str, utc: str) -> None:
    moment = schedules.read(local, zone)
    assert moment.at == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("local", "zone", "words"),
    [
        ("2026-03-29T02:30", "Europe/Berlin", "skip 02:30"),
        ("2026-03-08T02:00", "America/New_York", "skip 02:00"),
        ("tomorrow", "UTC", "such as 2026-12-01T08:00"),
        ("2026-12-01", "UTC", "with the day"),
        ("9999-12-31T23:59", "America/New_York", "too far"),
        ("2026-12-01T08:00", "Mars/Phobos", "no time zone"),
        ("2026-12-01T08:00", "../../etc/passwd", "no time zone"),
        ("2026-12-01T08:00", "Europe", "no time zone"),
        ("2026-12-01T08:00", "", "no time zone"),
    ],
)
def test_a_time_that_no_clock_shows_is_refused(local: str, zone: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        schedules.read(local, zone)


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2034, 1, 1)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_what_is_accepted_is_what_the_clocks_show(said: datetime, zone: str) -> None:
    local = said.strftime("%Y-%m-%dT%H:%M")
    try:
        moment = schedules.read(local, zone)
    except Invalid:
        return
    assert moment.local == local
    assert schedules.read(moment.at.isoformat(), zone).local == local
