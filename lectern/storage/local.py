"""Storage in a local folder: temp file, fsync, link, fsync of the folders; files are read-only."""

import errno
import os
import re
import shutil
from pathlib import Path

from lectern.durable import sync_folder
from lectern.errors import StorageFull
from lectern.models.base import new_id

# Keys are made by us; this only guards against a programming error reaching the file system.
KEY = re.compile(r"[0-9a-z]+(/[0-9a-z-]+)*")
# Another file system, or one without hard links.
_UNLINKABLE = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP}


class LocalStorage:
    """Blobs as files below `root`, which is made on first use."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, source: Path, key: str) -> None:
        """See `Storage.put`. A source on the same file system is linked, not copied."""
        target = self._file(key)
        temp = target.parent / f".{new_id().hex}"
        try:
            _make_folders(target.parent)
            if target.exists():
                raise FileExistsError(key)
            _link_or_copy(source, temp)
            with temp.open("rb") as file:
                os.fsync(file.fileno())
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

    def size(self, key: str) -> int:
        """See `Storage.size`."""
        return self._file(key).stat().st_size

    def exists(self, key: str) -> bool:
        """See `Storage.exists`."""
        return self._file(key).is_file()

    def delete(self, key: str) -> None:
        """See `Storage.delete`."""
        self._file(key).unlink(missing_ok=True)

    def _file(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError(f"not a storage key: {key!r}")
        return self.root / key

    def _sync_folders(self, folder: Path) -> None:
        """Make the way to a new file durable, also where another writer has just made a folder."""
        while True:
            sync_folder(folder)
            if folder == self.root.parent:
                return
            folder = folder.parent


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _UNLINKABLE:
            raise
        shutil.copyfile(source, target)


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
