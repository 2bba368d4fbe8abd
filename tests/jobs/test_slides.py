"""The step that reads slides, on a lecture whose slides are known."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from jobs import run
from lectern.database.sessions import unit_of_work
from lectern.insight import slides
from lectern.library import versions
from lectern.models import Asset, Said, Slide, Task, TaskState, Upload
from lectern.pipeline.registry import Step
from lectern.renditions import renditions
from tests.films import Part, film
from tests.jobs.conftest import House, asset_of, task_of, upload


def work_off(house: House, sent: Upload) -> Task:
    """Do what has to be done before, then the step itself."""
    run.prepare(house.settings)
    run.run(str(sent.workspace_id), str(task_of(sent).id))
    for step in (Step.POSTER, Step.PLAYABLE, Step.SLIDES):
        task = step_of(sent, step)
        run.run(str(task.workspace_id), str(task.id))
    return step_of(sent, Step.SLIDES)


def step_of(sent: Upload, step: Step) -> Task:
    with unit_of_work() as session:
        wanted = select(Task).filter_by(workspace_id=sent.workspace_id, step=step)
        return session.scalars(wanted).one()


def read(asset: Asset) -> list[Slide]:
    with unit_of_work() as session:
        version = versions.get_current(session, asset)
        assert version is not None
        return slides.of_version(session, version)


def test_every_slide_of_a_lecture_is_read_from_when_to_when(house: House, assets_dir: Path) -> None:
    truth = json.loads((assets_dir / "media" / "react-hooks.json").read_text())["topics"]
    sent = upload(house, assets_dir / "media" / "react-hooks.mp4")
    assert work_off(house, sent).state == TaskState.DONE
    asset = asset_of(sent)
    found = read(asset)
    assert [each.text.split("\n")[0] for each in found] == [topic["title"] for topic in truth]
    for each, topic in zip(found, truth, strict=True):
        assert each.start_s == pytest.approx(topic["start"], abs=0.5)
        assert each.end_s == pytest.approx(topic["end"], abs=0.5)
        assert (each.confidence or 0) > 0.8
        assert 0 <= each.lines[0]["box"][0] < each.lines[0]["box"][2] <= 1
    with unit_of_work() as session:
        version = versions.get_current(session, asset)
        assert version is not None
        made = renditions.list_of(session, asset.workspace_id, version.blob_id)
        thumbs = [each.blob for each in made if each.spec.startswith("slides/")]
        assert len(thumbs) == len(truth)
        assert all(blob.mime == "image/webp" and blob.byte_size < 20_000 for blob in thumbs)
        shown = session.scalars(select(Said.text).where(Said.asset_id == asset.id))
        assert "The useState hook 2/6" in set(shown)
    assert not list(house.settings.scratch.glob("*"))


def test_a_video_without_words_is_skipped(house: House, tmp_path: Path) -> None:
    sent = upload(house, film(tmp_path / "black.mp4", Part(0, 6)))
    task = work_off(house, sent)
    assert task.state == TaskState.SKIPPED
    assert task.reason == "No text was found in this video."
    assert read(asset_of(sent)) == []
