"""Storage in a local folder: temp file, fsync, link, fsync of the folders; files are read-only."""

import errno
import os
import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import core_ext
from lectern.durable import sync_folder
from lectern.errors import StorageDamaged, StorageFull
from lectern.models.base import new_id
from lectern.storage.keys import Item, checked

# Small enough for many at once, large enough for few switches between threads.
PIECE = 256 << 10
# Another file system, or one without hard links.
_UNLINKABLE = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP}
# As `put` names a file before it has its key.
_UNFINISHED = re.compile(r"\.[0-9a-f]{32}")


class LocalStorage:
    """Blobs as files below `root`, which is made on first use."""

    origin = ""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, source: Path, key: str, digest: str | None = None) -> None:
        """See `Storage.put`. A source on the same file system is linked, not copied.

        Linked bytes are those that the caller has just hashed; copied ones are read back.
        """
        target = self._file(key)
        temp = target.parent / f".{new_id().hex}"
        try:
            _make_folders(target.parent)
            if target.exists():
                raise FileExistsError(key)
            copied = _link_or_copy(source, temp)
            # The disk and the digest work at the same time.
            with ThreadPoolExecutor(1) as pool:
                synced = pool.submit(_sync, temp)
                if copied:
                    _compare(temp, source, digest)
                synced.result()
            temp.chmod(0o444)
            _name(temp, target)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise StorageFull(
                    "The storage is full. Free some space, then try again."
                ) from error
            raise
        finally:
            temp.unlink(missing_ok=True)
        self._sync_folders(target.parent)

    def path(self, key: str) -> Path:
        """The stored file itself."""
        return self._file(key)

    @contextmanager
    def local_copy(self, key: str) -> Iterator[Path]:
        """See `Storage.local_copy`; it is the stored file itself."""
        path = self._file(key)
        if not path.is_file():
            raise FileNotFoundError(key)
        yield path

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """See `Storage.read`."""
        with self._file(key).open("rb") as file:
            file.seek(start)
            left = self.size(key) if length is None else length
            while left > 0 and (piece := file.read(min(left, PIECE))):
                left -= len(piece)
                yield piece

    def size(self, key: str) -> int:
        """See `Storage.size`."""
        return self._file(key).stat().st_size

    def exists(self, key: str) -> bool:
        """See `Storage.exists`."""
        return self._file(key).is_file()

    def delete(self, key: str) -> None:
        """See `Storage.delete`."""
        self._file(key).unlink(missing_ok=True)

    def items(self, prefix: str = "") -> Iterator[Item]:
        """See `Storage.items`. Unfinished files have hidden names and are left out."""
        folder = self.root / prefix.rpartition("/")[0]
        for place, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                path = Path(place, name)
                key = path.relative_to(self.root).as_posix()
                if name.startswith(".") or not key.startswith(prefix):
                    continue
                try:
                    yield Item(key, path.stat().st_size)
                except FileNotFoundError:
                    continue

    def clear_unfinished(self, older_s: float) -> int:
        """See `Storage.clear_unfinished`."""
        cleared = 0
        for path in self.root.rglob(".*"):
            # Not the time of its content, which a link has from the source.
            if _UNFINISHED.fullmatch(path.name) and time.time() - _changed(path) > older_s:
                path.unlink(missing_ok=True)
                cleared += 1
        return cleared

    def url(self, key: str, seconds: int, *, mime: str, disposition: str) -> None:
        """Nothing: a folder has no address, its files are sent by us."""

    def _file(self, key: str) -> Path:
        return self.root / checked(key)

    def _sync_folders(self, folder: Path) -> None:
        """Make the way to a new file durable, also where another writer has just made a folder."""
        while True:
            sync_folder(folder)
            if folder == self.root.parent:
                return
            folder = folder.parent


def _changed(path: Path) -> float:
    try:
        return path.lstat().st_ctime
    except FileNotFoundError:
        return float("inf")


def _link_or_copy(source: Path, target: Path) -> bool:
    """True when the bytes had to be copied."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _UNLINKABLE:
            raise
        shutil.copyfile(source, target)
        return True
    return False


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _compare(copy: Path, source: Path, digest: str | None) -> None:
    same_size = copy.stat().st_size == source.stat().st_size
    if not same_size or core_ext.digest_file(copy) != (digest or core_ext.digest_file(source)):
        raise StorageDamaged("The storage did not store the file correctly. Check its disk.")


def _name(temp: Path, target: Path) -> None:
    """Give the finished file its name."""
    try:
        # A link, unlike a rename, refuses to replace what another writer just stored.
        os.link(temp, target)
    except OSError as error:
        if error.errno not in _UNLINKABLE:
            raise
        temp.rename(target)


def _make_folders(folder: Path) -> None:
    if not folder.is_dir():
        _make_folders(folder.parent)
        folder.mkdir(exist_ok=True, mode=0o700)
