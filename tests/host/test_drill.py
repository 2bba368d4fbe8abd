"""`drill` proves a good backup, refuses each kind of broken one in words, and leaves nothing."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.host.test_backup import Library, run


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library(tmp_path_factory.mktemp("drill") / "data")


@pytest.fixture(scope="module")
def made(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The last backup."""
    made = tmp_path_factory.mktemp("made") / "backup"
    done = run("backup", str(made), data=library.data)
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture
def target(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be harmed; nothing in it is linked with the library's own files."""
    return shutil.copytree(made, tmp_path / "backup")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def blob_in(target: Path) -> Path:
    return next(path for path in sorted((target / "blobs").rglob("*")) if path.is_file())


def drilled(library: Library, target: Path) -> "subprocess.CompletedProcess[str]":
    done = run("drill", str(target), data=library.data)
    assert {path.name for path in target.parent.iterdir()} == {"backup"}, "it leaves nothing behind"
    return done


def test_the_last_backup_is_proved_and_nothing_is_changed(library: Library, made: Path) -> None:
    before = contents(made)
    done = run("drill", data=library.data)
    assert done.returncode == 0, done.stdout + done.stderr
    for proved in ("list of files are those", "database was filled", "2 files", "audit log"):
        assert proved in done.stdout
    assert f"in {made} can be restored; it took " in done.stdout
    assert contents(made) == before
    assert [path.name for path in made.parent.iterdir()] == ["backup"]


def test_without_any_backup_it_says_so(tmp_path: Path) -> None:
    refused = run("drill", data=tmp_path / "data")
    assert refused.returncode == 1
    assert "Name its folder" in refused.stderr


def missing_file(target: Path) -> None:
    blob_in(target).unlink()


def altered_file(target: Path) -> None:
    path = blob_in(target)
    path.chmod(0o600)
    path.write_bytes(bytes(byte ^ 1 for byte in path.read_bytes()))


def truncated_dump(target: Path) -> None:
    (dump,) = target.glob("database-*.dump")
    dump.write_bytes(dump.read_bytes()[:-100])


def shortened_list(target: Path) -> None:
    (files,) = target.glob("files-*.jsonl")
    files.write_text("".join(files.read_text().splitlines(keepends=True)[:-1]))


def no_manifest(target: Path) -> None:
    (target / "manifest.json").unlink()


def forged_head(target: Path) -> None:
    path = target / "manifest.json"
    said = json.loads(path.read_text())
    for head in said["heads"].values():
        head["hash"] = "0" * 64
    path.write_text(json.dumps(said))


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "a missing file": (missing_file, "is missing or damaged in the backup."),
    "an altered file": (altered_file, "is missing or damaged in the backup."),
    "a truncated dump": (truncated_dump, "is missing or damaged; this backup cannot be restored."),
    "a shortened list": (shortened_list, "is missing or damaged; this backup cannot be restored."),
    "no manifest": (no_manifest, "No completed backup found"),
    "a log of another end": (forged_head, "and not as it did when the backup was made"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_backup_is_refused_in_words(library: Library, target: Path, kind: str) -> None:
    harm, words = BROKEN[kind]
    harm(target)
    done = drilled(library, target)
    assert done.returncode == 1
    assert words in done.stdout + done.stderr
    assert "can be restored" not in done.stdout


def test_the_library_is_unharmed_by_all_of_it(library: Library) -> None:
    checked = run("fsck", data=library.data)
    assert checked.returncode == 0, checked.stdout
