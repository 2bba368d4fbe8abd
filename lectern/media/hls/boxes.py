"""Boxes of an MP4 file, found and copied; what a header says of its track's codec.

Only for files that our ffmpeg wrote. Sources: ISO/IEC 14496-12 §4.2, 14496-15 (avcC), 14496-14
(esds), AV1-ISOBMFF §2.3.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

# A header or a fragment's table is some kilobytes; anything far beyond is none of ours.
_MOST_TABLE_BYTES = 16 << 20
_PIECE = 1 << 20
# Bytes before the children of a box that has both.
_PREAMBLE = {b"stsd": 8, b"avc1": 78, b"av01": 78, b"mp4a": 28}
_PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"mvex", b"moof", b"traf"})
_INSIDE = _PARENTS | _PREAMBLE.keys()


class Unlike(ValueError):
    """The file is not laid out as ours are."""


@dataclass(frozen=True)
class Box:
    """Where a box, its content and its end lie in some bytes."""

    kind: bytes
    start: int
    content: int
    end: int


def codec(header: bytes) -> str:
    """The track's codec as playlists name it (RFC 6381)."""
    for kind, read in ((b"avcC", _avc), (b"esds", _aac), (b"av1C", _av1)):
        found = next((box for box in walk(header) if box.kind == kind), None)
        if found is not None:
            return read(header[found.content : found.end])
    raise Unlike("The track is in a codec that is not ours.")


def _avc(record: bytes) -> str:
    return f"avc1.{record[1:4].hex()}"


def _av1(record: bytes) -> str:
    profile, level = record[1] >> 5, record[1] & 31
    tier = "H" if record[2] & 0x80 else "M"
    depth = 12 if record[2] & 0x20 else 10 if record[2] & 0x40 else 8
    return f"av01.{profile}.{level:02}{tier}.{depth:02}"


def _aac(record: bytes) -> str:
    """From the descriptors, one in the other: the stream (3), its decoder (4), its key (5)."""
    at = 4
    for tag, skip in ((3, 3), (4, 13), (5, 0)):
        if record[at] != tag:
            raise Unlike("The sound does not say how it is coded.")
        at += 1
        while record[at] & 0x80:
            at += 1
        at += 1 + skip
    kind = record[at] >> 3
    if kind == 31:
        kind = 32 + ((record[at] & 7) << 3 | record[at + 1] >> 5)
    return f"mp4a.40.{kind}"


def header(file: BinaryIO) -> tuple[bytes, int]:
    """Everything before the first fragment, and how long it is."""
    at, size = 0, file.seek(0, 2)
    while at < size:
        kind, length, _ = head(file, at)
        if kind == b"moof":
            break
        at += length
    if not 0 < at <= _MOST_TABLE_BYTES or at >= size:
        raise Unlike("There is no fragment in the file.")
    file.seek(0)
    return file.read(at), at


def head(file: BinaryIO, at: int) -> tuple[bytes, int, int]:
    """Kind, whole length and length of the head of the box at `at`."""
    file.seek(at)
    data = file.read(16)
    if len(data) < 8:
        raise Unlike("A box is cut short.")
    length, kind = struct.unpack_from(">I4s", data)
    if length == 1 and len(data) == 16:
        return kind, int(struct.unpack_from(">Q", data, 8)[0]), 16
    if length < 8:
        raise Unlike("A box has no length.")
    return kind, length, 8


def table(file: BinaryIO, at: int, kind: bytes) -> bytes:
    """All of the box at `at`, which must be of that kind."""
    found, length, _ = head(file, at)
    if found != kind or length > _MOST_TABLE_BYTES:
        raise Unlike(f"There should be a {kind.decode()}.")
    file.seek(at)
    data = file.read(length)
    if len(data) != length:
        raise Unlike("A box is cut short.")
    return data


def walk(data: bytes | bytearray, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Every box in `data`, each before those inside it."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, start)
        if length < 8 or start + length > end:
            raise Unlike("A box reaches beyond what holds it.")
        box = Box(kind, start, start + 8, start + length)
        yield box
        if kind in _INSIDE:
            yield from walk(data, box.content + _PREAMBLE.get(kind, 0), box.end)
        start = box.end


def find(data: bytes | bytearray, kind: bytes) -> Box:
    """The first box of that kind, at any depth."""
    found = next((box for box in walk(data) if box.kind == kind), None)
    if found is None:
        raise Unlike(f"There is no {kind.decode()}.")
    return found


def whole(data: bytes, kind: bytes) -> bytes:
    """The first box of that kind with its head."""
    box = find(data, kind)
    return data[box.start : box.end]


def copy(source: BinaryIO, at: int, length: int, target: BinaryIO) -> None:
    """Append so many bytes of one file to another."""
    source.seek(at)
    while length:
        piece = source.read(min(length, _PIECE))
        if not piece:
            raise Unlike("A fragment is cut short.")
        target.write(piece)
        length -= len(piece)
