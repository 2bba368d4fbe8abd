"""Where bytes live: one protocol, one back end a module."""

import importlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from lectern.errors import LecternError
from lectern.settings import Settings
from lectern.storage import b2_place
from lectern.storage.both import BothStorages
from lectern.storage.copies import Copies
from lectern.storage.keys import Item
from lectern.storage.local import LocalStorage


class Storage(Protocol):
    """Stored bytes under keys that are never used twice.

    Every method may raise StorageAway: the back end cannot be reached, and nothing is lost by it.
    """

    @property
    def origin(self) -> str:
        """Where its signed addresses lead, for a content security policy; empty if it has none."""

    def put(self, source: Path, key: str, digest: str | None = None) -> None:
        """Store the file durably under `key`; when this returns, a power cut cannot take it.

        Bytes that had to travel are compared with `digest`, the BLAKE3 digest that the caller has
        just read from the source. `source` may be linked instead of copied, so nobody may write to
        it afterwards.

        Raises:
            StorageFull: no space; nothing is left behind.
            StorageDamaged: what is stored is not what was sent; it is not kept.
            FileExistsError: the key was used before.
        """

    def path(self, key: str) -> Path | None:
        """The stored file where it is on this machine, to be read only; else nothing."""

    def local_copy(self, key: str) -> AbstractContextManager[Path]:
        """A local file with these bytes for as long as the block lasts, to be read only.

        Raises:
            FileNotFoundError: nothing is stored there. StorageFull: no room for a copy.
            StorageDamaged: what came has not the digest of its key.
        """

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from `start`, at most `length` of them, in pieces. Raises FileNotFoundError."""

    def size(self, key: str) -> int:
        """Stored bytes under `key`. Raises FileNotFoundError."""

    def exists(self, key: str) -> bool:
        """True while bytes are stored under `key`."""

    def delete(self, key: str) -> None:
        """Remove the bytes; a key that is not there is no error, so it may be repeated."""

    def items(self, prefix: str = "") -> Iterator[Item]:
        """Everything whose key begins with `prefix`, each once; found while it may change."""

    def clear_unfinished(self, older_s: float) -> int:
        """Remove what puts left that ended so many seconds ago without an end; returns how many."""

    def url(self, key: str, seconds: int, *, mime: str, disposition: str) -> str | None:
        """An address for a browser, good for this file, for at least half of `seconds`.

        It answers with that type and that Content-Disposition. None: the bytes are sent by us.
        """


def storage_of(settings: Settings) -> Storage:
    """The storage of this installation; during a move the new one, with the old behind it.

    Raises:
        LecternError: a setting does not fit.
    """
    new = open_storage(settings.storage_url, settings)
    if settings.storage_old_url is None:
        return new
    return BothStorages(new, open_storage(settings.storage_old_url, settings))


def open_storage(url: str, settings: Settings | None = None) -> Storage:
    """The back end at one address; `settings` have the key of B2 and a folder for copies.

    Raises:
        LecternError: the address, or the key for it, is not usable.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalStorage(Path(unquote(parts.path)))
    if parts.scheme.split("+")[0] == "b2" and settings is not None:
        place = b2_place.parse(url, settings.b2_key_id, settings.b2_key)
        # By name: without a bucket no process loads b2sdk, 15 MiB and 0.3 s of each.
        bucket: Storage = importlib.import_module("lectern.storage.b2").B2Storage(
            place, Copies(settings.data / "cache", settings.cache_bytes)
        )
        return bucket
    raise LecternError(
        "LECTERN_STORAGE_URL: %(url)s is neither file:///… nor b2://bucket.", url=repr(url)
    )


__all__ = ["Item", "LocalStorage", "Storage", "open_storage", "storage_of"]
