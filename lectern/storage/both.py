"""Two storages as one, while a library moves from the old to the new."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from lectern.storage.keys import Item

if TYPE_CHECKING:
    from lectern.storage import Storage

# Keys that were seen in the new storage, so that a page need not ask there for each of its files.
REMEMBERED = 100_000


class BothStorages:
    """Writes to the new; reads from the new, and from the old what has not moved yet."""

    def __init__(self, new: "Storage", old: "Storage") -> None:
        self.new = new
        self.old = old
        self.origin = " ".join(each for each in (new.origin, old.origin) if each)
        self._moved: set[str] = set()

    def put(self, source: Path, key: str, digest: str | None = None) -> None:
        """See `Storage.put`."""
        if self.old.exists(key):
            raise FileExistsError(key)
        self.new.put(source, key, digest)

    def path(self, key: str) -> Path | None:
        """See `Storage.path`."""
        return self._holder(key).path(key)

    def local_copy(self, key: str) -> AbstractContextManager[Path]:
        """See `Storage.local_copy`."""
        return self._holder(key).local_copy(key)

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """See `Storage.read`."""
        return self._holder(key).read(key, start, length)

    def size(self, key: str) -> int:
        """See `Storage.size`."""
        return self._holder(key).size(key)

    def exists(self, key: str) -> bool:
        """See `Storage.exists`."""
        return self._holder(key).exists(key)

    def delete(self, key: str) -> None:
        """See `Storage.delete`. The old goes first: nothing may be copied after its deletion."""
        self.old.delete(key)
        self.new.delete(key)
        self._moved.discard(key)

    def items(self, prefix: str = "") -> Iterator[Item]:
        """See `Storage.items`; what is in both is named once."""
        yield from self.new.items(prefix)
        for item in self.old.items(prefix):
            if not self.new.exists(item.key):
                yield item

    def clear_unfinished(self, older_s: float) -> int:
        """See `Storage.clear_unfinished`."""
        return self.new.clear_unfinished(older_s) + self.old.clear_unfinished(older_s)

    def url(self, key: str, seconds: int, *, mime: str, disposition: str) -> str | None:
        """See `Storage.url`."""
        return self._holder(key).url(key, seconds, mime=mime, disposition=disposition)

    def _holder(self, key: str) -> "Storage":
        if key in self._moved:
            return self.new
        if not self.new.exists(key):
            return self.old
        if len(self._moved) >= REMEMBERED:
            self._moved.clear()
        self._moved.add(key)
        return self.new
