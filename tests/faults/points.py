"""The places in a step where something may go wrong, counted as a step runs through them.

A place is a commit, a file that gets durable or a name, a file that goes, or a call of the storage.
`n = 1, 2, 3 …` until a run gets through tries every one (SQLite's I/O-error loop).
"""

import errno
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from lectern.errors import StorageFull
from lectern.storage import Item, Storage

Fault = Callable[[], None]
# What the operating system is asked for, by the name it has in `os`.
CALLS = ("fsync", "fdatasync", "link", "replace", "rename", "unlink")


class Points:
    """Has `fault` happen at the place number `at` among those that begin with `only`."""

    def __init__(self, at: int, fault: Fault, only: tuple[str, ...] = ()) -> None:
        self.at, self.fault, self.only = at, fault, only
        self.reached = 0

    def __call__(self, name: str) -> None:
        if self.only and not name.startswith(self.only):
            return
        self.reached += 1
        if self.reached == self.at:
            self.fault()

    def install(self) -> None:
        """Watch this process from here on; it is a child that ends with the step."""
        for moment in ("before_commit", "after_commit"):
            event.listen(Session, moment, self._watcher(moment.replace("_", " ")))
        for call in CALLS:
            setattr(os, call, self._around(call, getattr(os, call)))

    def _watcher(self, name: str) -> Callable[[Session], None]:
        return lambda session: self(name)

    def _around(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*words: Any, **more: Any) -> Any:
            # Removing a whole folder is one thing.
            if "dir_fd" not in more:
                self(name)
            return real(*words, **more)

        return call


class Watched:
    """A storage, each call of which is a place before it and one after it."""

    def __init__(self, real: Storage, points: Points) -> None:
        self._real, self._points = real, points
        self.origin = real.origin

    def put(self, source: Path, key: str, digest: str | None = None) -> None:
        self._points("put")
        self._real.put(source, key, digest)
        self._points("was put")

    def delete(self, key: str) -> None:
        self._points("delete")
        self._real.delete(key)
        self._points("was deleted")

    def path(self, key: str) -> Path | None:
        return self._real.path(key)

    def local_copy(self, key: str) -> AbstractContextManager[Path]:
        self._points("get")
        return self._real.local_copy(key)

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        return self._real.read(key, start, length)

    def size(self, key: str) -> int:
        return self._real.size(key)

    def exists(self, key: str) -> bool:
        return self._real.exists(key)

    def items(self, prefix: str = "") -> Iterator[Item]:
        return self._real.items(prefix)

    def url(self, key: str, seconds: int, *, mime: str, disposition: str) -> str | None:
        return self._real.url(key, seconds, mime=mime, disposition=disposition)


def kill() -> None:
    """`kill -9` of the process that does the step."""
    os.kill(os.getpid(), signal.SIGKILL)


def broken_disk() -> None:
    """The disk fails."""
    raise OSError(errno.EIO, "Input/output error")


def full_disk() -> None:
    """The disk is full."""
    raise OSError(errno.ENOSPC, "No space left on device")


def full_storage() -> None:
    """The storage says that it is full."""
    raise StorageFull("The storage is full. Free some space, then try again.")
