"""Posters by hand: asked for, made once, chosen in the name of who asked, taken back."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.errors import Forbidden, Invalid, Stale
from lectern.library import poster_requests, undo, versions
from lectern.models import Asset, Blob, Role, StillRequest, Task, TaskState
from lectern.people import audit_reading
from lectern.people.principal import Principal
from lectern.pipeline import tasks
from lectern.pipeline.tasks import Claim
from lectern.renditions import posters
from tests.factories import make_asset, make_blob, make_colleague
from tests.lectern.renditions.test_posters import propose


@pytest.fixture
def video(session: Session, owner: Principal) -> Asset:
    asset = make_asset(session, owner)
    asset.kind, asset.duration_s = "video", 60.0
    session.flush()
    return asset


def claimed(session: Session, task: Task) -> Claim:
    claim = tasks.claim(session, task.workspace_id, task.id, "tests", 60)
    assert claim is not None
    return claim


def made(session: Session, asset: Asset, task: Task, blob: Blob | None = None) -> Blob:
    """What the worker does at the end of the task."""
    version = versions.get_current(session, asset)
    assert version is not None
    blob = blob or make_blob(session, asset.workspace_id, mime="image/webp")
    claim = claimed(session, task)
    tasks.finish(session, claim, TaskState.DONE)
    facts: dict[str, Any] = {"at_s": 4.2, "reasons": ["Picked by hand"], "scores": {}}
    assert poster_requests.finish(session, claim, version, blob, facts)
    return blob


def test_a_picked_frame_becomes_the_poster_of_who_picked_it(
    session: Session, owner: Principal, video: Asset
) -> None:
    propose(session, video)
    editor = make_colleague(session, owner, Role.EDITOR)
    task = poster_requests.ask_frame(session, editor, video, 4.2)
    assert (task.step, task.queue, task.state) == ("still", "media", "queued")
    (request,) = session.scalars(select(StillRequest))
    assert (task.args, request.at_s) == ({"request": str(request.id)}, 4.2)
    assert list(poster_requests.under_way(session, video)) == [task]
    blob = made(session, video, task)
    assert (video.poster_blob_id, video.poster_chosen_by) == (blob.id, editor.user_id)
    found = posters.candidates(session, video)
    assert [each.rank for each in found] == [1, 2, 3, 4, 5, posters.BY_HAND]
    assert found[-1].chosen
    (line, *_) = audit_reading.history(session, owner, video.id)
    assert (line.action, line.actor_id) == ("asset.poster", editor.user_id)
    assert list(poster_requests.under_way(session, video)) == []
    assert session.scalars(select(StillRequest)).all() == []


def test_each_further_one_gets_a_rank_and_a_task_of_its_own(
    session: Session, owner: Principal, video: Asset
) -> None:
    first = poster_requests.ask_frame(session, owner, video, 1)
    second = poster_requests.ask_image(session, owner, video, b"\xff\xd8 an image")
    assert first.args != second.args
    assert list(poster_requests.under_way(session, video)) == [first, second]
    made(session, video, second)
    made(session, video, first)
    assert [each.rank for each in posters.candidates(session, video)] == [11, 12]


def test_the_same_picture_again_is_chosen_where_it_is(
    session: Session, owner: Principal, video: Asset
) -> None:
    blobs = propose(session, video)
    made(session, video, poster_requests.ask_frame(session, owner, video, 4), blobs[2])
    assert [each.rank for each in posters.candidates(session, video) if each.chosen] == [3]
    assert len(posters.candidates(session, video)) == 5


def test_a_later_choice_outranks_what_was_asked_for_before(
    session: Session, owner: Principal, video: Asset
) -> None:
    blobs = propose(session, video)
    task = poster_requests.ask_frame(session, owner, video, 4)
    posters.choose(session, owner, video, 2)
    assert poster_requests.find(session, claimed(session, task)) is None
    assert video.poster_blob_id == blobs[1].id


def test_a_failure_is_told_until_another_one_is_asked_for(
    session: Session, owner: Principal, video: Asset
) -> None:
    task = poster_requests.ask_image(session, owner, video, b"no image")
    tasks.finish(session, claimed(session, task), TaskState.FAILED, "This is no picture.")
    session.refresh(task)
    (failed,) = poster_requests.shown(session, video)
    assert (failed.state, failed.reason) == (TaskState.FAILED, "This is no picture.")
    under_way = poster_requests.ask_frame(session, owner, video, 4)
    assert list(poster_requests.shown(session, video)) == [under_way]


@pytest.mark.parametrize("at_s", [None, -1.0, 61.5, float("nan"), float("inf")])
def test_only_a_second_of_the_video_can_be_picked(
    session: Session, owner: Principal, video: Asset, at_s: float | None
) -> None:
    with pytest.raises(Invalid):
        poster_requests.ask_frame(session, owner, video, at_s)


def test_images_have_a_size_and_a_video_has_frames(
    session: Session, owner: Principal, video: Asset
) -> None:
    for data in (b"", b"\0" * (poster_requests.MOST_IMAGE_BYTES + 1)):
        with pytest.raises(Invalid):
            poster_requests.ask_image(session, owner, video, data)
    video.kind = "document"
    with pytest.raises(Invalid):
        poster_requests.ask_frame(session, owner, video, 1)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR])
def test_asking_needs_the_right_to(
    session: Session, owner: Principal, video: Asset, role: Role
) -> None:
    with pytest.raises(Forbidden):
        poster_requests.ask_frame(session, make_colleague(session, owner, role), video, 1)


def last_line(session: Session, owner: Principal, asset: Asset) -> int:
    return audit_reading.history(session, owner, asset.id)[0].seq


def test_a_choice_is_taken_back_to_the_machines(
    session: Session, owner: Principal, video: Asset
) -> None:
    blobs = propose(session, video)
    posters.choose(session, owner, video, 3)
    undo.undo(session, owner, video, last_line(session, owner, video))
    assert (video.poster_blob_id, video.poster_chosen_by) == (blobs[0].id, None)


def test_a_choice_is_taken_back_to_the_one_before(
    session: Session, owner: Principal, video: Asset
) -> None:
    propose(session, video)
    editor = make_colleague(session, owner, Role.EDITOR)
    blob = made(session, video, poster_requests.ask_frame(session, editor, video, 4))
    posters.choose(session, owner, video, 3)
    undo.undo(session, owner, video, last_line(session, owner, video))
    assert (video.poster_blob_id, video.poster_chosen_by) == (blob.id, editor.user_id)


def test_nothing_is_taken_back_over_a_later_choice(
    session: Session, owner: Principal, video: Asset
) -> None:
    propose(session, video)
    posters.choose(session, owner, video, 3)
    seq = last_line(session, owner, video)
    posters.choose(session, owner, video, 4)
    with pytest.raises(Stale):
        undo.undo(session, owner, video, seq)
