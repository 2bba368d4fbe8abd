"""Each fault ends with the task done once, and no child process left."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import func, select

from jobs import broker, enqueue
from lectern.database.sessions import unit_of_work
from lectern.models import (
    Asset,
    AssetState,
    Rendition,
    Task,
    TaskState,
    Upload,
    UploadState,
    Version,
)
from lectern.pipeline import tasks
from lectern.pipeline.leases import CRASHES
from lectern.pipeline.registry import Step
from tests.jobs.conftest import (
    House,
    again,
    asset_of,
    descendants,
    make_clip,
    task_of,
    upload,
    wait_until,
)


@pytest.fixture(scope="session")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sound and picture in a codec that browsers do not play, so that it must be converted."""
    coding = ("-c:v", "mpeg4", "-q:v", "8", "-s", "960x540")
    return make_clip(tmp_path_factory.mktemp("clip") / "long.mp4", 40, *coding)


def convert(house: House, file: Path) -> tuple[Upload, "subprocess.Popen[bytes]"]:
    """An upload whose conversion is under way in a media worker."""
    probing, media = house.worker("probe"), house.worker("media")
    sent = upload(house, file)
    enqueue.notify([task_of(sent)])
    wait_until(lambda: again(sent).state == UploadState.DONE)
    wait_until(lambda: playable_of(sent).progress > 0)
    probing.terminate()
    return sent, media


def playable_of(sent: Upload) -> Task:
    with unit_of_work() as session:
        mine = tasks.of_asset(session, sent.workspace_id, asset_of(sent).id)
        return next(task for task in mine if task.step == Step.PLAYABLE)


def count(sent: Upload, model: type[Any], *where: Any) -> int:
    with unit_of_work() as session:
        query = select(func.count()).select_from(model)
        return session.scalar(query.where(model.workspace_id == sent.workspace_id, *where)) or 0


def ready(sent: Upload) -> bool:
    return asset_of(sent).state == AssetState.READY


def at_work(process: psutil.Process) -> bool:
    """False for one that has ended, also while nobody has asked how."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def assert_done_once(sent: Upload) -> None:
    assert count(sent, Asset) == 1
    assert count(sent, Version) == 1
    assert count(sent, Rendition, Rendition.spec == "playable") == 1
    assert playable_of(sent).state == TaskState.DONE


def test_kill_9_of_a_worker_in_mid_task(house: House, long_clip: Path) -> None:
    sent, media = convert(house, long_clip)
    children = descendants(media.pid)
    assert children, "the sandbox should be at work"
    media.kill()
    wait_until(lambda: not any(map(at_work, children)), 2)
    house.schedule()
    house.worker("media")
    wait_until(lambda: ready(sent))
    assert_done_once(sent)
    task = playable_of(sent)
    assert (task.fence, task.attempts, task.deaths) == (2, 0, 0)
    assert not list(house.settings.scratch.glob(f"{task.id}.2"))


def test_flushall_of_redis_in_mid_task_and_before_it(
    lone_house: House, long_clip: Path, clip: Path
) -> None:
    sent, _ = convert(lone_house, long_clip)
    other = upload(lone_house, clip)
    enqueue.notify([task_of(other)])
    broker.connection().flushall()
    lone_house.worker("probe")
    lone_house.schedule()
    wait_until(lambda: again(other).state == UploadState.DONE)
    wait_until(lambda: ready(sent) and ready(other))
    assert_done_once(sent)
    assert playable_of(sent).fence == 1


def test_restart_of_postgresql_in_mid_task(lone_house: House, long_clip: Path) -> None:
    sent, media = convert(lone_house, long_clip)
    lone_house.schedule()
    restart(lone_house, "postgres")
    wait_until(lambda: ready(sent))
    assert_done_once(sent)
    assert media.poll() is None, "the worker should have survived"


def test_redis_away_and_back(lone_house: House, long_clip: Path, clip: Path) -> None:
    sent, media = convert(lone_house, long_clip)
    lone_house.schedule()
    lone_house.worker("probe")
    restart(lone_house, "redis-server", away_s=3.0)
    other = upload(lone_house, clip)
    wait_until(lambda: again(other).state == UploadState.DONE)
    wait_until(lambda: ready(sent) and ready(other))
    assert_done_once(sent)
    assert media.poll() is None, "the worker should have survived"


def test_a_zombie_with_a_stale_fence_commits_nothing(house: House, long_clip: Path) -> None:
    sent, zombie = convert(house, long_clip)
    sandboxes = descendants(zombie.pid)
    zombie.send_signal(signal.SIGSTOP)
    house.schedule()
    wait_until(lambda: playable_of(sent).deaths == 1)
    successor = house.worker("media")
    wait_until(lambda: ready(sent))
    zombie.send_signal(signal.SIGCONT)
    _, alive = psutil.wait_procs(sandboxes, timeout=20)
    assert not alive
    assert_done_once(sent)
    assert str(successor.pid) in (playable_of(sent).worker or "")
    assert zombie.poll() is None, "it should go on with other tasks"


def test_sigterm_gives_the_task_back_uncounted(house: House, long_clip: Path) -> None:
    sent, media = convert(house, long_clip)
    media.terminate()
    assert media.wait(10) == 0
    task = playable_of(sent)
    assert (task.state, task.attempts, task.deaths) == (TaskState.QUEUED, 0, 0)
    assert not list(house.settings.scratch.glob("*"))


def test_a_task_delivered_many_times_runs_once(house: House, clip: Path) -> None:
    house.worker("probe")
    house.worker("probe")
    sent = upload(house, clip)
    task = task_of(sent)
    for _ in range(10):
        enqueue.notify([task])
    wait_until(lambda: again(sent).state == UploadState.DONE)
    queue = broker.queue("probe")
    wait_until(lambda: queue.count == 0)
    time.sleep(1)
    assert task_of(sent).fence == 1
    assert count(sent, Asset) == 1


def test_an_input_that_kills_three_workers_fails_in_words(house: House, long_clip: Path) -> None:
    sent = upload(house, long_clip)
    house.schedule()
    killed: list[int] = []
    while task_of(sent).state != TaskState.FAILED:
        worker = house.worker("probe")
        wait_until(
            lambda: task_of(sent).state in {TaskState.RUNNING, TaskState.FAILED}, patience_s=30
        )
        if task_of(sent).state == TaskState.RUNNING:
            killed.append(worker.pid)
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
            wait_until(lambda: task_of(sent).state != TaskState.RUNNING)
    assert len(killed) == 3
    assert task_of(sent).reason == CRASHES
    assert (again(sent).state, again(sent).reason) == (UploadState.FAILED, CRASHES)


def restart(house: House, name: str, away_s: float = 0.0) -> None:
    """Kill a server hard, and have it started again as `serve` would."""
    data = str(house.settings.data)
    for each in psutil.process_iter():
        if each.name() == name and each.ppid() == os.getpid() and each.cwd().startswith(data):
            each.kill()
            each.wait(10)
    time.sleep(away_s)
    wait_until(house.tend)
