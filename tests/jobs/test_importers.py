"""A folder of an old system comes in once, with names, dates and relations, whatever happens."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from jobs import importers
from jobs.importers import ImportRun
from lectern.database.sessions import unit_of_work
from lectern.errors import Conflict
from lectern.exchange import undo as import_undo
from lectern.exchange import undo_additions
from lectern.exchange.importers import reading, table
from lectern.exchange.importers.bringing import Outcome
from lectern.exchange.importers.origins import Folder
from lectern.exchange.importers.walking import Skipped, SourceFile
from lectern.exchange.imports import recording
from lectern.exchange.imports.recording import Key
from lectern.integrity import fsck
from lectern.library import assets, rollback, schedules, versions
from lectern.models import (
    Asset,
    Batch,
    BatchState,
    Chapter,
    Course,
    LegacyFile,
    Lesson,
    Task,
    Usage,
    Version,
)
from lectern.people.principal import Principal
from lectern.taxonomy import folders
from tests.conftest import CHECKOUT
from tests.factories import make_principal
from tests.jobs.conftest import House, wait_until

SAMPLES = CHECKOUT / "web/cli/sample/files"
LEAF, STATE = SAMPLES / "leaf-cross-section.png", SAMPLES / "state-and-render.png"
SYLLABUS, CLIP = SAMPLES / "syllabus.pdf", SAMPLES / "culture-growing-overnight.mp4"
LONG_AGO = datetime(2019, 5, 4, 12, tzinfo=UTC)
# `Outcome` or `Skipped` by path.
Go = Callable[..., dict[str, Any]]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The folder of an old system."""
    folder = tmp_path / "old"
    put(LEAF, folder / "Botany/Week 1/leaf.png")
    put(SYLLABUS, folder / "syllabus.pdf")
    return folder


@pytest.fixture
def owner(house: House) -> Principal:
    with unit_of_work() as session:
        return make_principal(session)


@pytest.fixture
def go(house: House, owner: Principal, old: Path, tmp_path: Path) -> Go:
    """Runs an import and answers with the outcomes by path."""

    def run(csv: str | bytes | None = None, *, rehearsal: bool = False) -> dict[str, Any]:
        file = tmp_path / "map.csv"
        if csv is not None:
            file.write_bytes(csv.encode() if isinstance(csv, str) else csv)
        read = table.read(file) if csv is not None else table.Table()
        job = ImportRun(house.settings, owner, Folder(old, file), read, rehearsal)
        return {each.path: each for each in importers.run(job)}

    return run


def put(source: Path, target: Path, when: datetime = LONG_AGO) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    os.utime(target, (when.timestamp(), when.timestamp()))
    return target


def results(outcomes: dict[str, Any]) -> dict[str, str]:
    return {
        path: each.result if isinstance(each, Outcome) else "skipped"
        for path, each in outcomes.items()
    }


def count(model: Any) -> int:
    with unit_of_work() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_files_come_with_name_folder_date_and_steps(
    house: House, owner: Principal, go: Go, old: Path
) -> None:
    came = go()
    assert results(came) == {"Botany/Week 1/leaf.png": "added", "syllabus.pdf": "added"}
    with unit_of_work() as session:
        leaf = session.scalars(select(Asset).where(Asset.name == "leaf.png")).one()
        assert folders.path_of(session, owner.workspace_id, leaf.folder_id) == "Botany/Week 1"
        assert (leaf.created_at, leaf.kind, leaf.original_name) == (LONG_AGO, "image", "leaf.png")
        assert leaf.width is not None
        steps = session.scalars(select(Task.step).where(Task.asset_id == leaf.id)).all()
        assert {"poster", "playable"} <= set(steps)
        pdf = session.scalars(select(Asset).where(Asset.name == "syllabus.pdf")).one()
        assert pdf.kind == "document"
        version = session.get_one(Version, (owner.workspace_id, leaf.current_version_id))
        assert (version.origin, version.number) == ("import", 1)
        assert [finding.sentence for finding in fsck.rows(session)] == []
        assert list(fsck.chains(session)) == []
        assert list(fsck.stored(session, house.this.storage)) == []
    # The original is neither moved nor linked.
    assert (old / "syllabus.pdf").stat().st_nlink == 1
    assert (old / "syllabus.pdf").read_bytes() == SYLLABUS.read_bytes()
    assert not list(house.settings.scratch.iterdir())


