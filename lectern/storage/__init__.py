"""Where bytes live: one protocol, one back end a module."""

from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from lectern.errors import LecternError
from lectern.storage.local import LocalStorage


class Storage(Protocol):
    """Stored bytes under keys that are never used twice."""

    def put(self, source: Path, key: str) -> None:
        """Store the file durably under `key`; when this returns, a power cut cannot take it.

        `source` may be linked instead of copied, so nobody may write to it afterwards.

        Raises:
            StorageFull: no space; nothing is left behind.
            FileExistsError: the key was used before.
        """

    def path(self, key: str) -> Path:
        """A local file with these bytes, to be read only."""

    def size(self, key: str) -> int:
        """Stored bytes under `key`. Raises FileNotFoundError."""

    def exists(self, key: str) -> bool:
        """True while bytes are stored under `key`."""

    def delete(self, key: str) -> None:
        """Remove the bytes; a key that is not there is no error, so it may be repeated."""


def open_storage(url: str) -> Storage:
    """The storage behind `LECTERN_STORAGE_URL`.

    Raises:
        LecternError: this release cannot use that address.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalStorage(Path(unquote(parts.path)))
    raise LecternError(
        f"LECTERN_STORAGE_URL: {parts.scheme}:// storage is not in this release yet; use file:///…"
    )


__all__ = ["LocalStorage", "Storage", "open_storage"]
