"""What a worker or scheduler process holds for its whole life, bound once at its start."""

import gc
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

from jobs import broker
from lectern.database import sessions
from lectern.people import audit
from lectern.settings import Settings
from lectern.storage import Storage, storage_of


@dataclass(frozen=True)
class Process:
    """Settings, storage, the name under which tasks are held, and the wish to stop."""

    settings: Settings
    storage: Storage
    name: str
    stopping: threading.Event = field(default_factory=threading.Event)


class NotStarted(RuntimeError):
    """`start()` was not called in this process."""


_current: Process | None = None


def start(settings: Settings) -> Process:
    """Bind database, Redis, storage and the audit log's key; opens no connection yet."""
    global _current
    sessions.connect(settings.database_url)
    broker.configure(settings.redis_url)
    audit.configure(settings.secret_key)
    _current = Process(settings, storage_of(settings), name_of(os.getpid()))
    return _current


def settle() -> None:
    """Leave what is loaded by now out of every later garbage collection, before the first task.

    Modules and mappings never become garbage, and a bulk change's thousands of short-lived rows
    would have them searched again and again: a quarter of its Python.
    """
    gc.collect()
    gc.freeze()


def current() -> Process:
    """This process. Raises NotStarted before `start()`."""
    if _current is None:
        raise NotStarted("jobs.process.start() must run first")
    return _current


def name_of(pid: int) -> str:
    """A name no other process has or will have: machine, pid and start time.

    Raises:
        ProcessLookupError: no such process.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError as error:
        raise ProcessLookupError(f"there is no process {pid}") from error
    # proc(5): field 3 is the state, field 22 the start in clock ticks after boot.
    if fields[0] in {"Z", "X"}:
        raise ProcessLookupError(f"process {pid} has ended")
    return f"{_node()}:{pid}:{fields[19]}"


def is_dead(name: str) -> bool:
    """True when a process of this machine (and boot) had that name and is gone."""
    node, pid, _ = name.rsplit(":", 2)
    if node != _node():
        return False
    try:
        return name_of(int(pid)) != name
    except ProcessLookupError:
        return True


def _node() -> str:
    """Where a pid means something: this boot of this machine, in this pid namespace."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}:{os.stat('/proc/self/ns/pid').st_ino}"