def test_again_only_what_is_new_or_has_changed_comes_in(go: Go, old: Path) -> None:
    first = go()["Botany/Week 1/leaf.png"]
    assert set(results(go()).values()) == {"same"}
    assert count(Batch) == 1
    put(STATE, old / "Botany/Week 1/leaf.png", datetime(2020, 1, 1, tzinfo=UTC))
    put(CLIP, old / "Zoo/culture.mp4")
    os.utime(old / "syllabus.pdf")
    second = go()
    assert results(second) == {
        "Botany/Week 1/leaf.png": "version",
        "Zoo/culture.mp4": "added",
        "syllabus.pdf": "same",
    }
    assert second["Botany/Week 1/leaf.png"].asset_id == first.asset_id
    with unit_of_work() as session:
        numbers = select(Version.number).where(Version.asset_id == first.asset_id)
        assert sorted(session.scalars(numbers)) == [1, 2]
    assert set(results(go()).values()) == {"same"}


def test_links_hidden_and_system_files_are_passed_over(go: Go, old: Path, tmp_path: Path) -> None:
    secret = put(STATE, tmp_path / "secret/private.png")
    (old / "link.png").symlink_to(secret)
    (old / "away").symlink_to(secret.parent)
    for name in (".hidden.png", "Thumbs.db", "~$draft.docx"):
        (old / name).write_bytes(b"x")
    os.mkfifo(old / "pipe.mp4")
    (old / "__MACOSX").mkdir()
    put(STATE, old / "__MACOSX/inside.png")
    came = go()
    assert results(came) == {
        **dict.fromkeys(
            ("link.png", "away", ".hidden.png", "Thumbs.db", "~$draft.docx", "pipe.mp4"), "skipped"
        ),
        "__MACOSX": "skipped",
        "Botany/Week 1/leaf.png": "added",
        "syllabus.pdf": "added",
    }
    assert all(each.reason for each in came.values() if isinstance(each, Skipped))


def test_a_folder_that_becomes_a_link_leads_nowhere(old: Path, tmp_path: Path) -> None:
    file = put(STATE, tmp_path / "secret/leaf.png")
    source_file = SourceFile("Botany/leaf.png", file.stat().st_size, file.stat().st_mtime_ns)
    shutil.rmtree(old / "Botany")
    (old / "Botany").symlink_to(file.parent)
    with pytest.raises(Exception, match="replaced by a link"), reading.opened(old, source_file):
        pytest.fail("it was opened")


def test_names_are_not_believed(go: Go, old: Path) -> None:
    (old / "lecture.mp4").write_text("#!/bin/sh\necho hello\n")
    (old / "empty.png").touch()
    put(LEAF, old / "really-a-picture.mp4")
    came = go()
    assert results(came)["lecture.mp4"] == results(came)["empty.png"] == "refused"
    assert len(came["lecture.mp4"].reason) > 20
    with unit_of_work() as session:
        kind = select(Asset.kind).where(Asset.id == came["Botany/Week 1/leaf.png"].asset_id)
        assert session.scalar(kind) == "image"
        refused = session.scalars(select(LegacyFile).where(LegacyFile.state == "refused")).all()
        assert {row.path for row in refused} == {"lecture.mp4", "empty.png"}
    # Twice the same content is one file.
    assert came["really-a-picture.mp4"].asset_id == came["Botany/Week 1/leaf.png"].asset_id


MAP = """path;course;course_title;chapter;chapter_title;lesson;lesson_title;slot;title;tags;\
description;language;licence;owner email;created_at;old_id;start;end;colour
Botany/Week 1/leaf.png;bio;Biology;w1;Week 1;l1;Leaves;;=cmd|calc;leaf, green;Two words;en;CC0;\
ada@example.org;2018-02-03;17;;;red
Botany\\Week 1\\leaf.png;bio;;w1;;l2;Roots;hero;;;;;;;;;;;
"""


