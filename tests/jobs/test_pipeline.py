from pathlib import Path

from jobs import enqueue
from lectern.database.sessions import unit_of_work
from lectern.models import AssetState, Task, TaskState, Upload, UploadState
from lectern.pipeline import tasks
from tests.jobs.conftest import House, again, asset_of, task_of, upload, wait_until


def drawn(sent: Upload) -> list[Task]:
    """The tasks that workers of one queue do."""
    with unit_of_work() as session:
        made = tasks.of_asset(session, sent.workspace_id, asset_of(sent).id)
        return [task for task in made if task.queue == "media"]


def test_a_clip_becomes_a_ready_asset_with_poster_and_playable(house: House, clip: Path) -> None:
    house.worker("probe")
    house.worker("media")
    sent = upload(house, clip)
    enqueue.notify([task_of(sent)])
    wait_until(lambda: again(sent).state == UploadState.DONE)
    wait_until(lambda: asset_of(sent).state == AssetState.READY)
    wait_until(lambda: all(task.state == TaskState.DONE for task in drawn(sent)))
    assert {task.step for task in drawn(sent)} == {
        *("poster", "playable", "storyboard", "waveform", "fingerprint")
    }
    assert all(task.progress == 1.0 for task in drawn(sent))
    assert asset_of(sent).poster_blob_id is not None
    assert not list(house.settings.spool.glob("*/*"))
    assert not list(house.settings.scratch.glob("*"))
