"""A ZIP archive as a reply, made while it is sent: nothing is held in memory or written to disk."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from flask import Response
from zipstream import ZIP_STORED, ZipStream


@dataclass(frozen=True)
class StoredFile:
    """A file to be sent under a name; the archive promises exactly `byte_size` bytes of it.

    `read` is called when its turn comes.
    """

    name: str
    read: Callable[[], Iterable[bytes]]
    byte_size: int


class ZipReply(Response):
    """Stored, not compressed: media are already. So its length is known, and progress is shown."""

    def __init__(self, files: Sequence[StoredFile], also: Sequence[tuple[str, bytes]]) -> None:
        archive = ZipStream(compress_type=ZIP_STORED, sized=True)
        for name, content in also:
            archive.add(content, name)
        for file in files:
            archive.add(_pieces(file), file.name, size=file.byte_size)
        super().__init__(iter(archive), mimetype="application/zip", direct_passthrough=True)
        self.content_length = len(archive)


def _pieces(file: StoredFile) -> Iterator[bytes]:
    """Shorter than promised breaks the transfer off, visibly."""
    left = file.byte_size
    for piece in file.read():
        left -= len(piece)
        yield piece
    if left:
        raise EOFError(f"{file.name} is shorter than its row says")
