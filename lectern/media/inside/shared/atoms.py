"""A look at the boxes of an MP4 or QuickTime file, for reasons that libav does not give."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# Enough for any sane file; a hostile one ends the look, not the box.
_MOST_BOXES = 20_000
_MOST_HEADER_BYTES = 64 << 20

_PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"moof", b"traf"})
_ENCRYPTED = frozenset({b"encv", b"enca", b"enct", b"encs", b"drms", b"drmi", b"p608"})
_ENCRYPTION = frozenset({b"pssh", b"senc"})


@dataclass(frozen=True)
class Atoms:
    """What the top of the file tells: is the index there, is it locked, is its end missing.

    `described` is how many sample descriptions the track with the most of them has.
    """

    has_moov: bool
    encrypted: bool
    cut_short: bool
    described: int = 1


def examine(path: Path) -> Atoms:
    """Walk the boxes without decoding any; ISO/IEC 14496-12 §4.2, 23001-7 §4."""
    has_moov = encrypted = cut_short = False
    described = 1
    size = path.stat().st_size
    with path.open("rb") as file:
        for kind, start, end in _boxes(file, 0, size):
            cut_short |= end > size
            if kind in {b"moov", b"moof"}:
                has_moov |= kind == b"moov"
                encrypted |= _locked(file, start, min(end, size))
                described = max(described, _described(file, start, min(end, size)))
            encrypted |= kind in _ENCRYPTION
    return Atoms(has_moov, encrypted, cut_short, described)


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Each box as its type, the start of its content and its end; one of size 0 goes to the end."""
    for _ in range(_MOST_BOXES):
        if start + 8 > end:
            return
        file.seek(start)
        header = file.read(16)
        length, kind, content = int.from_bytes(header[:4]), header[4:8], start + 8
        if length == 1:
            length, content = int.from_bytes(header[8:16]), start + 16
        stop = end if length == 0 else start + length
        if stop < content:
            return
        yield kind, content, stop
        start = stop


def _locked(file: BinaryIO, start: int, end: int, depth: int = 0) -> bool:
    if end - start > _MOST_HEADER_BYTES or depth > 8:
        return False
    for kind, content, stop in _boxes(file, start, end):
        if kind in _ENCRYPTED or kind in _ENCRYPTION:
            return True
        # The sample descriptions begin with a version and a count.
        inner = content + 8 if kind == b"stsd" else content
        if kind in _PARENTS and _locked(file, inner, min(stop, end), depth + 1):
            return True
    return False


def _described(file: BinaryIO, start: int, end: int, depth: int = 0) -> int:
    """The most sample descriptions of a track; §8.5.2."""
    most = 1
    if end - start > _MOST_HEADER_BYTES or depth > 8:
        return most
    for kind, content, stop in _boxes(file, start, end):
        if kind == b"stsd":
            file.seek(content + 4)
            most = max(most, int.from_bytes(file.read(4)))
        elif kind in _PARENTS:
            most = max(most, _described(file, content, min(stop, end), depth + 1))
    return most
