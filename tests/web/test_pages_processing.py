import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from lectern.models import Asset, Task, TaskState
from lectern.people.principal import Principal
from lectern.pipeline import notices, segments, tasks
from lectern.pipeline.registry import Step
from tests.factories import make_asset, make_colleague
from tests.web.conftest import SignIn

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    return make_asset(session, owner, name="Mitosis")


def put(session: Session, asset: Asset, **values: object) -> Task:
    task = tasks.add(
        session,
        asset.workspace_id,
        Step.PLAYABLE,
        version_id=asset.current_version_id,
        asset_id=asset.id,
    )
    if values:
        session.execute(update(Task).where(Task.id == task.id).values(**values))
    session.commit()
    session.expire_all()
    return task


def test_an_idle_workspace_says_that_everything_is_done(owner: Principal, sign_in: SignIn) -> None:
    page = sign_in(owner).get("/processing").text
    assert "All done" in page
    assert 'data-queue="streams"' in page


def test_a_failed_step_is_shown_with_its_reason_and_tried_again(
    session: Session, owner: Principal, sign_in: SignIn, asset: Asset
) -> None:
    task = put(session, asset, state="failed", reason="The disk is full.", log="no space")
    client = sign_in(owner)
    page = client.get("/processing").text
    assert "The disk is full." in page
    assert "no space" in page
    again = client.post(f"/assets/{asset.id}/steps/playable/retrying", headers=PARTIAL)
    assert again.status_code == 204
    session.expire_all()
    assert session.get_one(Task, (task.workspace_id, task.id)).state == TaskState.QUEUED


def test_segments_are_told_as_work_that_goes_on(
    session: Session, owner: Principal, sign_in: SignIn, asset: Asset
) -> None:
    subject = {"version_id": asset.current_version_id, "asset_id": asset.id}
    whole = tasks.add(session, asset.workspace_id, Step.HLS, **subject)
    claim = tasks.claim(session, asset.workspace_id, whole.id, "a", 90)
    assert claim is not None
    segments.share_out(session, claim, 12, set(range(12)))
    session.commit()
    page = sign_in(owner).get("/processing").text
    assert "0 of 12 segments are encoded" in page
    assert 'data-state="running"' in page
    assert "Waiting for other steps" not in page


def test_the_log_is_for_owners(
    session: Session, owner: Principal, sign_in: SignIn, asset: Asset
) -> None:
    put(session, asset, state="failed", reason="The disk is full.", log="no space")
    page = sign_in(make_colleague(session, owner)).get("/processing").text
    assert "The disk is full." in page
    assert "no space" not in page


def test_a_file_whose_essential_step_was_stopped_says_so_and_starts_again(
    session: Session, owner: Principal, sign_in: SignIn, asset: Asset
) -> None:
    task = put(session, asset)
    client = sign_in(owner)
    reply = client.post(f"/assets/{asset.id}/steps/playable/cancelling", headers=PARTIAL)
    assert reply.status_code == 204
    session.refresh(task)
    assert task.state == TaskState.CANCELLED
    page = client.get(f"/assets/{asset.id}").text
    assert "Processing was stopped" in page
    assert "Start again" in page
    assert "Stopped" in client.get("/library?view=list").text
    client.post(f"/assets/{asset.id}/retries")
    session.refresh(task)
    assert task.state == TaskState.QUEUED
    assert "Processing was stopped" not in client.get(f"/assets/{asset.id}").text


def test_an_unknown_step_is_not_there(owner: Principal, sign_in: SignIn, asset: Asset) -> None:
    assert sign_in(owner).post(f"/assets/{asset.id}/steps/magic/retrying").status_code == 404


def test_notices_are_counted_shown_and_read(
    session: Session, owner: Principal, sign_in: SignIn, asset: Asset
) -> None:
    notices.tell_failed(session, put(session, asset), "The disk is full.")
    session.commit()
    client = sign_in(owner)
    assert "1 new notification" in client.get("/notices/count", headers=PARTIAL).text
    assert "The disk is full." in client.get("/notices").text
    assert "Mark all as read" not in client.post("/notices/reading", headers=PARTIAL).text
    assert "new notification" not in client.get("/notices/count", headers=PARTIAL).text