def test_the_table_says_names_dates_people_and_places(
    house: House, owner: Principal, go: Go
) -> None:
    assert set(results(go("\ufeff" + MAP)).values()) == {"added"}
    with unit_of_work() as session:
        leaf = session.scalars(select(Asset).where(Asset.kind == "image")).one()
        assert (leaf.name, leaf.description, leaf.language) == ("=cmd|calc", "Two words", "en")
        assert leaf.created_at == datetime(2018, 2, 3, tzinfo=UTC)
        assert [tag.name for tag in leaf.tags] == ["green", "leaf"]
        assert leaf.creator is not None
        assert leaf.creator.email == "ada@example.org"
        course = session.scalars(select(Course)).one()
        assert (course.ref, course.title) == ("bio", "Biology")
        assert [row.title for row in session.scalars(select(Lesson).order_by(Lesson.ref))] == [
            "Leaves",
            "Roots",
        ]
        assert sorted(session.scalars(select(Usage.slot))) == ["", "hero"]
        row = session.scalars(select(LegacyFile).where(LegacyFile.asset_id == leaf.id)).one()
        assert row.old_id == "17"
        assert [finding.sentence for finding in fsck.rows(session)] == []
        assert list(fsck.chains(session)) == []


def test_relations_are_added_and_never_taken(house: House, owner: Principal, go: Go) -> None:
    go(MAP)
    with unit_of_work() as session:
        course = session.scalars(select(Course)).one()
        course.title = "Biology for all"
        leaf = session.scalars(select(Asset).where(Asset.kind == "image")).one()
        leaf.name = "Our own name"
        mine = Usage(workspace_id=owner.workspace_id, asset_id=leaf.id, course_id=course.id)
        session.add(mine)
    shorter = MAP.rpartition("Botany\\")[0] + "syllabus.pdf;bio;;w2;Week 2;l9;Last;;;;;;;;;;;;\n"
    assert results(go(shorter)) == {"Botany/Week 1/leaf.png": "same", "syllabus.pdf": "known"}
    assert set(results(go(shorter)).values()) == {"same"}
    assert (count(Usage), count(Chapter), count(Course)) == (4, 2, 1)
    with unit_of_work() as session:
        assert session.scalars(select(Course.title)).one() == "Biology for all"
        assert "Our own name" in session.scalars(select(Asset.name)).all()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("syllabus.pdf,bio,,w2,,,,,,", "has the lesson"),
        ("syllabus.pdf,bio,Chemistry,,,,,,", "another title"),
        ("syllabus.pdf,,,w2,,,,,", "names no course"),
        ("syllabus.pdf,bio,,,l1,,,,", "not its chapter"),
        ("syllabus.pdf,bi/o,,,,,,,", "course"),
        ("syllabus.pdf,bio,,w1,l7,,x,,", "start"),
        ("syllabus.pdf,bio,,w1,l7,,-1,,", "start"),
        ("syllabus.pdf,bio,,w1,l7,,3,2,", "not after its"),
        ("syllabus.pdf,bio,,w1,l7,,3,4,", "no duration"),
        ("syllabus.pdf,bio,,w1,l7,,,,tomorrow", "Enter a time"),
        ("syllabus.pdf,bio,,w1,l7,,,,2999-01-01", "future"),
        ("syllabus.pdf,bio,,w1,l7,,,,,,,,,", "cells"),
        ("syllabus.pdf,b\0io,,w1,l7,,,,", "NUL"),
        ("syllabus.pdf,bio,,w1,l1,,,,\nsyllabus.pdf,bio,,w1,l1,,,,", "says again"),
        ("syllabus.pdf,bio,,,,,,,2020-01-01\nsyllabus.pdf,b2,,,,,,,2021-01-01", "differs"),
    ],
)
def test_a_bad_line_refuses_its_file_and_no_other(
    house: House, go: Go, line: str, reason: str
) -> None:
    head = "path,course,course_title,chapter,lesson,lesson_title,start,end,created_at\n"
    good = "Botany/Week 1/leaf.png,bio,Biology,w1,l1,,,,\n"
    if reason == "has the lesson":
        line = "syllabus.pdf,bio,,w2,l1,,,,"
    came = go(f"{head}{good}{line}\n")
    assert results(came) == {"Botany/Week 1/leaf.png": "added", "syllabus.pdf": "refused"}
    refusal = came["syllabus.pdf"].reason
    assert reason in refusal
    if reason != "no duration":
        assert refusal.startswith(("Line 3: ", "Line 4: "))
    assert (count(Asset), count(Usage), count(Lesson)) == (1, 1, 1)


