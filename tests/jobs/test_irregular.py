"""Files whose coded data is not what players show: every step ends well and speaks of one time."""

from pathlib import Path

import pytest

from jobs import broker, enqueue, run
from lectern.database.sessions import unit_of_work
from lectern.library import versions
from lectern.models import TaskState, Upload
from lectern.pipeline import tasks
from lectern.renditions import renditions, storyboards
from tests.jobs.conftest import House, asset_of, make_clip, task_of, upload

# What an independent decode says of the handed files: seconds.
LASTS = {
    "cutmiddle.mp4": 11.0,
    "two-descriptions.mp4": 16.0,
    "joined.ts": 16.0,
    "resize.webm": 12.03,
    "picture-ends-early.mp4": 40.0,
    "mono-then-stereo.ts": 16.04,
    "short.ts": 5.04,
    "mirror-landscape.mp4": 20.0,
}
STEPS = ("playable", "poster", "storyboard", "waveform", "fingerprint", "hls")


def work_off(house: House, sent: Upload) -> dict[str, str]:
    """Do the steps in the order in which they wait for each other; how each ended."""
    run.prepare(house.settings)
    run.run(str(sent.workspace_id), str(task_of(sent).id))
    asset = asset_of(sent)
    for step in STEPS:
        with unit_of_work() as session:
            every = tasks.of_asset(session, asset.workspace_id, asset.id)
        for task in [each for each in every if each.step == step]:
            run.run(str(task.workspace_id), str(task.id))
    with unit_of_work() as session:
        return {
            each.step: each.state
            for each in tasks.of_asset(session, asset.workspace_id, asset.id)
            if each.step in STEPS
        }


@pytest.mark.parametrize("name", LASTS)
def test_every_step_ends_well_and_lasts_as_long(
    house: House, assets_dir: Path, tmp_path: Path, name: str
) -> None:
    source = assets_dir / "media" / "hunted" / name
    if not source.is_file():
        pytest.skip(f"there is no {source}")
    sent = upload(house, source)
    states = work_off(house, sent)
    assert states == dict.fromkeys(STEPS, TaskState.DONE)
    asset = asset_of(sent)
    assert asset.duration_s == pytest.approx(LASTS[name], abs=0.06)
    with unit_of_work() as session:
        version = versions.get_current(session, asset)
        assert version is not None
        key = (asset.workspace_id, version.blob_id)
        playable = renditions.find(session, *key, renditions.PLAYABLE)
        poster = renditions.find(session, *key, "poster.1")
        board = storyboards.find(session, version)
        assert playable is not None
        assert poster is not None
        assert playable.facts["duration_s"] == pytest.approx(LASTS[name], abs=0.1)
        assert 0 <= poster.facts["at_s"] <= LASTS[name]
        assert board is not None


def test_a_poster_that_has_waited_goes_ahead_of_what_others_can_do_without(
    house: House, tmp_path: Path
) -> None:
    source = make_clip(tmp_path / "clip.ts", 2)
    sent, other = upload(house, source), upload(house, make_clip(tmp_path / "other.mp4", 2))
    run.prepare(house.settings)
    for each in (other, sent):
        run.run(str(each.workspace_id), str(task_of(each).id))
    for each in (other, sent):
        with unit_of_work() as session:
            every = tasks.of_asset(session, each.workspace_id, asset_of(each).id)
        (playable,) = [task for task in every if task.step == "playable"]
        run.run(str(playable.workspace_id), str(playable.id))
    with unit_of_work() as session:
        every = tasks.of_asset(session, sent.workspace_id, asset_of(sent).id)
    (poster,) = [task for task in every if task.step == "poster"]
    assert broker.queue(poster.queue).get_job_ids()[0] == enqueue.job_id(poster)
