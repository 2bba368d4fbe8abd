"""The steps that draw: each ends well, once, and equal bytes are not drawn again."""

import uuid
from pathlib import Path

import pytest

from jobs import run
from lectern.database.sessions import unit_of_work
from lectern.library import poster_requests, versions
from lectern.models import Asset, Task, TaskState, Upload
from lectern.people.principal import Principal
from lectern.pipeline import tasks
from lectern.renditions import page_texts, posters, renditions
from tests.jobs.conftest import House, again, asset_of, make_clip, task_of, upload


def work_off(house: House, sent: Upload) -> Asset:
    """Do every step of the upload that can be done in this process, captions and streams apart."""
    run.prepare(house.settings)
    run.run(str(sent.workspace_id), str(task_of(sent).id))
    asset = asset_of(sent)
    for step in ("poster", "playable", "storyboard", "waveform", "sizes"):
        for task in of(asset, step):
            run.run(str(task.workspace_id), str(task.id))
    return asset_of(sent)


def of(asset: Asset, step: str) -> list[Task]:
    with unit_of_work() as session:
        found = tasks.of_asset(session, asset.workspace_id, asset.id)
        return [task for task in found if task.step == step]


def specs(asset: Asset) -> set[str]:
    with unit_of_work() as session:
        version = versions.get_current(session, asset)
        assert version is not None
        made = renditions.list_of(session, asset.workspace_id, version.blob_id)
        return {each.spec for each in made}


def states(asset: Asset) -> dict[str, str]:
    with unit_of_work() as session:
        return {t.step: t.state for t in tasks.of_asset(session, asset.workspace_id, asset.id)}


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "clip.mp4", 4)


def test_a_video_gets_its_storyboard_and_its_waveform(house: House, clip: Path) -> None:
    asset = work_off(house, upload(house, clip))
    assert {"storyboard/0.jpg", "waveform.json", "poster.1", "playable"} <= specs(asset)
    for step in ("storyboard", "waveform"):
        assert states(asset)[step] == TaskState.DONE
    assert not list(house.settings.scratch.glob("*"))


def test_a_frame_that_a_person_picks_becomes_the_poster(house: House, clip: Path) -> None:
    asset = work_off(house, upload(house, clip))
    owner = Principal.system(asset.workspace_id, asset.created_by)
    with unit_of_work() as session:
        held = session.get_one(Asset, (asset.workspace_id, asset.id))
        task = poster_requests.ask_frame(session, owner, held, 2.0)
    run.run(str(task.workspace_id), str(task.id))
    with unit_of_work() as session:
        held = session.get_one(Asset, (asset.workspace_id, asset.id))
        chosen = [each for each in posters.candidates(session, held) if each.chosen]
        assert [each.rank for each in chosen] == [posters.BY_HAND]
        assert chosen[0].at_s == pytest.approx(2.0, abs=0.1)
        assert held.poster_chosen_by == asset.created_by


def test_what_is_no_picture_fails_in_words_and_changes_nothing(house: House, clip: Path) -> None:
    asset = work_off(house, upload(house, clip))
    owner = Principal.system(asset.workspace_id, asset.created_by)
    with unit_of_work() as session:
        held = session.get_one(Asset, (asset.workspace_id, asset.id))
        task = poster_requests.ask_image(
            session, owner, held, b"\x89PNG\r\n\x1a\n no picture at all"
        )
    run.run(str(task.workspace_id), str(task.id))
    (failed,) = of(asset, "still")
    assert failed.state == TaskState.FAILED
    assert failed.reason
    assert asset_of_id(asset.workspace_id, asset.id).poster_blob_id == asset.poster_blob_id
    assert asset_of_id(asset.workspace_id, asset.id).state == "ready"


def asset_of_id(workspace_id: uuid.UUID, asset_id: uuid.UUID) -> Asset:
    with unit_of_work() as session:
        return session.get_one(Asset, (workspace_id, asset_id))


def test_a_pdf_shows_its_first_page_and_keeps_its_words(house: House, assets_dir: Path) -> None:
    document = assets_dir / "media" / "corpus" / "document" / "course-transcript.pdf"
    asset = work_off(house, upload(house, document))
    assert (asset.state, states(asset)["poster"]) == ("ready", TaskState.DONE)
    assert asset.poster_blob_id is not None
    with unit_of_work() as session:
        version = versions.get_current(session, asset)
        assert version is not None
        (page,) = page_texts.texts(session, house.this.storage, version)
    assert page.page == 1
    assert page.text.startswith("Transcript - The Reach of Open edX")


def test_a_broken_pdf_is_ready_all_the_same(house: House, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\n" + b"no objects, no pages, nothing " * 50)
    sent = upload(house, broken)
    asset = work_off(house, sent)
    assert again(sent).state == "done"
    (task,) = of(asset, "poster")
    assert (asset.state, task.state) == ("ready", TaskState.SKIPPED)
    assert "damaged" in (task.reason or "")


def test_an_image_comes_in_sizes(house: House, assets_dir: Path) -> None:
    image = assets_dir / "media" / "corpus" / "image" / "cmyk-1280x720.jpg"
    asset = work_off(house, upload(house, image))
    made = {"image/480.avif", "image/480.webp", "image/960.avif", "image/960.webp"}
    assert made <= specs(asset)
