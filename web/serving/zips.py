"""A ZIP archive as a reply, made while it is sent: nothing is held in memory or written to disk.

Programs that read an archive from its beginning, as Java's `ZipInputStream` does, need sizes and
CRC-32 before stored bytes. Where the CRC-32 is known they stand there. Where it is not, the bytes
are framed as DEFLATE's uncompressed blocks, which end by themselves, and the CRC-32 follows.

Source: PKWARE's APPNOTE 6.3.10 for the records, RFC 1951 section 3.2.4 for the blocks.
"""

import struct
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from flask import Response

import core_ext

# What a 32-bit field cannot hold stands in the extra field of Zip64, and this in its place.
MAX32 = 0xFFFF_FFFF
MAX16 = 0xFFFF
# Bytes that one uncompressed block of DEFLATE holds; its head: final, length, its complement.
BLOCK = 0xFFFF
_BLOCK_HEAD = struct.Struct("<BHH")
_LOCAL = struct.Struct("<IHHHHHIIIHH")
_DESCRIPTOR = struct.Struct("<IIII")
_DESCRIPTOR64 = struct.Struct("<IIQQ")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_END = struct.Struct("<IHHHHIIH")
_END64 = struct.Struct("<IQHHIIQQQQ")
_LOCATOR64 = struct.Struct("<IIQI")
# Both sizes in 64 bits, as a local header has them.
_SIZES64 = struct.Struct("<HHQQ")
_UTF8, _DESCRIBED = 0x800, 0x8
_STORED, _DEFLATED = 0, 8
_VERSION, _VERSION64 = 20, 45
_UNIX = 3 << 8
_MODE = 0o100644 << 16


@dataclass(frozen=True)
class StoredFile:
    """A file to be sent under a name; the archive promises exactly `byte_size` bytes of it.

    `read` is called when its turn comes. `crc32` is that of all its bytes, None where nobody has
    computed it; then `learn` is called with it, once all bytes were sent and have `digest`.
    """

    name: str
    read: Callable[[], Iterable[bytes]]
    byte_size: int
    crc32: int | None = None
    digest: str = ""
    learn: Callable[[int], None] | None = None


class ZipReply(Response):
    """Never smaller than its files: media are compressed already. So its length is known."""

    def __init__(self, files: Sequence[StoredFile], also: Sequence[tuple[str, bytes]]) -> None:
        entries = [*map(_in_memory, also), *files]
        archive = _Archive(entries)
        super().__init__(iter(archive), mimetype="application/zip", direct_passthrough=True)
        self.content_length = archive.byte_size


def _in_memory(named: tuple[str, bytes]) -> StoredFile:
    name, content = named
    return StoredFile(name, lambda: (content,), len(content), zlib.crc32(content))


