"""Who runs the servers of a data folder: a lock, and a note that says who holds it."""

import fcntl
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from lectern.host.refusal import HostError


class Kind(StrEnum):
    """How long a command keeps the servers: others join a lasting one, wait for a passing one."""

    SERVE = "serve"
    PART = "part"
    COMMAND = "command"


@dataclass(frozen=True)
class Owner:
    """The process that runs the servers. The addresses hold passwords, so the note is 0600."""

    pid: int
    kind: Kind
    ready: bool = False
    address: str | None = None
    database_url: str = ""
    migrate_url: str = ""
    gc_database_url: str = ""
    redis_url: str = ""


class Lock:
    """The exclusive right to run servers on a folder; it ends when its holder does."""

    def __init__(self, data: Path, kind: Kind) -> None:
        self.note = _note(data)
        self.owner = Owner(pid=os.getpid(), kind=kind)
        self._descriptor = _open(data)

    def take(self) -> bool:
        """True when this process now holds the folder; tries once."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._write(self.owner)
        return True

    def announce(self, owner: Owner) -> None:
        """Replace what others read about the holder."""
        self.owner = owner
        self._write(owner)

    def announce_address(self, address: str) -> None:
        """Say where the holder's pages are."""
        self.announce(replace(self.owner, address=address))

    def release(self) -> None:
        """Give the folder back."""
        self.note.unlink(missing_ok=True)
        os.close(self._descriptor)

    def close(self) -> None:
        """Leave a folder that somebody else holds."""
        os.close(self._descriptor)

    def _write(self, owner: Owner) -> None:
        draft = self.note.with_suffix(".new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(owner), file)
        draft.replace(self.note)


def running(data: Path) -> Owner | None:
    """Who runs the servers of this folder now, if anybody does."""
    if not _lock_file(data).exists():
        return None
    descriptor = _open(data)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(data)
    finally:
        os.close(descriptor)
    return None


def take_or_join(
    lock: Lock, data: Path, patience_s: float, wait: Callable[[Owner], None]
) -> Owner | None:
    """None when we hold the folder now; else the lasting owner whose servers we may use.

    `wait` is told once when a passing command must end first.

    Raises:
        HostError: neither within `patience_s`.
    """
    end = time.monotonic() + patience_s
    told = False
    owner: Owner | None = None
    while time.monotonic() < end:
        if lock.take():
            return None
        owner = running(data)
        if (
            owner
            and owner.ready
            and owner.kind is not Kind.COMMAND
            and lock.owner.kind is not Kind.SERVE
        ):
            return owner
        if owner and lock.owner.kind is Kind.SERVE and owner.kind is not Kind.COMMAND:
            where = f", address {owner.address}" if owner.address else ""
            raise HostError(f"Lectern is already running on {data}: pid {owner.pid}{where}.")
        if owner and not told:
            wait(owner)
            told = True
        time.sleep(0.1)
    who = f"process {owner.pid}" if owner else "another process"
    raise HostError(
        f"{data} has been in use by {who} for {patience_s:.0f} seconds; try again when it has "
        "ended."
    )


def _lock_file(data: Path) -> Path:
    return data / "servers.lock"


def _note(data: Path) -> Path:
    return data / "servers.json"


def _open(data: Path) -> int:
    return os.open(_lock_file(data), os.O_RDWR | os.O_CREAT, 0o600)


def _read(data: Path) -> Owner | None:
    try:
        fields = json.loads(_note(data).read_text())
    except (OSError, ValueError):
        return None
    return Owner(**{**fields, "kind": Kind(fields["kind"])})