def test_lines_that_lead_nowhere_are_told(go: Go, tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("path,course\n../etc/passwd,a\n/etc/passwd,a\nC:\\x.mp4,a\nmissing.mp4,a\n,a\n")
    lines = list(table.unmatched(table.read(file), set()))
    assert [line.split(":")[0] for line in lines] == [
        *("Line 2", "Line 3", "Line 4", "Line 6", "Line 5")
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"course\nbio\n", "no “path” column"),
        (b"path,path\n", "twice"),
        (b"path\nna\xefve.mp4\n", "Line 2: this is not UTF-8"),
        ("path\nx.mp4\n".encode("utf-16"), "UTF-16"),
        (b'path,course\n"never closed\nand,on\n', "not CSV"),
        (b"path,course\n" + b"x" * 200_000 + b"\n", "not CSV"),
        (b"path\n" + b"x.mp4\n" * 1_000_000, "over 200,000 lines"),
    ],
)
def test_a_bad_table_refuses_all_of_it(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(content)
    with pytest.raises(table.BadTable, match=reason):
        table.read(file)


def test_a_rehearsal_says_the_same_and_does_nothing(house: House, go: Go, old: Path) -> None:
    (old / "notes.sh").write_text("#!/bin/sh\n")
    put(LEAF, old / "copy of leaf.png")
    foretold = results(go(MAP, rehearsal=True))
    assert (count(Asset), count(Batch), count(LegacyFile), count(Course)) == (0, 0, 0, 0)
    storage = house.settings.data / "storage"
    assert not [path for path in storage.rglob("*") if path.is_file()]
    assert foretold == results(go(MAP))


def test_a_file_that_is_being_written_waits_for_the_next_run(
    go: Go, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy(file: int, target: Path) -> None:
        with (old / "syllabus.pdf").open("ab") as growing:
            growing.write(b"more")
        real(file, target)

    real = reading.copy
    shutil.rmtree(old / "Botany")
    monkeypatch.setattr(reading, "copy", copy)
    assert results(go()) == {"syllabus.pdf": "later"}
    assert (count(Asset), count(LegacyFile), count(Batch)) == (0, 0, 0)
    monkeypatch.undo()
    assert results(go()) == {"syllabus.pdf": "added"}


def test_what_was_trashed_or_purged_here_stays_away(owner: Principal, go: Go, old: Path) -> None:
    came = go()
    with unit_of_work() as session:
        leaf = session.get_one(Asset, (owner.workspace_id, came["Botany/Week 1/leaf.png"].asset_id))
        leaf.live, leaf.trashed_at = False, datetime.now(UTC)
    assert results(go())["Botany/Week 1/leaf.png"] == "same"
    put(STATE, old / "Botany/Week 1/leaf.png", datetime(2020, 1, 1, tzinfo=UTC))
    assert "trash" in go()["Botany/Week 1/leaf.png"].reason


def test_two_runs_over_one_folder_are_refused(
    house: House, go: Go, owner: Principal, old: Path
) -> None:
    running = importers.run(ImportRun(house.settings, owner, Folder(old), table.Table()))
    next(running)
    with pytest.raises(Conflict):
        go()
    running.close()


def test_a_killed_command_goes_on_where_it_was(
    house: House, owner: Principal, old: Path, go: Go
) -> None:
    for number in range(12):
        file = put(LEAF, old / f"{number:02}.png")
        # A comment at the end makes other content of it.
        with file.open("ab") as more:
            more.write(b"%d" % number)
    child = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(old), str(owner.workspace_id)],
        cwd=CHECKOUT,
        env={
            **os.environ,
            "LECTERN_DATA": str(house.settings.data),
            "LECTERN_DATABASE_URL": house.settings.database_url,
            "LECTERN_REDIS_URL": house.settings.redis_url,
            "LECTERN_SECRET_KEY": house.settings.secret_key,
        },
    )
    wait_until(lambda: count(Asset) >= 3)
    child.kill()
    child.wait()
    assert count(Asset) < 14
    # The database notices the end of a killed client in a moment.
    end = time.monotonic() + 10
    while True:
        try:
            came = go()
            break
        except Conflict:
            assert time.monotonic() < end
            time.sleep(0.1)
    assert {"same", "added"} == set(results(came).values())
    with unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Asset)) == 14
        batch = session.scalars(select(Batch)).one()
        assert (batch.state, batch.total) == (BatchState.DONE, 14)
        assert [finding.sentence for finding in fsck.rows(session)] == []