class _Entry:
    """One file's records; `crc32` is set by `content` where it was not known."""

    def __init__(self, file: StoredFile, modified: tuple[int, int], offset: int) -> None:
        self._file = file
        self._name = file.name.encode()
        self._modified = modified
        self._offset = offset
        # Of no bytes it is known to everybody.
        self._crc32 = file.crc32 if file.byte_size else 0
        self._size = file.byte_size
        self._known = self._crc32 is not None
        self._sent = self._size if self._known else _framed(self._size)
        self._large = self._sent >= MAX32

    @property
    def byte_size(self) -> int:
        """Bytes of local header, content and descriptor together."""
        head = _LOCAL.size + len(self._name) + (_SIZES64.size if self._large else 0)
        descriptor = _DESCRIPTOR64 if self._large else _DESCRIPTOR
        return head + self._sent + (0 if self._known else descriptor.size)

    @property
    def central_size(self) -> int:
        """Bytes of its record in the central directory."""
        return _CENTRAL.size + len(self._name) + len(self._extra())

    def local(self) -> Iterator[bytes]:
        """Everything up to the next entry's header, in pieces."""
        sizes = (self._sent, self._size) if self._known else (0, 0)
        extra = _SIZES64.pack(1, 16, sizes[1], sizes[0]) if self._large else b""
        if self._large:
            sizes = (MAX32, MAX32)
        common = (*self._common(), (self._crc32 if self._known else 0) or 0, *sizes)
        yield _LOCAL.pack(0x04034B50, *common, len(self._name), len(extra)) + self._name + extra
        if self._known:
            yield from self._stored()
        else:
            yield from self._deflated()
            descriptor = _DESCRIPTOR64 if self._large else _DESCRIPTOR
            yield descriptor.pack(0x08074B50, self._crc32 or 0, self._sent, self._size)

    def central(self) -> bytes:
        """Its record in the central directory."""
        extra = self._extra()
        sizes = (MAX32, MAX32) if self._large else (self._sent, self._size)
        lengths = (len(self._name), len(extra), 0, 0, 0)
        head = _CENTRAL.pack(
            *(0x02014B50, _UNIX | _VERSION64, *self._common(), self._crc32 or 0, *sizes),
            *(*lengths, _MODE, min(self._offset, MAX32)),
        )
        return head + self._name + extra

    def _common(self) -> tuple[int, int, int, int, int]:
        flags = _UTF8 if self._known else _UTF8 | _DESCRIBED
        method = _STORED if self._known else _DEFLATED
        return (_VERSION64 if self._large else _VERSION, flags, method, *self._modified)

    def _extra(self) -> bytes:
        values = [self._size, self._sent] if self._large else []
        if self._offset >= MAX32:
            values.append(self._offset)
        length = 8 * len(values)
        return struct.pack(f"<HH{len(values)}Q", 1, length, *values) if values else b""

    def _stored(self) -> Iterator[bytes]:
        crc = 0
        for piece in _pieces(self._file):
            crc = zlib.crc32(piece, crc)
            yield piece
        if crc != self._crc32:
            raise EOFError(f"{self._file.name} is not what its row says")

    def _deflated(self) -> Iterator[bytes]:
        crc, hasher, left = 0, core_ext.Hasher(), self._size
        for block in _blocks(_pieces(self._file)):
            crc = zlib.crc32(block, crc)
            hasher.update(block)
            left -= len(block)
            yield _BLOCK_HEAD.pack(not left, len(block), len(block) ^ MAX16) + block
        self._crc32 = crc
        if self._file.learn is not None and hasher.hexdigest() == self._file.digest:
            self._file.learn(crc)


class _Archive:
    def __init__(self, files: Sequence[StoredFile]) -> None:
        modified, offset = _dos_time(time.localtime()), 0
        self._entries: list[_Entry] = []
        for file in files:
            self._entries.append(_Entry(file, modified, offset))
            offset += self._entries[-1].byte_size
        self._start = offset
        self._size = sum(entry.central_size for entry in self._entries)

    @property
    def byte_size(self) -> int:
        return self._start + self._size + len(self._end())

    def __iter__(self) -> Iterator[bytes]:
        for entry in self._entries:
            yield from entry.local()
        yield b"".join(entry.central() for entry in self._entries) + self._end()

    def _end(self) -> bytes:
        number, size, start = len(self._entries), self._size, self._start
        end = _END.pack(
            *(0x06054B50, 0, 0, min(number, MAX16), min(number, MAX16)),
            *(min(size, MAX32), min(start, MAX32), 0),
        )
        if number < MAX16 and size < MAX32 and start < MAX32:
            return end
        versions = (_UNIX | _VERSION64, _VERSION64)
        rest = (0, 0, number, number, size, start)
        end64 = _END64.pack(0x06064B50, _END64.size - 12, *versions, *rest)
        return end64 + _LOCATOR64.pack(0x07064B50, 0, start + size, 1) + end


def _framed(size: int) -> int:
    return size + _BLOCK_HEAD.size * -(-size // BLOCK)


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, cut anew: each block but the last is full."""
    rest = b""
    for piece in pieces:
        data = rest + piece if rest else piece
        full = len(data) - len(data) % BLOCK
        for start in range(0, full, BLOCK):
            yield data[start : start + BLOCK]
        rest = data[full:]
    if rest:
        yield rest


def _pieces(file: StoredFile) -> Iterator[bytes]:
    """Shorter or longer than promised breaks the transfer off, visibly."""
    left = file.byte_size
    for piece in file.read():
        left -= len(piece)
        yield piece
    if left:
        raise EOFError(f"{file.name} is not as long as its row says")


def _dos_time(now: time.struct_time) -> tuple[int, int]:
    """Time and date as MS-DOS packed them: two seconds a step, years from 1980."""
    clock = now.tm_hour << 11 | now.tm_min << 5 | now.tm_sec // 2
    return clock, (now.tm_year - 1980) << 9 | now.tm_mon << 5 | now.tm_mday
