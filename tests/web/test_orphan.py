"""A web process ends with the server that started it, also one that had died before it looked."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.02)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if "LECTERN" not in name},
        "LECTERN_DATA": str(tmp_path),
    }


def start(note: Path, how: str, environ: dict[str, str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.web.orphan", str(note), how]
    return subprocess.Popen(command, cwd=CHECKOUT, env=environ)


def test_one_whose_server_died_before_it_looked_does_not_serve(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    note = tmp_path / "note"
    server = start(note, "dead", environ)
    until(lambda: note.exists() and note.read_text() == "begun")
    server.kill()
    server.wait()
    until(lambda: note.read_text() != "begun")
    assert note.read_text().startswith("refused ")


def test_one_that_is_bound_ends_with_its_server(tmp_path: Path, environ: dict[str, str]) -> None:
    note = tmp_path / "note"
    server = start(note, "alive", environ)
    until(lambda: note.exists() and " " in note.read_text())
    said, pid = note.read_text().split()
    assert said == "bound"
    child = psutil.Process(int(pid))
    server.kill()
    server.wait()
    _, alive = psutil.wait_procs([child], timeout=PATIENCE_S)
    assert not alive
