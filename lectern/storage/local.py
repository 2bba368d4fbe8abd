"""Storage in a local folder: temp file, fsync, rename, fsync of the folder; files are read-only."""

import errno
import os
import re
import shutil
from pathlib import Path

from lectern.errors import StorageFull
from lectern.models.base import new_id

# Keys are made by us; this only guards against a programming error reaching the file system.
KEY = re.compile(r"[0-9a-z]+(/[0-9a-z-]+)*")


class LocalStorage:
    """Blobs as files below `root`, which is made on first use."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, source: Path, key: str) -> None:
        """See `Storage.put`. A source on the same file system is linked, not copied."""
        target = self._file(key)
        _make_folders(target.parent)
        if target.exists():
            raise FileExistsError(key)
        temp = target.parent / f".{new_id().hex}"
        try:
            _link_or_copy(source, temp)
            with temp.open("rb") as file:
                os.fsync(file.fileno())
            temp.chmod(0o444)
            # A link, unlike a rename, refuses to replace what another writer just stored.
            os.link(temp, target)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise StorageFull(
                    "The storage is full. Free some space, then try again."
                ) from error
            raise
        finally:
            temp.unlink(missing_ok=True)
        _sync_folder(target.parent)

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


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError as error:
        # Another file system, or one without hard links.
        if error.errno not in {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP}:
            raise
        shutil.copyfile(source, target)


def _make_folders(folder: Path) -> None:
    """Make `folder` so that it survives a power cut: each new entry's parent is synced."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        new.mkdir(exist_ok=True, mode=0o700)
        _sync_folder(new.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
