"""PostgreSQL and Redis stopped hard, or emptied, in the middle of a step, and started again."""

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from jobs import broker
from lectern import host
from tests.faults import world
from tests.faults.conftest import Make
from tests.faults.points import Fault, Points
from tests.faults.steps import CASES
from tests.faults.world import every_place
from tests.jobs.conftest import House

ENDED = {"Z", "X"}


@pytest.fixture
def make(lone_house: House, own_servers: host.Servers, short_clip: Path, tmp_path: Path) -> Make:
    """Makes worlds on servers of their own."""
    # Not before: it loads what the sandbox needs.
    from jobs import run  # noqa: PLC0415

    run.prepare(lone_house.settings)
    url = own_servers.migrate_url
    return lambda: world.begin(lone_house, tmp_path, short_clip, url)


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "X"


def hit(pid: int, number: signal.Signals) -> None:
    """End a server and see it end; its parent starts it again."""
    os.kill(pid, number)
    while state(pid) not in ENDED:
        time.sleep(0.005)


def stop_postgres(servers: host.Servers) -> Fault:
    """`pg_ctl stop -m immediate`: no goodbye to anybody, and a recovery at the next start."""

    def fault() -> None:
        assert servers.postgres is not None
        assert servers.postgres.process is not None
        hit(servers.postgres.process.pid, signal.SIGQUIT)

    return fault


def kill_redis(servers: host.Servers) -> Fault:
    def fault() -> None:
        assert servers.redis is not None
        assert servers.redis.process is not None
        hit(servers.redis.process.pid, signal.SIGKILL)

    return fault


def flush_redis(servers: host.Servers) -> Fault:
    def fault() -> None:
        broker.connection().flushall()

    return fault


FAULTS: dict[str, Callable[[host.Servers], Fault]] = {
    "postgres stopped": stop_postgres,
    "redis killed": kill_redis,
    "redis emptied": flush_redis,
}
# Always: a place in the middle of these.
SOME = (
    ("postgres stopped", "upload", 4),
    ("postgres stopped", "probe", 5),
    ("redis killed", "probe", 5),
    ("redis emptied", "probe", 3),
)


def suffer(make: Make, servers: host.Servers, fault: str, step: str, numbers: Iterable[Any]) -> int:
    def points(at: int) -> Points:
        return Points(at, FAULTS[fault](servers))

    return every_place(make, CASES[step], points, numbers)


def test_a_server_that_goes_in_the_middle(make: Make, own_servers: host.Servers) -> None:
    for fault, step, place in SOME:
        assert suffer(make, own_servers, fault, step, [place]) == 1, f"{fault} in {step}"


@pytest.mark.full
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", CASES)
def test_a_server_that_goes_at_any_place(
    make: Make, own_servers: host.Servers, fault: str, step: str
) -> None:
    assert suffer(make, own_servers, fault, step, itertools.count(1, 2)) >= 1