DRIVER = """
import sys, uuid
from pathlib import Path
from jobs import importers, process
from lectern import settings
from lectern.exchange.importers.origins import Folder
from lectern.exchange.importers.table import Table
from lectern.people.principal import Principal
configured = settings.read()
process.start(configured)
who = Principal.system(uuid.UUID(sys.argv[2]))
for _ in importers.run(importers.ImportRun(configured, who, Folder(Path(sys.argv[1])), Table())):
    pass
"""


def undo(house: House, owner: Principal) -> tuple[Batch, list[str]]:
    with unit_of_work() as session:
        batch = recording.newest(session, owner)
        assert batch is not None
        import_undo.begin(session, owner, batch.id)
    key, done = Key(owner.workspace_id, batch.id), False
    while not done:
        with unit_of_work() as session:
            done = import_undo.advance(session, owner, key, storage=house.this.storage, days=30)
    with unit_of_work() as session:
        import_undo.finish(session, key)
        after = recording.get(session, owner, batch.id)
        return after, [each.reason for each in import_undo.kept(session, after)]


def test_an_import_is_undone_but_for_what_is_used(house: House, owner: Principal, go: Go) -> None:
    came = go(MAP + "syllabus.pdf;bio;;w1;;l1;;;;;;;;;;;;;\n")
    with unit_of_work() as session:
        # Somebody uses one of them in a course of theirs.
        other = Course(workspace_id=owner.workspace_id, ref="own", title="Own")
        session.add(other)
        session.flush()
        pdf = came["syllabus.pdf"].asset_id
        session.add(Usage(workspace_id=owner.workspace_id, asset_id=pdf, course_id=other.id))
    batch, reasons = undo(house, owner)
    assert batch.state == BatchState.UNDONE
    assert reasons == ["It is used in one place."]
    with unit_of_work() as session:
        live = session.scalars(select(Asset.id).where(Asset.live)).all()
        assert live == [pdf]
        assert session.scalars(select(Course.ref)).all() == ["own"]
        assert session.scalar(select(func.count()).select_from(Usage)) == 1
        assert [finding.sentence for finding in fsck.rows(session)] == []
        assert list(fsck.chains(session)) == []
    with unit_of_work() as session, pytest.raises(Conflict, match="already been undone"):
        import_undo.begin(session, owner, batch.id)


def all_ready(asset_id: Any) -> None:
    """As if the workers had done their work."""
    with unit_of_work() as session:
        done = {"state": "done", "awaits": None}
        session.execute(update(Task).where(Task.asset_id == asset_id).values(**done))
        home = session.scalars(select(Asset.workspace_id).where(Asset.id == asset_id)).one()
        assets.settle(session, home, asset_id)


