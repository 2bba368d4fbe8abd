"""Steps that wait: for another step of the version, or for a thing that is not there."""

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from lectern.library import retries, versions
from lectern.models import Asset, Task, TaskState, Version
from lectern.pipeline import due, registry, tasks
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


def test_equal_steps_may_have_parts(session: Session, version: Version) -> None:
    parts = [
        tasks.add(session, version.workspace_id, Step.STORYBOARD, version_id=version.id, part=part)
        for part in (1, 2, 1)
    ]
    assert parts[0].id == parts[2].id != parts[1].id
