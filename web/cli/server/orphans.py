"""Finds what a killed supervisor left running, by a mark in the environment of all it started."""

import ctypes
import os
from collections.abc import Mapping
from pathlib import Path

import psutil

DATA_MARK = "LECTERN_SUPERVISED"
SUPERVISOR_MARK = "LECTERN_SUPERVISOR"
# prctl(2): descendants whose parent ends become our children instead of init's.
PR_SET_CHILD_SUBREAPER = 36


def marks(data: Path) -> Mapping[str, str]:
    """For the environment of everything this process starts on `data`."""
    return {DATA_MARK: str(data.resolve()), SUPERVISOR_MARK: _name(psutil.Process())}


def adopt_descendants() -> None:
    """Become the parent of processes below us that lose theirs."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end(data: Path, mine: bool = False) -> None:
    """Kill marked processes of `data`: of dead supervisors, or with `mine` of this one."""
    found = [process for process in psutil.process_iter() if _is_left(process, data, mine)]
    for process in found:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(found, timeout=5)


def reap(own: set[int]) -> None:
    """Collect adopted children that have ended, but not our `own`, which others wait for."""
    for child in psutil.Process().children():
        if child.pid not in own and child.status() == psutil.STATUS_ZOMBIE:
            os.waitpid(child.pid, os.WNOHANG)


def _is_left(process: psutil.Process, data: Path, mine: bool) -> bool:
    if process.pid == os.getpid():
        return False
    try:
        environment = process.environ()
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess, OSError):
        return False
    if environment.get(DATA_MARK) != str(data.resolve()):
        return False
    name = environment.get(SUPERVISOR_MARK, "")
    return name == _name(psutil.Process()) if mine else not _lives(name)


def _lives(name: str) -> bool:
    pid = name.partition(":")[0]
    try:
        return _name(psutil.Process(int(pid))) == name
    except (psutil.NoSuchProcess, ValueError):
        return False


def _name(process: psutil.Process) -> str:
    """Pid and start time: together no later process has them."""
    return f"{process.pid}:{process.create_time():.2f}"
