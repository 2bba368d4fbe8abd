"""The captions step, with a real model: heard once, waiting without one, never over a person."""

import subprocess
from dataclasses import replace
from pathlib import Path

import imageio_ffmpeg
import pytest
from sqlalchemy import select

from jobs import process, run
from lectern.database.sessions import unit_of_work
from lectern.insight import captions, transcription
from lectern.insight.caption_files import writing
from lectern.insight.cues import Cue
from lectern.insight.editing import tracks
from lectern.library import retries
from lectern.models import Asset, Task, TaskState, Transcript, Upload, Version
from lectern.people.principal import Principal
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step
from tests.jobs.conftest import House, asset_of, task_of, upload


@pytest.fixture(autouse=True)
def _prepared(house: House) -> None:
    run.prepare(house.settings)


@pytest.fixture
def listening(house: House, assets_dir: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """The house, with the small model of the test assets."""
    settings = replace(
        house.settings, models_dir=assets_dir / "models", whisper_model="whisper-nano-en"
    )
    monkeypatch.setattr(process, "_current", replace(process.current(), settings=settings))
    return house


@pytest.fixture(scope="session")
def talk(assets_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first twelve seconds of a lecture."""
    path = tmp_path_factory.mktemp("talk") / "talk.mp4"
    source = assets_dir / "media" / "react-hooks.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(source), "-t", "12"]
    subprocess.run([*command, "-c", "copy", str(path)], check=True)
    return path


def do(task: Task) -> None:
    run.run(str(task.workspace_id), str(task.id))


def step(asset: Asset, which: Step = Step.CAPTIONS) -> Task:
    with unit_of_work() as session:
        key = {"workspace_id": asset.workspace_id, "asset_id": asset.id, "step": which}
        return session.scalars(select(Task).filter_by(**key)).one()


def processed(house: House, file: Path, **fields: object) -> tuple[Upload, Asset]:
    """A file through all that captions wait for."""
    sent = upload(house, file, **fields)
    do(task_of(sent))
    asset = asset_of(sent)
    do(step(asset, Step.PLAYABLE))
    return sent, asset


def shown(asset: Asset) -> list[captions.Captions]:
    with unit_of_work() as session:
        key = (asset.workspace_id, asset.current_version_id)
        return captions.list_of(session, session.get_one(Version, key))


def owner_of(asset: Asset) -> Principal:
    return Principal.system(asset.workspace_id, asset.created_by)


def test_a_lecture_gets_captions_that_say_what_is_said(listening: House, talk: Path) -> None:
    _, asset = processed(listening, talk)
    do(step(asset))
    assert step(asset).state == TaskState.DONE
    (found,) = shown(asset)
    assert (found.language, found.state, found.origin) == ("en", "machine", "machine")
    text = " ".join(cue.text for cue in found.cues).replace("\n", " ")
    assert "welcome to the second lesson about React" in text
    assert found.cues[0].start_s == pytest.approx(0.5, abs=0.4)
    assert writing.vtt(found.cues).startswith("WEBVTT\n\n00:00:00.")
    assert not list(listening.settings.scratch.glob("*"))


def test_without_the_model_the_step_waits_and_can_be_tried_again(
    house: House, talk: Path, assets_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, asset = processed(house, talk)
    do(step(asset))
    waiting = step(asset)
    assert (waiting.state, waiting.awaits) == (TaskState.WAITING, transcription.MODEL)
    assert "bin/lectern models fetch" in (waiting.reason or "")
    assert str(house.settings.models_dir / "small") in (waiting.reason or "")
    do(waiting)
    assert step(asset).state == TaskState.WAITING
    settings = replace(
        house.settings, models_dir=assets_dir / "models", whisper_model="whisper-nano-en"
    )
    monkeypatch.setattr(process, "_current", replace(process.current(), settings=settings))
    with unit_of_work() as session:
        row = session.get_one(Asset, (asset.workspace_id, asset.id))
        assert retries.try_again(session, owner_of(asset), row) == 1
    do(step(asset))
    assert step(asset).state == TaskState.DONE
    assert shown(asset)


def test_equal_bytes_are_heard_once(
    listening: House, talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, first = processed(listening, talk)
    do(step(first))
    monkeypatch.setattr("jobs.steps.captions._listen", lambda *_: pytest.fail("heard twice"))
    with unit_of_work() as session:
        row = session.get_one(Asset, (first.workspace_id, first.id))
        transcription.again(session, owner_of(first), row, None)
    do(step(first))
    assert step(first).state == TaskState.DONE
    with unit_of_work() as session:
        assert len(session.scalars(select(Transcript)).all()) == 1


def test_what_a_person_wrote_is_never_overwritten(listening: House, talk: Path) -> None:
    _, asset = processed(listening, talk)
    do(step(asset))
    mine = [Cue(0.0, 2.0, "My own words.")]
    with unit_of_work() as session:
        row = session.get_one(Asset, (asset.workspace_id, asset.id))
        version = session.get_one(Version, (asset.workspace_id, asset.current_version_id))
        tracks.save(session, owner_of(asset), row, version, "en", mine)
        transcription.again(session, owner_of(asset), row, "en")
    do(step(asset))
    assert step(asset).state == TaskState.DONE
    (found,) = shown(asset)
    assert (found.state, list(found.cues)) == ("in_review", mine)


def test_a_language_that_the_model_does_not_know_is_said_so(listening: House, talk: Path) -> None:
    _, asset = processed(listening, talk)
    with unit_of_work() as session:
        session.get_one(Asset, (asset.workspace_id, asset.id)).language = "de"
    do(step(asset))
    ended = step(asset)
    assert ended.state == TaskState.SKIPPED
    assert "does not know this file's language, de" in (ended.reason or "")


def test_silence_and_no_sound_are_skipped_with_the_reason(
    listening: House, assets_dir: Path
) -> None:
    corpus = assets_dir / "media" / "corpus"
    _, silent = processed(listening, corpus / "audio" / "silence-1s.wav")
    do(step(silent))
    assert (step(silent).state, step(silent).reason) == (
        TaskState.SKIPPED,
        "No speech was detected in this file.",
    )
    assert shown(silent) == []
    _, mute = processed(listening, corpus / "video" / "all-black-6s.mp4")
    do(step(mute))
    assert step(mute).reason == "This file has no audio."


def test_subtitles_inside_the_file_become_captions_also_without_a_model(
    house: House, assets_dir: Path
) -> None:
    file = assets_dir / "media/corpus/video/multi-2video-2audio-2subs.mp4"
    _, asset = processed(house, file)
    do(step(asset))
    assert step(asset).state == TaskState.WAITING
    found = shown(asset)
    assert [(each.language, each.origin, each.state) for each in found] == [
        ("en", "embedded", "in_review"),
        ("en-x-2", "embedded", "in_review"),
    ]
    assert found[0].cues[0].text.startswith("NAR: This is the optical")
    with unit_of_work() as session:
        row = session.get_one(Asset, (asset.workspace_id, asset.id))
        version = session.get_one(Version, (asset.workspace_id, asset.current_version_id))
        tracks.delete(session, owner_of(asset), row, version, "en-x-2")
        retries.try_again(session, owner_of(asset), row)
    do(step(asset))
    assert [each.language for each in shown(asset)] == ["en"]


def test_captions_do_not_keep_a_file_from_being_ready(house: House, talk: Path) -> None:
    _, asset = processed(house, talk)
    do(step(asset, Step.POSTER))
    do(step(asset))
    with unit_of_work() as session:
        assert session.get_one(Asset, (asset.workspace_id, asset.id)).state == "ready"
        of_asset = tasks.of_asset(session, asset.workspace_id, asset.id)
        assert Step.CAPTIONS in {task.step for task in of_asset}
