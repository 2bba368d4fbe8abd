import uuid

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from lectern.models import Task, TaskState, Version
from lectern.pipeline import due, leases, tasks
from lectern.pipeline.registry import Step
from lectern.pipeline.tasks import ATTEMPTS, Claim, LostLease
from tests.factories import make_asset, make_principal, make_workspace

LEASE_S = 90


@pytest.fixture
def version(session: Session) -> Version:
    asset = make_asset(session, make_principal(session))
    return session.get_one(Version, (asset.workspace_id, asset.current_version_id))


@pytest.fixture
def task(session: Session, version: Version) -> Task:
    return add(session, version)


def add(session: Session, version: Version, step: Step = Step.PLAYABLE) -> Task:
    return tasks.add(
        session,
        version.workspace_id,
        step,
        version_id=version.id,
        asset_id=version.asset_id,
    )


def claim(session: Session, task: Task, worker: str = "a") -> Claim | None:
    return tasks.claim(session, task.workspace_id, task.id, worker, LEASE_S)


def claimed(session: Session, task: Task) -> Claim:
    held = claim(session, task)
    assert held is not None
    return held


def make_due(session: Session, task: Task) -> None:
    session.execute(update(Task).where(Task.id == task.id).values(run_at="2020-01-01"))


def lapse(session: Session, task: Task) -> None:
    session.execute(update(Task).where(Task.id == task.id).values(lease_until="2020-01-01"))
    session.expire_all()


def test_adding_a_task_twice_gives_the_same_one(session: Session, version: Version) -> None:
    assert add(session, version).id == add(session, version).id
    assert add(session, version, Step.POSTER).queue == "media"


def test_a_task_is_claimed_once(session: Session, task: Task) -> None:
    held = claimed(session, task)
    assert (held.fence, held.step) == (1, Step.PLAYABLE)
    assert claim(session, task, "b") is None


def test_a_task_of_another_workspace_cannot_be_claimed(session: Session, task: Task) -> None:
    other = make_workspace(session)
    assert tasks.claim(session, other.id, task.id, "a", LEASE_S) is None
    assert tasks.claim(session, task.workspace_id, uuid.uuid4(), "a", LEASE_S) is None


def test_progress_never_goes_back_within_a_run_and_starts_anew_with_the_next(
    session: Session, task: Task
) -> None:
    held = claimed(session, task)
    for share in (0.3, 0.6, 0.5, 7.0, -1.0):
        tasks.record_progress(session, held, share)
    session.refresh(task)
    assert task.progress == 1.0
    tasks.give_back(session, held)
    claimed(session, task)
    session.refresh(task)
    assert (task.progress, task.fence) == (0.0, 2)


def test_a_stale_fence_changes_nothing(session: Session, task: Task) -> None:
    stale = claimed(session, task)
    lapse(session, task)
    leases.sweep(session)
    claimed(session, task)
    for change in (
        lambda: tasks.renew(session, stale, LEASE_S),
        lambda: tasks.record_progress(session, stale, 1.0),
        lambda: tasks.finish(session, stale, TaskState.DONE),
        lambda: tasks.retry_later(session, stale, "Late."),
        lambda: tasks.give_back(session, stale),
    ):
        with pytest.raises(LostLease):
            change()
    session.refresh(task)
    assert (task.state, task.fence) == (TaskState.RUNNING, 2)


def test_a_finished_task_is_never_due_again(session: Session, task: Task) -> None:
    held = claimed(session, task)
    tasks.finish(session, held, TaskState.DONE)
    assert claim(session, task) is None
    assert not due.of_asset(session, task.workspace_id, task.asset_id or uuid.uuid4())
    with pytest.raises(LostLease):
        tasks.finish(session, held, TaskState.FAILED)


def test_failures_wait_longer_each_time_and_end_at_the_budget(session: Session, task: Task) -> None:
    pauses = []
    for _ in range(ATTEMPTS - 1):
        held = claimed(session, task)
        assert tasks.retry_later(session, held, "Not now.") is TaskState.QUEUED
        assert claim(session, task) is None, "it should wait first"
        session.refresh(task)
        pauses.append((task.run_at - task.started_at).total_seconds() if task.started_at else 0)
        make_due(session, task)
    assert tasks.retry_later(session, claimed(session, task), "Enough.") is TaskState.FAILED
    session.refresh(task)
    assert (task.state, task.reason, task.attempts) == (TaskState.FAILED, "Enough.", ATTEMPTS)
    for pause, expected in zip(pauses, (10, 60, 600), strict=True):
        assert expected * 0.8 <= pause <= expected * 1.2 + 5


def test_dying_workers_do_not_burn_the_budget(session: Session, task: Task) -> None:
    claimed(session, task)
    lapse(session, task)
    again, failed = leases.sweep(session)
    assert ([each.id for each in again], list(failed)) == ([task.id], [])
    session.refresh(task)
    assert (task.state, task.attempts, task.deaths) == (TaskState.QUEUED, 0, 1)
    assert claim(session, task) is not None, "it should be due at once"


def test_three_deaths_in_a_row_fail_the_task_and_a_failure_between_starts_anew(
    session: Session, task: Task
) -> None:
    for _ in range(2):
        claimed(session, task)
        lapse(session, task)
        leases.sweep(session)
    tasks.retry_later(session, claimed(session, task), "An ordinary failure.")
    make_due(session, task)
    for _ in range(2):
        claimed(session, task)
        lapse(session, task)
        assert not leases.sweep(session)[1]
    claimed(session, task)
    lapse(session, task)
    _, failed = leases.sweep(session)
    assert [each.reason for each in failed] == [leases.CRASHES]


def test_a_living_lease_is_not_swept(session: Session, task: Task) -> None:
    claimed(session, task)
    assert leases.sweep(session) == ([], [])
    assert leases.take_from(session, ["b"]) == ([], [])
    again, _ = leases.take_from(session, ["a"])
    assert [each.id for each in again] == [task.id]
