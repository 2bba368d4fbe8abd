"""Workers as processes of their own, on servers that a test may kill."""

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import psutil
import pytest
import redis as redis_client
from sqlalchemy.orm import Session

import core_ext
from jobs import broker, process
from jobs.process import Process
from lectern import host
from lectern.database.sessions import SessionLocal, unit_of_work
from lectern.ingest import uploads
from lectern.models import Asset, Task, Upload
from lectern.pipeline import tasks
from lectern.settings import Settings, read
from tests.factories import make_principal

CHECKOUT = Path(__file__).resolve().parents[2]
# Short, so that a test sees leases lapse and sweeps come.
FAST = {"lease_s": 4, "sweep_s": 1}
PATIENCE_S = 60.0


@dataclass
class House:
    """Servers and settings of one test, and how to run processes on them."""

    settings: Settings
    this: Process
    processes: list["subprocess.Popen[bytes]"]
    tend: Callable[[], Any] = lambda: None

    def start(self, *command: str, **environ: str) -> "subprocess.Popen[bytes]":
        """Run one of Lectern's parts, or a test's own module."""
        settings = self.settings
        child = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=CHECKOUT,
            env={
                **os.environ,
                "LECTERN_DATA": str(settings.data),
                "LECTERN_DATABASE_URL": settings.database_url,
                "LECTERN_REDIS_URL": settings.redis_url,
                "LECTERN_SECRET_KEY": settings.secret_key,
                "LECTERN_LEASE_SECONDS": str(settings.lease_s),
                "LECTERN_SWEEP_SECONDS": str(settings.sweep_s),
                **environ,
            },
        )
        self.processes.append(child)
        return child

    def worker(self, queue: str, **environ: str) -> "subprocess.Popen[bytes]":
        return self.start("web.cli", "worker", queue, **environ)

    def schedule(self) -> "subprocess.Popen[bytes]":
        return self.start("web.cli", "schedule")

    def stop(self) -> None:
        """End every process; what they left behind is a failure."""
        children = [each for parent in self.processes for each in descendants(parent.pid)]
        for each in self.processes:
            if each.poll() is None:
                each.send_signal(signal.SIGTERM)
        for each in self.processes:
            try:
                each.wait(15)
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()
                raise
        _, alive = psutil.wait_procs(children, timeout=3)
        assert not alive, f"left behind: {alive}"


def descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


@pytest.fixture
def house(
    own_database_url: str, redis: redis_client.Redis, redis_url: str, tmp_path: Path
) -> Iterator[House]:
    """A data folder and a database of its own, this process bound to them like a scheduler."""
    settings = replace(
        read({}, data=tmp_path / "data"),
        database_url=own_database_url,
        redis_url=redis_url,
        secret_key="a secret key for tests, thirty-two characters or more",
        **FAST,
    )
    with living(settings) as here:
        yield here


@pytest.fixture
def lone_house(own_servers: host.Servers) -> Iterator[House]:
    """The same on servers of its own, which a test may kill or empty."""
    with living(replace(own_servers.settings, **FAST)) as here:
        here.tend = own_servers.tend
        yield here


@contextmanager
def living(settings: Settings) -> Iterator[House]:
    before = dict(SessionLocal.kw)
    here = House(settings, process.start(settings), [])
    try:
        yield here
    finally:
        here.stop()
        SessionLocal.kw["bind"].dispose()
        broker.connection().close()
        SessionLocal.kw.clear()
        SessionLocal.kw.update(before)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of H.264 with sound, as a camera app writes them."""
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", 4)


def make_clip(path: Path, seconds: int, *options: str) -> Path:
    source = ["-f", "lavfi", "-i", f"testsrc2=size=640x360:rate=15:duration={seconds}"]
    sound = ["-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"]
    coding = options or ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *source, *sound, *coding]
    subprocess.run([*command, "-c:a", "aac", str(path)], check=True)
    return path


def upload(house: House, file: Path, **fields: Any) -> Upload:
    """A complete upload of a copy of `file`, with its probe task; no worker is notified."""
    with unit_of_work() as session:
        owner = make_principal(session)
        return upload_as(session, house, owner.workspace_id, owner.user_id, file, **fields)


def upload_as(
    session: Session,
    house: House,
    workspace_id: uuid.UUID,
    user_id: uuid.UUID | None,
    file: Path,
    **fields: Any,
) -> Upload:
    row = Upload(
        workspace_id=workspace_id,
        created_by=user_id,
        filename=file.name,
        byte_size=file.stat().st_size,
        received=file.stat().st_size,
        expires_at="2100-01-01",
        **fields,
    )
    session.add(row)
    session.flush()
    spooled = uploads.spool_path(house.settings, row)
    spooled.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, spooled)
    uploads.complete(session, row, fields.get("digest") or core_ext.digest_file(file))
    return row


def task_of(upload: Upload) -> Task:
    with unit_of_work() as session:
        (task,) = tasks.of_upload(session, upload.workspace_id, upload.id)
        return task


def again(upload: Upload) -> Upload:
    """The row as it is now."""
    with unit_of_work() as session:
        return session.get_one(Upload, (upload.workspace_id, upload.id))


def asset_of(upload: Upload) -> Asset:
    with unit_of_work() as session:
        return session.get_one(Asset, (upload.workspace_id, again(upload).asset_id))


def wait_until(true: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """What `true` answers once it is truthy."""
    end = time.monotonic() + patience_s
    while not (answer := true()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return answer
