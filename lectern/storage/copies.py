"""Local copies of bytes that are stored elsewhere, kept while there is room."""

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lectern.errors import StorageFull
from lectern.models.base import new_id

# A copy whose reader was killed keeps its private name; after this long nobody reads it any more.
_ABANDONED_S = 48 * 3600


class Copies:
    """Files below `folder`, at most `most_bytes` of them together; the longest unused go first."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder = folder
        self.most_bytes = most_bytes

    @contextmanager
    def of(self, key: str, fetch: Callable[[Path], None]) -> Iterator[Path]:
        """A file with the bytes of `key` for as long as the block lasts; `fetch` brings them.

        The reader gets a name of its own, so clearing out the kept one takes nothing from it.

        Raises:
            StorageFull: this machine has no room for the copy. What `fetch` raises.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = self.folder / key.replace("/", ".")
        mine = self.folder / f".{new_id().hex}"
        try:
            if not _taken(kept, mine):
                self._bring(mine, kept, fetch)
            yield mine
        finally:
            mine.unlink(missing_ok=True)

    def forget(self, key: str) -> None:
        """Drop the kept copy of bytes that were deleted."""
        (self.folder / key.replace("/", ".")).unlink(missing_ok=True)

    def _bring(self, mine: Path, kept: Path, fetch: Callable[[Path], None]) -> None:
        try:
            fetch(mine)
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
            raise StorageFull(
                "This server has no room for a working copy. Free some space, then try again."
            ) from error
        mine.chmod(0o444)
        # Another process may have kept the same bytes meanwhile.
        with suppress(FileExistsError):
            os.link(mine, kept)
        self._clear()

    def _clear(self) -> None:
        kept, total = [], 0
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):
                facts = path.stat()
                if not path.name.startswith("."):
                    kept.append((facts.st_mtime, facts.st_size, path))
                    total += facts.st_size
                elif facts.st_mtime < time.time() - _ABANDONED_S:
                    path.unlink()
        for _, size, path in sorted(kept):
            if total <= self.most_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size


def _taken(kept: Path, mine: Path) -> bool:
    """Give the kept copy a second name, and note that it was of use."""
    try:
        os.link(kept, mine)
    except FileNotFoundError:
        return False
    os.utime(mine)
    return True
