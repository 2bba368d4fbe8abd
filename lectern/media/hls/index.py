"""A fragmented MP4 file: where each fragment lies, and parts of one moved in time and joined.

One track, one movie fragment for each group of frames, as our ffmpeg writes them; coded data is
never touched. Source: ISO/IEC 14496-12 §8.8.
"""

import struct
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass
from typing import Any, BinaryIO

from lectern.media.hls import boxes
from lectern.media.hls.boxes import Unlike

_NOT_SYNC = 0x10000


@dataclass(frozen=True)
class Fragment:
    """One `moof` with its `mdat`: bytes of the file, times in units of the track's clock.

    `first_bytes` reaches from the start to the end of its first frame.
    """

    offset: int
    size: int
    time: int
    duration: int
    samples: int
    key: bool
    first_bytes: int


@dataclass(frozen=True)
class Index:
    """A whole file: its header, then fragments that follow each other without a gap."""

    header_bytes: int
    timescale: int
    codec: str
    fragments: tuple[Fragment, ...]

    @property
    def duration(self) -> int:
        """Units of the track's clock from the first frame to the end of the last."""
        return sum(fragment.duration for fragment in self.fragments)

    @property
    def samples(self) -> int:
        """Frames of picture, or packets of sound."""
        return sum(fragment.samples for fragment in self.fragments)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, a fragment being a list: a long lecture has thousands."""
        return {**asdict(self), "fragments": [list(astuple(each)) for each in self.fragments]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Index":
        """The inverse of `to_json`.

        Raises:
            KeyError, TypeError, ValueError: it was not written by this `to_json`.
        """
        fragments = tuple(_read_fragment(*each) for each in values["fragments"])
        return cls(**{**values, "fragments": fragments})


def _read_fragment(*values: Any) -> Fragment:
    offset, size, time, duration, samples, key, first = values
    return Fragment(
        int(offset), int(size), int(time), int(duration), int(samples), key is True, int(first)
    )


def index(file: BinaryIO) -> Index:
    """Read where everything lies.

    Raises:
        Unlike: it is not such a file.
    """
    header, header_bytes = boxes.header(file)
    fragments: list[Fragment] = []
    at, size = header_bytes, file.seek(0, 2)
    while at < size:
        moof = boxes.table(file, at, b"moof")
        kind, mdat_bytes, data = boxes.head(file, at + len(moof))
        if kind != b"mdat":
            raise Unlike("A fragment has no data.")
        fragments.append(_fragment(moof, at, mdat_bytes, data, _defaults(header)))
        at += len(moof) + mdat_bytes
    if at != size or not fragments:
        raise Unlike("The last fragment is cut short.")
    return Index(header_bytes, _timescale(header), boxes.codec(header), tuple(fragments))


def join(parts: list[BinaryIO], begins: list[int], target: BinaryIO) -> None:
    """Write the parts one behind the other; each begins at its time of the common clock.

    An edit list, which would only repeat that time, is voided.

    Raises:
        Unlike: the parts are not pieces of one track.
    """
    number = 0
    described = None
    for part, begin in zip(parts, begins, strict=True):
        header, at = boxes.header(part)
        description = boxes.whole(header, b"stsd")
        if described is None:
            described = description
            target.write(_without_edits(header))
        elif description != described:
            raise Unlike("The parts were encoded in different ways.")
        size = part.seek(0, 2)
        while at < size:
            moof = bytearray(boxes.table(part, at, b"moof"))
            _, mdat_bytes, _ = boxes.head(part, at + len(moof))
            number += 1
            _move(moof, number, begin)
            target.write(moof)
            boxes.copy(part, at + len(moof), mdat_bytes, target)
            at += len(moof) + mdat_bytes


def _timescale(header: bytes) -> int:
    box = boxes.find(header, b"mdhd")
    at = box.content + (20 if header[box.content] == 1 else 12)
    return int(struct.unpack_from(">I", header, at)[0])


def _defaults(header: bytes) -> tuple[int, int, int]:
    """Duration, size and flags of a frame where its fragment does not say."""
    box = boxes.find(header, b"trex")
    duration, size, flags = struct.unpack_from(">III", header, box.content + 12)
    return duration, size, flags


def _fragment(
    moof: bytes, at: int, mdat_bytes: int, mdat_head: int, defaults: tuple[int, int, int]
) -> Fragment:
    duration, size, flags = _fragment_defaults(moof, defaults)
    trun = boxes.find(moof, b"trun")
    present, count = struct.unpack_from(">II", moof, trun.content)
    present &= 0xFFFFFF
    cursor = trun.content + 8 + 4 * bool(present & 1)
    first_flags = flags
    if present & 4:
        first_flags = struct.unpack_from(">I", moof, cursor)[0]
        cursor += 4
    fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if present & bit]
    width = 4 * len(fields)
    rows = struct.unpack_from(f">{len(fields) * count}I", moof, cursor)
    total = duration * count
    if 0x100 in fields:
        total = sum(rows[fields.index(0x100) :: len(fields)])
    first_size = rows[fields.index(0x200)] if 0x200 in fields else size
    if 0x400 in fields and not present & 4:
        first_flags = rows[fields.index(0x400)]
    if count < 1 or cursor + width * count > trun.end or first_size > mdat_bytes - mdat_head:
        raise Unlike("A fragment does not hold what it lists.")
    first_bytes = len(moof) + mdat_head + first_size
    key = not first_flags & _NOT_SYNC
    return Fragment(at, len(moof) + mdat_bytes, _time(moof), total, count, key, first_bytes)


def _fragment_defaults(moof: bytes, defaults: tuple[int, int, int]) -> tuple[int, int, int]:
    box = boxes.find(moof, b"tfhd")
    present = struct.unpack_from(">I", moof, box.content)[0] & 0xFFFFFF
    at = box.content + 8 + 8 * bool(present & 1) + 4 * bool(present & 2)
    values = list(defaults)
    for place, bit in enumerate((8, 0x10, 0x20)):
        if present & bit:
            values[place] = struct.unpack_from(">I", moof, at)[0]
            at += 4
    return values[0], values[1], values[2]


def _time(moof: bytes | bytearray) -> int:
    box = boxes.find(moof, b"tfdt")
    form = ">Q" if moof[box.content] == 1 else ">I"
    return int(struct.unpack_from(form, moof, box.content + 4)[0])


def _move(moof: bytearray, number: int, by: int) -> None:
    struct.pack_into(">I", moof, boxes.find(moof, b"mfhd").content + 4, number)
    box = boxes.find(moof, b"tfdt")
    form = ">Q" if moof[box.content] == 1 else ">I"
    struct.pack_into(form, moof, box.content + 4, _time(moof) + by)


def _without_edits(header: bytes) -> bytes:
    changed = bytearray(header)
    for box in list(boxes.walk(header)):
        if box.kind == b"edts":
            changed[box.start + 4 : box.start + 8] = b"free"
    return bytes(changed)
