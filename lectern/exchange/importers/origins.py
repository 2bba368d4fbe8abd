"""Where files of another system lie: what every such place can do, and a folder that does."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from lectern.exchange.importers import reading, walking
from lectern.exchange.importers.walking import Skipped, SourceFile


class Look(NamedTuple):
    """A first look at a file: at so many bytes of it; it raises where they are of no use."""

    head_bytes: int
    at: Callable[[bytes], None]


class Origin(Protocol):
    """Files that are only ever read."""

    @property
    def name(self) -> str:
        """What it is remembered as: the same place has the same name in every run."""

    def walk(self) -> Iterator[SourceFile | Skipped]:
        """All its files, and what is passed over, in the order of names."""

    def fetched(
        self, file: SourceFile, copy: Path, look: Look, *, keep: bool
    ) -> AbstractContextManager[Path]:
        """The file here, while the block lasts: at `copy` when it is to `keep`.

        Raises:
            reading.Changed: somebody wrote to it since it was found, or while the block lasted.
        """


class Folder:
    """A folder of this machine. `leave_out` is the table that came along: no file of it."""

    def __init__(self, root: Path, leave_out: Path | None = None) -> None:
        self.root = root
        self._leave_out = leave_out

    @property
    def name(self) -> str:
        """See `Origin.name`."""
        return str(self.root)

    def walk(self) -> Iterator[SourceFile | Skipped]:
        """See `Origin.walk`."""
        return walking.walk(self.root, self._leave_out)

    @contextmanager
    def fetched(self, file: SourceFile, copy: Path, look: Look, *, keep: bool) -> Iterator[Path]:
        """See `Origin.fetched`; what need not be kept is read where it lies."""
        with reading.opened(self.root, file) as descriptor:
            look.at(os.pread(descriptor, look.head_bytes, 0))
            if keep:
                reading.copy(descriptor, copy)
            yield copy if keep else self.root / file.path
            reading.check_same(descriptor, file)
