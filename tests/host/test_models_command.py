"""`models fetch` as a person runs it: what is here stays, what cannot be had is named."""

import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from lectern import settings
from lectern.database.sessions import driver_url
from lectern.errors import LecternError
from lectern.insight import models, transcription
from lectern.models import Task, TaskState
from lectern.people import audit
from tests.conftest import OWNER_URL, in_database
from tests.factories import make_asset, make_principal
from web.cli.models import models_


@pytest.fixture
def environ(
    own_database: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A data folder with nothing in it, and a hub that does not answer."""
    folder = tmp_path / "models"
    for name, value in {
        "DATABASE_URL": in_database(os.environ[OWNER_URL], own_database),
        "REDIS_URL": redis_url,
        "SECRET_KEY": "x" * 40,
        "MODELS_DIR": str(folder),
        "WHISPER_MODEL": "whisper-nano-en",
    }.items():
        monkeypatch.setenv(f"LECTERN_{name}", value)
    monkeypatch.setattr("huggingface_hub.snapshot_download", away)
    return folder


def away(*_: object, **__: object) -> None:
    raise OSError("no route to host")


def waiting(session: Session) -> Task:
    """A captions step that found no model."""
    audit.configure("x" * 40)
    owner = make_principal(session)
    asset = make_asset(session, owner)
    task = transcription.again(session, owner, asset, None)
    task.state, task.awaits, task.reason = TaskState.WAITING, transcription.MODEL, "away"
    session.flush()
    return task


def test_what_cannot_be_had_is_named_with_the_folder_to_put_it_into(
    environ: Path, tmp_path: Path
) -> None:
    done = CliRunner().invoke(models_, ["fetch", "--data", str(tmp_path / "data")])
    assert isinstance(done.exception, LecternError)
    told = str(done.exception)
    assert "“whisper-nano-en” could not be downloaded from https://huggingface.co/Systran/" in told
    assert str(environ / "whisper-nano-en") in told
    assert "no route to host" in told
    assert "all-MiniLM-L6-v2" in told
    assert not any(environ.iterdir())


def test_what_waited_for_a_model_begins_when_it_is_here(
    environ: Path, tmp_path: Path, assets_dir: Path
) -> None:
    engine = create_engine(driver_url(os.environ["LECTERN_DATABASE_URL"]))
    with Session(engine) as session, session.begin():
        waiting(session)
        waiting(session)
    for name in ("whisper-nano-en", "all-MiniLM-L6-v2"):
        shutil.copytree(assets_dir / "models" / name, environ / name)
    done = CliRunner().invoke(models_, ["fetch", "--data", str(tmp_path / "data")])
    assert done.exit_code == 0, done.output
    assert "Steps that waited for it: 2." in done.output
    with Session(engine) as session:
        states = session.scalars(select(Task.state)).all()
    engine.dispose()
    assert set(states) == {TaskState.QUEUED}


def test_a_fetched_model_is_put_in_place_whole(
    environ: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = settings.read(data=tmp_path / "data")
    model = models.speech(here)

    def partly(page: str, local_dir: Path, **_: object) -> None:
        local_dir.mkdir(parents=True)
        (local_dir / "config.json").write_text("{}")

    monkeypatch.setattr("huggingface_hub.snapshot_download", partly)
    with pytest.raises(models.ModelAway, match=r"lacks config.json, model.bin"):
        models.fetch(model)
    assert not model.here
    assert not model.folder.exists()

    def wholly(page: str, local_dir: Path, **_: object) -> None:
        assert page == "Systran/faster-whisper-whisper-nano-en"
        for name in model.needed:
            (local_dir / name).write_text("x")

    monkeypatch.setattr("huggingface_hub.snapshot_download", wholly)
    models.fetch(model)
    assert model.here
    assert [path.name for path in environ.iterdir()] == ["whisper-nano-en"]
