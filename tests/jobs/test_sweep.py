import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from jobs import broker, enqueue, process, sweep
from lectern.database.sessions import SessionLocal, unit_of_work
from lectern.ingest import uploads
from lectern.models import (
    Attempt,
    IdempotentReply,
    Task,
    TaskState,
    Upload,
    UploadState,
)
from lectern.pipeline import tasks
from tests.factories import make_principal
from tests.jobs.conftest import House, again, task_of, upload


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_text("words")
    return path


def age(path: Path, seconds: float = 3600) -> None:
    os.utime(path, (time.time() - seconds, time.time() - seconds))


def test_a_lost_ring_is_repeated_and_one_that_waits_is_not(house: House, file: Path) -> None:
    task = task_of(upload(house, file))
    sweep.notify_due()
    sweep.notify_due()
    assert broker.queue("probe").get_job_ids() == [enqueue.job_id(task)]
    broker.connection().flushall()
    sweep.notify_due()
    assert broker.queue("probe").get_job_ids() == [enqueue.job_id(task)]


def test_only_one_sweeper_works_at_a_time(house: House) -> None:
    with SessionLocal() as other, other.begin():
        other.execute(select(func.pg_advisory_xact_lock(sweep.LOCK)))
        assert sweep.once(house.this) is False
    assert sweep.once(house.this) is True


def test_an_upload_nobody_went_on_with_expires_with_its_bytes(house: House, file: Path) -> None:
    with unit_of_work() as session:
        owner = make_principal(session)
        row = Upload(
            workspace_id=owner.workspace_id,
            filename="half.mp4",
            byte_size=10,
            received=4,
            expires_at="2020-01-01",
        )
        session.add(row)
    spooled = uploads.spool_path(house.settings, row)
    spooled.parent.mkdir(parents=True)
    spooled.write_bytes(b"1234")
    sweep.once(house.this)
    assert again(row).state == UploadState.EXPIRED
    assert not spooled.exists()


def test_spooled_bytes_outlive_only_uploads_that_may_go_on(house: House, file: Path) -> None:
    waiting, ended = upload(house, file), upload(house, file)
    with unit_of_work() as session:
        key = (ended.workspace_id, ended.id)
        session.get_one(Upload, key).state = UploadState.DONE
    paths = [uploads.spool_path(house.settings, each) for each in (waiting, ended)]
    sweep.once(house.this)
    assert [path.exists() for path in paths] == [True, True], "the young are left alone"
    for path in paths:
        age(path)
    sweep.once(house.this)
    assert [path.exists() for path in paths] == [True, False]


def test_scratch_folders_go_with_their_runs(house: House, file: Path) -> None:
    task = task_of(upload(house, file))
    with unit_of_work() as session:
        tasks.claim(session, task.workspace_id, task.id, house.this.name, 90)
    folders = [house.settings.scratch / f"{task.id}.{fence}" for fence in (1, 0)]
    for folder in folders:
        (folder / "inner").mkdir(parents=True)
        age(folder)
    sweep.once(house.this)
    assert [folder.exists() for folder in folders] == [True, False]


def test_old_counts_and_replies_are_forgotten(house: House) -> None:
    with unit_of_work() as session:
        owner = make_principal(session)
        now = session.scalars(select(func.clock_timestamp())).one()
        for hours in (1, 3):
            session.add(Attempt(key="k", window_start=now - timedelta(hours=hours), count=1))
        for hours in (47, 49):
            session.add(
                IdempotentReply(
                    workspace_id=owner.workspace_id,
                    user_id=owner.user_id,
                    key=str(hours),
                    request_digest=b"d",
                    created_at=now - timedelta(hours=hours),
                )
            )
    sweep.once(house.this)
    with unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 1
        assert session.scalars(select(IdempotentReply.key)).all() == ["47"]


def test_the_tasks_of_a_dead_worker_are_taken_back_before_their_lease_ends(
    house: House, file: Path
) -> None:
    task = task_of(upload(house, file))
    child = house.start("http.server", "0")
    name = process.name_of(child.pid)
    with unit_of_work() as session:
        tasks.claim(session, task.workspace_id, task.id, name, 3600)
    sweep.take_back()
    assert task_of_id(task).state == TaskState.RUNNING
    child.kill()
    child.wait()
    sweep.take_back()
    assert task_of_id(task).state == TaskState.QUEUED


def test_a_worker_of_another_machine_is_never_taken_for_dead(house: House) -> None:
    _, pid, start = house.this.name.rsplit(":", 2)
    assert not process.is_dead(f"another:{pid}:{start}")
    assert not process.is_dead(house.this.name)


def test_redis_away_does_not_stop_the_sweep(house: House, file: Path) -> None:
    upload(house, file)
    broker.configure("unix:///nonexistent/redis.sock")
    assert sweep.once(house.this) is True


def task_of_id(task: Task) -> Task:
    with unit_of_work() as session:
        return session.get_one(Task, (task.workspace_id, task.id))
