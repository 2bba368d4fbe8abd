"""A backup of a library that is at work, restored into an empty folder, is the library."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from lectern import host, settings
from lectern.backup import restore
from lectern.database.sessions import driver_url
from lectern.ingest import uploads
from lectern.models import Upload
from lectern.people import audit
from lectern.storage import storage_of
from tests.conftest import prepare
from tests.factories import make_principal
from tests.lectern.exchange.library import exported, fill, read

LECTERN = (sys.executable, "-P", "-m", "web.cli")
ENVIRONMENT = {name: value for name, value in os.environ.items() if "LECTERN" not in name}


def run(*words: str, data: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*LECTERN, *words, "--data", str(data)],
        env=ENVIRONMENT,
        cwd=data.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class Library:
    """A data folder with one of everything in it, and an unfinished upload."""

    def __init__(self, data: Path) -> None:
        self.data = data
        prepare(data)
        with host.servers(settings.read({}, data=data)) as hosted:
            audit.configure(hosted.settings.secret_key)
            engine = create_engine(driver_url(hosted.settings.database_url))
            with Session(engine) as session:
                self.owner = make_principal(session)
                storage = storage_of(hosted.settings)
                fill(session, self.owner, storage, data.parent)
                self.upload = self._send(session, hosted.settings)
                session.commit()
                self.content = read(exported(session, self.owner))
            engine.dispose()

    def _send(self, session: Session, place: settings.Settings) -> Any:
        new = uploads.NewUpload("talk.mp4", 100)
        upload = uploads.create(session, self.owner, new, settings=place)
        path = uploads.spool_path(place, upload)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * 40)
        upload.received = 40
        session.flush()
        return upload.id

    def stored(self) -> list[Path]:
        return [path for path in (self.data / "storage").rglob("*") if path.is_file()]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "data")


def test_a_restored_library_is_the_one_that_was_backed_up(library: Library, tmp_path: Path) -> None:
    target, new = tmp_path / "backup", tmp_path / "new"
    made = run("backup", str(target), "--with-secrets", data=library.data)
    assert made.returncode == 0, made.stderr
    assert "2 files" in made.stdout
    done = run("restore", str(target), data=new)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All is well" in done.stdout
    checked = run("fsck", data=new)
    assert checked.returncode == 0, checked.stdout
    with host.servers(settings.read({}, data=new)) as hosted:
        engine = create_engine(driver_url(hosted.settings.database_url))
        with Session(engine) as session:
            again = read(exported(session, library.owner))
            upload = session.get_one(Upload, (library.owner.workspace_id, library.upload))
            spooled = uploads.spool_path(hosted.settings, upload).read_bytes()
            last = audit.entries(session, library.owner, limit=1)[0]
        engine.dispose()
    assert spooled == b"x" * 40
    assert (last.action, upload.state) == ("library.restore", "receiving")
    del again["audit"], again["manifest.json"]
    assert again == {name: library.content[name] for name in again}
    refused = run("restore", str(target), data=new)
    assert refused.returncode == 1
    assert "Restore to an empty folder" in refused.stderr


def test_a_second_run_moves_only_what_is_new_and_forgets_what_is_gone(
    library: Library, tmp_path: Path
) -> None:
    target = tmp_path / "backup"
    run("backup", str(target), data=library.data)
    first = {path: path.stat().st_ino for path in (target / "blobs").rglob("*") if path.is_file()}
    stray = target / "blobs" / "b1" / "purged"
    stray.write_bytes(b"x")
    again = run("backup", str(target), data=library.data)
    assert "0 of them are new" in again.stdout
    assert not stray.exists()
    assert {path: path.stat().st_ino for path in first} == first
    assert len(list(target.glob("database-*.dump"))) == 1
    assert not (target / "secrets").exists()
    assert "secret_key" in again.stdout


def test_a_damaged_file_is_named_and_the_rest_backed_up(library: Library, tmp_path: Path) -> None:
    broken, whole = library.stored()
    broken.chmod(0o600)
    broken.write_bytes(b"x" * broken.stat().st_size)
    target = tmp_path / "backup"
    made = run("backup", str(target), data=library.data)
    assert made.returncode == 1
    assert "is damaged" in made.stdout
    assert whole.name in {path.name for path in (target / "blobs").rglob("*")}
    refused = run("restore", str(target), data=tmp_path / "new")
    assert refused.returncode == 1
    assert "missing or damaged in the backup" in refused.stderr


def test_a_backup_that_was_not_finished_or_was_changed_is_none(
    library: Library, tmp_path: Path
) -> None:
    target, new = tmp_path / "backup", tmp_path / "new"
    nothing = run("restore", str(target), data=new)
    assert "No completed backup found" in nothing.stderr
    run("backup", str(target), data=library.data)
    (dump,) = target.glob("database-*.dump")
    with dump.open("ab") as file:
        file.write(b"x")
    refused = run("restore", str(target), data=new)
    assert "missing or damaged" in refused.stderr
    assert not (new / "postgresql").exists()


def test_a_log_that_was_cut_off_shows_against_the_manifest(
    library: Library, tmp_path: Path
) -> None:
    target, new = tmp_path / "backup", tmp_path / "new"
    run("backup", str(target), "--with-secrets", data=library.data)
    path = target / "manifest.json"
    said = json.loads(path.read_text())
    (head,) = said["heads"].values()
    head["seq"] += 1
    path.write_text(json.dumps(said))
    refused = run("restore", str(target), data=new)
    assert refused.returncode == 1
    assert "ends at entry 1 and not as it did" in refused.stdout


def test_an_upload_whose_bytes_the_backup_lacks_is_ended_in_words(
    library: Library, tmp_path: Path
) -> None:
    target, new = tmp_path / "backup", tmp_path / "new"
    run("backup", str(target), "--with-secrets", data=library.data)
    for path in (target / "spool").rglob("*"):
        if path.is_file():
            path.unlink()
    assert run("restore", str(target), data=new).returncode == 0
    with (
        host.servers(settings.read({}, data=new)) as hosted,
        psycopg.connect(hosted.settings.database_url) as connection,
    ):
        (row,) = connection.execute("SELECT state, reason FROM upload").fetchall()
    assert row == ("failed", restore._CUT_OFF)
