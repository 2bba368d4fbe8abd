"""Opening a file of a folder that others write to, and being sure that it stayed the same."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lectern.errors import Invalid, Message
from lectern.exchange.importers.walking import SourceFile
from lectern.ingest.uploads import EMPTY

OUTSIDE = Message("Its folder was replaced by a link during the import.")
PIECE = 1 << 20


class Changed(Exception):
    """The file is not what it was when it was found."""


def stamp(file: SourceFile) -> tuple[int, int]:
    """Size and time: equal ones mean that nobody wrote to it."""
    return file.byte_size, file.mtime_ns


def check_size(file: SourceFile, most: int) -> None:
    """Raises Invalid for a file that no upload could be."""
    if file.byte_size == 0:
        raise Invalid(EMPTY)
    if file.byte_size > most:
        raise Invalid(
            "A file may have at most %(value)s GiB here.", value=f"{most / (1 << 30):.3g}"
        )


@contextmanager
def opened(root: Path, file: SourceFile) -> Iterator[int]:
    """The file that was found, and no other: neither a link nor, by a link above it, elsewhere.

    Raises:
        Changed: it is not the same any more. Invalid: a link leads out of the folder.
    """
    # Without waiting: by now it may be a pipe that nobody writes to.
    descriptor = os.open(
        root / file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    )
    try:
        if not Path(os.readlink(f"/proc/self/fd/{descriptor}")).is_relative_to(root):
            raise Invalid(OUTSIDE)
        check_same(descriptor, file)
        yield descriptor
    finally:
        os.close(descriptor)


def check_same(descriptor: int, file: SourceFile) -> None:
    """Raises Changed when somebody wrote to it."""
    now = os.fstat(descriptor)
    if (now.st_size, now.st_mtime_ns) != stamp(file):
        raise Changed


def copy(descriptor: int, target: Path) -> None:
    """All its bytes into a new file; never a link, which would change with the original."""
    with open(descriptor, "rb", closefd=False) as source, target.open("xb") as written:
        shutil.copyfileobj(source, written, PIECE)