@pytest.mark.parametrize("ready", [True, False])
def test_a_version_that_an_import_added_is_rolled_back(
    house: House, owner: Principal, go: Go, old: Path, ready: bool
) -> None:
    path = "Botany/Week 1/leaf.png"
    leaf = go()[path].asset_id
    all_ready(leaf)
    put(STATE, old / path)
    assert results(go())[path] == "version"
    if ready:
        all_ready(leaf)
    with unit_of_work() as session:
        asset = session.get_one(Asset, (owner.workspace_id, leaf))
        assert (asset.version_number, asset.version_count) == (2 if ready else 1, 2)
    batch, reasons = undo(house, owner)
    assert (batch.state, batch.undone, batch.kept, reasons) == (BatchState.UNDONE, 1, 0, [])
    # Also when its workers are through only now.
    all_ready(leaf)
    with unit_of_work() as session:
        asset = session.get_one(Asset, (owner.workspace_id, leaf))
        first, second, *more = reversed(versions.list_of(session, asset))
        current = versions.get_current(session, asset)
        assert current is not None
        assert (current.blob_id, asset.digest) == (first.blob_id, first.blob.digest)
        assert (asset.live, asset.state) == (True, "ready")
        assert [each.origin for each in more] == (["rollback"] if ready else [])
        switch = schedules.of_version(session, second)
        assert (switch is None) == ready
        assert switch is None or (switch.state, switch.reason) == (
            "cancelled",
            undo_additions.REASON,
        )
        assert list(fsck.chains(session)) == []


def test_a_version_that_came_after_an_imported_one_stays(
    house: House, owner: Principal, go: Go, old: Path
) -> None:
    path = "Botany/Week 1/leaf.png"
    leaf = go()[path].asset_id
    all_ready(leaf)
    put(STATE, old / path)
    go()
    all_ready(leaf)
    with unit_of_work() as session:
        asset = session.get_one(Asset, (owner.workspace_id, leaf))
        rollback.roll_back(session, owner, asset, 1, storage=house.this.storage)
    _, reasons = undo(house, owner)
    assert reasons == [import_undo.OVERTAKEN]
    with unit_of_work() as session:
        asset = session.get_one(Asset, (owner.workspace_id, leaf))
        assert (asset.version_number, asset.version_count) == (3, 3)


def test_the_command_tells_all_and_ends_with_status_1_when_something_was_refused(
    house: House, owner: Principal, old: Path, tmp_path: Path
) -> None:
    (old / "run.sh").write_text("#!/bin/sh\n")
    file, report = tmp_path / "map.csv", tmp_path / "report.csv"
    file.write_text("path;old_id;colour\nsyllabus.pdf;=17;red\nmissing.mp4;;\n")
    settings = house.settings

    def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "web.cli", "import", *arguments],
            cwd=CHECKOUT,
            env={
                **os.environ,
                "LECTERN_DATA": str(settings.data),
                "LECTERN_DATABASE_URL": settings.database_url,
                "LECTERN_REDIS_URL": settings.redis_url,
                "LECTERN_SECRET_KEY": settings.secret_key,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    dry = command(str(old), "--map", str(file), "--dry-run")
    assert (dry.returncode, count(Asset)) == (1, 0), dry.stderr
    assert "would be refused: run.sh: This is a script." in dry.stdout
    done = command(str(old), "--map", str(file), "--report", str(report))
    assert done.returncode == 1, done.stderr
    assert "The column “colour” means nothing here" in done.stdout
    assert "refused: Line 3: there is no file missing.mp4 in the folder." in done.stdout
    assert "Brought in 2 files and 0 new versions;" in done.stdout
    assert count(Asset) == 2
    lines = report.read_text("utf-8-sig").splitlines()
    assert lines[0] == "path,result,id,old_id,reason"
    assert any(line.startswith("syllabus.pdf,added,") and ",'=17," in line for line in lines)
    (old / "run.sh").unlink()
    assert command(str(old)).returncode == 0
    (line,) = [line for line in done.stdout.splitlines() if "--undo" in line]
    undone = command("--undo", line.split()[-1])
    assert (undone.returncode, undone.stderr) == (0, "")
    with unit_of_work() as session:
        assert session.scalars(select(Asset.id).where(Asset.live)).all() == []
    assert command("--undo", line.split()[-1]).returncode == 1
    assert command(str(old), "--undo", line.split()[-1]).returncode == 2
