"""Steps that wait: for another step of the version, or for a thing that is not there."""

import pytest
from sqlalchemy import func, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lectern.library import retries, versions
from lectern.models import Asset, Task, TaskState, Version
from lectern.pipeline import due, leases, registry, tasks
from lectern.pipeline.registry import Step
from tests.factories import make_asset, make_principal


@pytest.fixture
def version(session: Session, monkeypatch: pytest.MonkeyPatch) -> Version:
    """A version at the beginning of poster, playable, and a storyboard after that."""
    rules = {step: registry.RULES[step] for step in (Step.POSTER, Step.PLAYABLE)}
    monkeypatch.setattr(registry, "RULES", {**rules, Step.STORYBOARD: Step.STORYBOARD.rule})
    asset = make_asset(session, make_principal(session))
    made = session.get_one(Version, (asset.workspace_id, asset.current_version_id))
    tasks.begin(session, made)
    return made


def of(session: Session, version: Version, step: Step) -> Task:
    return tasks.add(session, version.workspace_id, step, version_id=version.id)


def end(session: Session, task: Task, state: TaskState) -> tasks.Claim:
    held = tasks.claim(session, task.workspace_id, task.id, "a", 90)
    assert held is not None
    tasks.finish(session, held, state)
    return held


def test_a_later_step_is_not_due_before_the_one_it_waits_for(
    session: Session, version: Version
) -> None:
    waiting = of(session, version, Step.STORYBOARD)
    assert (waiting.state, waiting.awaits) == (TaskState.WAITING, Step.PLAYABLE)
    assert waiting.reason == registry.AWAITS_STEP
    assert tasks.claim(session, version.workspace_id, waiting.id, "a", 90) is None
    assert len(due.of_asset(session, version.workspace_id, version.asset_id)) == 2


@pytest.mark.parametrize("ending", [TaskState.DONE, TaskState.SKIPPED])
def test_it_is_due_once_that_one_has_ended_well(
    session: Session, version: Version, ending: TaskState
) -> None:
    held = end(session, of(session, version, Step.PLAYABLE), ending)
    waited = of(session, version, Step.STORYBOARD)
    assert (waited.state, waited.awaits, waited.reason) == (TaskState.QUEUED, None, None)
    assert [each.id for each in due.after(session, held)] == [waited.id]


def test_it_goes_on_waiting_while_that_one_has_failed(session: Session, version: Version) -> None:
    playable = of(session, version, Step.PLAYABLE)
    held = end(session, playable, TaskState.FAILED)
    assert of(session, version, Step.STORYBOARD).state == TaskState.WAITING
    assert due.after(session, held) == []
    session.refresh(playable)
    tasks.begin_again(session, playable)
    end(session, playable, TaskState.DONE)
    assert of(session, version, Step.STORYBOARD).state == TaskState.QUEUED


def test_only_essential_steps_decide_whether_a_version_is_ready(
    session: Session, version: Version
) -> None:
    assert versions.state_of(session, version) == "processing"
    for step in (Step.POSTER, Step.PLAYABLE):
        end(session, of(session, version, step), TaskState.DONE)
    assert versions.state_of(session, version) == "ready"
    end(session, of(session, version, Step.STORYBOARD), TaskState.FAILED)
    assert versions.state_of(session, version) == "ready"


def test_trying_again_reaches_what_waits_for_a_thing_but_not_for_a_step(
    session: Session, version: Version
) -> None:
    end(session, of(session, version, Step.PLAYABLE), TaskState.DONE)
    waited = of(session, version, Step.STORYBOARD)
    held = tasks.claim(session, waited.workspace_id, waited.id, "a", 90)
    assert held is not None
    tasks.wait(session, held, "model", "The model is not here.")
    assert of(session, version, Step.STORYBOARD).reason == "The model is not here."
    asset = session.get_one(Asset, (version.workspace_id, version.asset_id))
    person = make_principal(session)
    session.execute(
        update(Task)
        .where(Task.step == Step.POSTER)
        .values(state=TaskState.WAITING, awaits=Step.PLAYABLE)
    )
    owner = type(person)(version.workspace_id, asset.created_by, "owner", "O", "o@example.org")
    assert retries.try_again(session, owner, asset) == 1
    again = of(session, version, Step.STORYBOARD)
    assert (again.state, again.awaits) == (TaskState.QUEUED, None)


def test_a_version_has_a_step_once_for_the_same_arguments(
    session: Session, version: Version
) -> None:
    def add(**args: object) -> Task:
        subject = {"version_id": version.id, "asset_id": version.asset_id}
        return tasks.add(session, version.workspace_id, Step.STORYBOARD, args=args, **subject)

    first, second, plain = add(from_s=1.5, to="end"), add(from_s=2), add()
    assert add(to="end", from_s=1.5).id == first.id
    assert len({first.id, second.id, plain.id}) == 3
    assert plain.id == of(session, version, Step.STORYBOARD).id


def test_a_task_keeps_its_arguments_through_a_crash_and_a_failed_attempt(
    session: Session, version: Version
) -> None:
    wanted = {"recipe": {"width": 640, "formats": ["webp", "avif"]}}
    subject = {"version_id": version.id, "asset_id": version.asset_id}
    task = tasks.add(session, version.workspace_id, Step.SIZES, args=wanted, **subject)

    def claim() -> tasks.Claim:
        held = tasks.claim(session, version.workspace_id, task.id, "a", 90)
        assert held is not None
        return held

    held = claim()
    assert held.args == wanted
    session.execute(update(Task).values(lease_until=func.clock_timestamp()).filter_by(id=task.id))
    session.expire_all()
    ((again, *_), failed) = leases.sweep(session)
    assert (again.id, again.args, list(failed)) == (task.id, wanted, [])
    with pytest.raises(tasks.LostLease):
        tasks.renew(session, held, 90)
    assert tasks.retry_later(session, claim(), "The disk is full.") is TaskState.QUEUED
    session.execute(update(Task).values(run_at=func.clock_timestamp()).filter_by(id=task.id))
    last = claim()
    assert (last.args, last.attempts, last.fence) == (wanted, 1, 3)
    tasks.finish(session, last, TaskState.FAILED, "It is damaged.")
    session.refresh(task)
    tasks.begin_again(session, task)
    assert claim().args == wanted


def test_arguments_are_an_object(session: Session, version: Version) -> None:
    task = of(session, version, Step.POSTER)
    with pytest.raises(IntegrityError, match="task_args_check"):
        session.execute(update(Task).values(args=[1]).filter_by(id=task.id))
