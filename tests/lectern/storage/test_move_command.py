"""`storage move` as a person runs it: a process that may be killed, beside a library in use."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from lectern.database.sessions import driver_url
from lectern.errors import LecternError
from lectern.storage import LocalStorage, blobs
from tests.conftest import OWNER_URL, in_database
from tests.factories import make_principal
from tests.lectern.storage.b2_fake import BUCKET, KEY, KEY_ID, Fake
from web.cli.storage import storage

FILES = 40


class Library:
    """A data folder with files in it, and the command run on it."""

    def __init__(self, data: Path, environ: dict[str, str], fake: Fake) -> None:
        self.data = data
        self.environ = environ
        self.fake = fake
        self.bucket = f"b2+{fake.url}/{BUCKET}"
        self.folder = LocalStorage(data / "storage")

    def start(self, *words: str, **environ: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-P", "-m", "web.cli", "storage", "move", *words]
        return subprocess.Popen(
            [*command, "--data", str(self.data)],
            env={**self.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def move(self, *words: str, **environ: str) -> tuple[int, str, str]:
        process = self.start(*words, **environ)
        out, error = process.communicate(timeout=90)
        return process.returncode, out, error


@pytest.fixture
def moved(own_database: str, redis_url: str, tmp_path: Path, fake: Fake) -> Library:
    database_url = in_database(os.environ[OWNER_URL], own_database)
    kept = {name: value for name, value in os.environ.items() if "LECTERN" not in name}
    environ = {
        **kept,
        "LECTERN_DATABASE_URL": database_url,
        "LECTERN_REDIS_URL": redis_url,
        "LECTERN_B2_KEY_ID": KEY_ID,
        "LECTERN_B2_KEY": KEY,
    }
    library = Library(tmp_path / "data", environ, fake)
    engine = create_engine(driver_url(database_url))
    with Session(engine) as session:
        owner = make_principal(session)
        for number in range(FILES):
            source = tmp_path / "source"
            source.write_bytes(os.urandom(1000 + number))
            stored = blobs.store(library.folder, owner.workspace_id, source)
            blobs.add(session, owner.workspace_id, stored, "video/mp4")
            source.unlink()
        session.commit()
    engine.dispose()
    return library


def test_a_killed_move_goes_on_and_ends_with_everything_there(moved: Library) -> None:
    answer = moved.fake.fault

    def slow(operation: str) -> str:
        if operation == "upload_file":
            time.sleep(0.1)
        return answer(operation)

    moved.fake.fault = slow  # type: ignore[method-assign]
    process = moved.start("--to", moved.bucket, "--at-once", "2")
    _until(lambda: len(moved.fake.stored()) >= 5)
    process.kill()
    process.communicate()
    arrived = moved.fake.calls["upload_file"]
    assert 5 <= arrived < FILES
    moved.fake.fault = answer  # type: ignore[method-assign]
    status, out, error = moved.move("--to", moved.bucket)
    assert (status, error) == (0, "")
    assert f"All {FILES} files are in the new storage" in out
    assert "LECTERN_STORAGE_OLD_URL=file://" in out
    there = {item.key: moved.folder.path(item.key).read_bytes() for item in moved.folder.items()}
    assert len(there) == FILES
    assert moved.fake.stored() == there
    # Those under way when it was killed may have been sent once more.
    assert moved.fake.calls["upload_file"] <= FILES + 2


def test_the_move_is_finished_from_the_settings_of_both(moved: Library) -> None:
    both = {
        "LECTERN_STORAGE_URL": moved.bucket,
        "LECTERN_STORAGE_OLD_URL": f"file://{moved.data / 'storage'}",
    }
    status, out, _ = moved.move(**both)
    assert status == 0
    assert "without LECTERN_STORAGE_OLD_URL" in out
    assert len(moved.fake.stored()) == FILES
    # And back into another folder, from the bucket.
    status, out, error = moved.move(
        "--to", f"file://{moved.data / 'back'}", **{"LECTERN_STORAGE_URL": moved.bucket}
    )
    assert (status, error) == (0, "")
    back = LocalStorage(moved.data / "back")
    assert {item.key: item.byte_size for item in back.items()} == {
        item.key: item.byte_size for item in moved.folder.items()
    }


def test_what_cannot_be_moved_is_named_and_ends_in_failure(moved: Library) -> None:
    lost = next(iter(moved.folder.items())).key
    moved.folder.path(lost).unlink()
    status, out, error = moved.move("--to", moved.bucket)
    assert status == 1
    assert f"The file {lost} is missing in the old storage." in out
    assert "1 files could not be moved" in error
    assert len(moved.fake.stored()) == FILES - 1


@pytest.mark.parametrize(
    ("words", "environ", "sentence"),
    [
        ([], {}, "Say where to"),
        (["--to", "ftp://x"], {}, "neither"),
        (["--to", "file:///same"], {"LECTERN_STORAGE_URL": "file:///same"}, "already"),
        (["--to", "b2://x"], {"LECTERN_B2_KEY": ""}, "LECTERN_B2_KEY"),
        (["--to", "file:///x"], {"LECTERN_STORAGE_OLD_URL": "file:///y"}, "under way"),
    ],
)
def test_what_is_no_move_is_refused_in_words(
    tmp_path: Path, words: list[str], environ: dict[str, str], sentence: str
) -> None:
    clean = dict.fromkeys(name for name in os.environ if name.startswith("LECTERN_"))
    asked = ["move", *words, "--data", str(tmp_path / "data")]
    result = CliRunner().invoke(storage, asked, env={**clean, **environ})
    assert isinstance(result.exception, LecternError)
    assert sentence in str(result.exception)
    assert not (tmp_path / "data").exists()


def _until(holds: Any) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.02)
