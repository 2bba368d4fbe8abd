from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from jobs import run
from jobs.steps import probe as probing
from lectern.database.sessions import unit_of_work
from lectern.ingest import uploads
from lectern.models import Asset, Blob, Task, TaskState, Upload, UploadState
from tests.jobs.conftest import House, again, task_of, upload, upload_as


@pytest.fixture(autouse=True)
def _prepared(house: House) -> None:
    run.prepare(house.settings)


def probe(sent: Upload) -> None:
    """What RQ would call."""
    task = task_of(sent)
    run.run(str(task.workspace_id), str(task.id))


def make_due(task: Task) -> None:
    with unit_of_work() as session:
        session.execute(update(Task).where(Task.id == task.id).values(run_at="2020-01-01"))


def stored_files(house: House) -> list[Path]:
    folder = house.settings.data / "storage"
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_is_not_media_is_refused_in_words(house: House, tmp_path: Path) -> None:
    file = tmp_path / "lecture.mp4"
    file.write_text("#!/bin/sh\necho hello\n")
    sent = upload(house, file)
    probe(sent)
    assert again(sent).state == UploadState.REFUSED
    assert len(again(sent).reason or "") > 20
    assert task_of(sent).state == TaskState.DONE
    assert not uploads.spool_path(house.settings, sent).exists()
    assert stored_files(house) == []


def test_equal_bytes_of_one_workspace_are_stored_once(house: House, clip: Path) -> None:
    first = upload(house, clip)
    with unit_of_work() as session:
        others = [
            upload_as(session, house, first.workspace_id, first.created_by, clip, on_duplicate=rule)
            for rule in ("reuse", "keep", "refuse")
        ]
    for sent in (first, *others):
        probe(sent)
    reuse, keep, refuse = (again(sent) for sent in others)
    assert reuse.asset_id == again(first).asset_id
    assert keep.asset_id not in {None, reuse.asset_id}
    assert refuse.state == UploadState.REFUSED
    with unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Blob)) == 1
        assert session.scalar(select(func.count()).select_from(Asset)) == 2
    assert len(stored_files(house)) == 1


def test_workspaces_share_no_bytes(house: House, clip: Path) -> None:
    one, two = upload(house, clip), upload(house, clip)
    probe(one)
    probe(two)
    assert again(two).duplicate_of is None
    assert len(stored_files(house)) == 2


def test_damaged_bytes_are_noticed(house: House, clip: Path) -> None:
    sent = upload(house, clip)
    spooled = uploads.spool_path(house.settings, sent)
    data = bytearray(spooled.read_bytes())
    data[-1] ^= 1
    spooled.write_bytes(data)
    probe(sent)
    assert (again(sent).state, again(sent).reason) == (UploadState.FAILED, probing.DAMAGED)
    assert stored_files(house) == []


def test_another_file_than_announced_is_refused(house: House, clip: Path) -> None:
    sent = upload(house, clip, announced_digest="0" * 64)
    probe(sent)
    assert (again(sent).state, again(sent).reason) == (UploadState.REFUSED, probing.ANOTHER)
    assert stored_files(house) == []


def test_lost_bytes_fail_the_upload_in_words(house: House, clip: Path) -> None:
    sent = upload(house, clip)
    uploads.spool_path(house.settings, sent).unlink()
    probe(sent)
    assert (again(sent).state, again(sent).reason) == (UploadState.FAILED, probing.GONE)


def test_a_failing_attempt_is_repeated_and_ends_with_a_reason(house: House, clip: Path) -> None:
    sent = upload(house, clip)
    scratch = house.settings.scratch
    house.settings.data.joinpath("storage").write_text("in the way of a folder")
    for attempt in range(4):
        probe(sent)
        task = task_of(sent)
        assert task.attempts == attempt + 1
        make_due(task)
    assert task.state == TaskState.FAILED
    assert (again(sent).state, again(sent).reason) == (UploadState.FAILED, run.UNEXPECTED)
    assert not list(scratch.glob("*"))
