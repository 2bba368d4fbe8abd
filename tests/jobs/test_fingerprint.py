"""A copy that was coded otherwise is found when it has gone through the pipeline, and only then."""

from pathlib import Path

from jobs import enqueue
from lectern.database.sessions import unit_of_work
from lectern.duplicates import near as similar
from lectern.models import TaskState, Upload
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step
from tests.factories import make_principal
from tests.films import Part, changed, film
from tests.jobs.conftest import House, again, asset_of, task_of, upload_as, wait_until


def test_a_recoded_copy_is_found_and_another_lecture_is_not(house: House, tmp_path: Path) -> None:
    house.worker("probe")
    house.worker("media")
    intro = Part(99, 8)
    lecture = film(tmp_path / "lecture.mp4", intro, Part(1, 24))
    copy = changed(lecture, "copy.mp4", "-vf", "scale=480:270", "-preset", "ultrafast")
    other = film(tmp_path / "other.mp4", intro, Part(2, 24))
    with unit_of_work() as session:
        owner = make_principal(session)
        who = (owner.workspace_id, owner.user_id)
        sent = [upload_as(session, house, *who, file) for file in (lecture, copy, other)]
    enqueue.notify([task_of(each) for each in sent])
    wait_until(lambda: all(_looked_at(each) for each in sent), 240)
    first, second, third = (asset_of(each) for each in sent)
    with unit_of_work() as session:
        (near,) = similar.near(session, owner, first)
        assert near.asset.id == second.id
        assert near.differences[0] == "smaller picture 480×270 instead of 640×360"
        assert similar.near(session, owner, third) == []
        assert len(similar.pairs(session, owner, 10)) == 1


def _looked_at(sent: Upload) -> bool:
    if again(sent).asset_id is None:
        return False
    with unit_of_work() as session:
        made = tasks.of_asset(session, sent.workspace_id, asset_of(sent).id)
    states = [task.state for task in made if task.step == Step.FINGERPRINT]
    assert TaskState.FAILED not in states
    return states == [TaskState.DONE]
