"""What of a file only decoding it shows as a player does, and when its packets are shown.

A recording may be joined of several, trimmed by an edit list, mirrored, or change its form on the
way. A copy of the coded data would show something else, and so would reading it by its times; it is
decoded once, by ffmpeg's own command, whose rules these are, before anything else is made of it.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from av.packet import Packet as AnyPacket
from av.stream import Stream
from av.video.frame import VideoFrame

from lectern.media.facts import Irregular

# Demuxers whose times may begin again; a longer step is a jump, and so is a shorter one back.
DISCONTINUOUS = frozenset({"mpegts", "mpeg", "ogg"})
_JUMP_S, _BACK_S = 10.0, 0.1
_SYNC_WORD = 0xFFF0

Packet: TypeAlias = "AnyPacket[Stream]"


@dataclass
class Clock:
    """Presentation times of packets whose own times may begin again, in seconds."""

    demuxer: str
    offset_s: float = 0.0
    jumps: int = 0
    _next_s: dict[int, float] = field(default_factory=dict)
    _dts_s: dict[int, float] = field(default_factory=dict)
    _last_s: float | None = None

    def shift(self, packet: Packet) -> float:
        """What to add to the packet's own times; the packets come in the file's order."""
        if packet.dts is None or self.demuxer not in DISCONTINUOUS:
            return self.offset_s
        index, base = packet.stream_index, float(packet.time_base)
        dts_s = packet.dts * base + self.offset_s
        expected_s = self._next_s.get(index, self._last_s)
        if expected_s is not None and self._jumps(index, dts_s, expected_s):
            self.offset_s += expected_s - dts_s
            self.jumps += 1
            dts_s = expected_s
        self._dts_s[index] = self._last_s = dts_s
        self._next_s[index] = dts_s + (packet.duration or 0) * base
        return self.offset_s

    def _jumps(self, index: int, dts_s: float, expected_s: float) -> bool:
        before_s = self._dts_s.get(index)
        back = before_s is not None and dts_s + _BACK_S < before_s
        return back or abs(dts_s - expected_s) > _JUMP_S


@dataclass
class Watch:
    """What of one track a copy would not keep."""

    codec: str
    irregular: set[Irregular] = field(default_factory=set)
    _form: bytes | None = None
    _packets: int = 0

    def take(self, packet: Packet) -> None:
        """Look at one packet, without decoding it."""
        if packet.is_discard:
            # The delay of an encoder of sound is left out at its beginning, and a copy keeps that.
            if self._packets or packet.stream.type == "video":
                self.irregular.add(Irregular.EDITS)
            return
        if self._packets and packet.has_sidedata("new_extradata"):
            self.irregular.add(Irregular.DESCRIPTIONS)
        self._packets += 1
        reader = _READERS.get(self.codec) if packet.is_keyframe else None
        form = reader(bytes(packet)) if reader else None
        if form is not None:
            if self._form not in {None, form}:
                self.irregular.add(Irregular.FORM)
            self._form = form


def mirrored(frame: VideoFrame) -> bool:
    """Whether its display matrix turns the picture over: its determinant is negative."""
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return False
    a, b, _, c, d, *_ = struct.unpack_from("=9i", matrix)
    return bool(a * d - b * c < 0)


def _vp8(data: bytes) -> bytes | None:
    """RFC 6386 §9.1: width and height follow the start code."""
    return data[6:10] if data[3:6] == b"\x9d\x01\x2a" else None


def _vp9(data: bytes) -> bytes | None:
    """VP9 bitstream §6.2: profile and, after the sync code, colour, width and height."""
    at = data.find(b"\x49\x83\x42", 0, 4)
    return data[:1] + data[at + 3 : at + 8] if at > 0 else None


def _av1(data: bytes) -> bytes | None:
    """AV1 §5.5: the sequence header, if this packet has one."""
    at = 0
    while at < len(data):
        kind, extended, sized = data[at] >> 3 & 15, data[at] >> 2 & 1, data[at] >> 1 & 1
        begin, length = at + 1 + extended, 0
        if not sized:
            length = len(data) - begin
        else:
            for shift in range(0, 56, 7):
                if begin >= len(data):
                    return None
                length |= (data[begin] & 127) << shift
                begin += 1
                if not data[begin - 1] & 128:
                    break
        if kind == 1:
            return data[begin : begin + length]
        at = begin + length
    return None


def _units(data: bytes) -> Iterator[bytes]:
    """The NAL units of an access unit, with start codes or with lengths of four bytes."""
    if data[:3] == b"\0\0\1" or data[:4] == b"\0\0\0\1":
        yield from (unit.rstrip(b"\0") for unit in data.split(b"\0\0\1")[1:])
        return
    at = 0
    while at + 4 < len(data):
        length = int.from_bytes(data[at : at + 4])
        yield data[at + 4 : at + 4 + length]
        at += 4 + length


def _h264(data: bytes) -> bytes | None:
    """H.264 §7.4.1: the sequence parameter sets in the stream itself."""
    return b"".join(unit for unit in _units(data) if unit and unit[0] & 31 == 7) or None


def _hevc(data: bytes) -> bytes | None:
    return b"".join(unit for unit in _units(data) if unit and unit[0] >> 1 & 63 == 33) or None


def _mpeg2(data: bytes) -> bytes | None:
    """ISO/IEC 13818-2 §6.2.2.1: width, height and aspect after the sequence header's code."""
    at = data.find(b"\0\0\1\xb3")
    return data[at + 4 : at + 8] if at >= 0 else None


def _adts(data: bytes) -> bytes | None:
    """ISO/IEC 13818-7 §6.2: profile, rate and channels of a frame that carries them."""
    if len(data) < 4 or (data[0] << 8 | data[1]) & 0xFFF6 != _SYNC_WORD:
        return None
    return bytes((data[2] & 0xFD, data[3] & 0xC0))


def _mp3(data: bytes) -> bytes | None:
    """ISO/IEC 11172-3 §2.4.2.3: version, layer, rate, and whether there is one channel."""
    if len(data) < 4 or (data[0] << 8 | data[1]) & 0xFFE0 != 0xFFE0:
        return None
    return bytes((data[1] & 0x1E, data[2] & 0x0C, data[3] >> 6 == 3))


_READERS = {
    "vp8": _vp8,
    "vp9": _vp9,
    "av1": _av1,
    "h264": _h264,
    "hevc": _hevc,
    "mpeg1video": _mpeg2,
    "mpeg2video": _mpeg2,
    "aac": _adts,
    "mp3": _mp3,
    "mp2": _mp3,
}
