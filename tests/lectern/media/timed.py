"""Films whose frames carry their time, so that what is shown can be told from what is claimed."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av

RATE = 10
# Black is 16, and each tenth of a second is one level brighter.
PICTURE = "color=black:s={size}:r=10:d={seconds},format=yuv420p,geq=lum='{first}+N':cb=128:cr=128"
TONE = "sine=frequency=440:sample_rate=48000:duration={seconds}"
CODING = ("-c:v", "libx264", "-qp", "10", "-bf", "0", "-g", "20", "-c:a", "aac")


def film(seconds: float, *, size: str = "320x180", first_s: float = 0.0) -> list[str]:
    """ffmpeg's inputs for a picture that shows `first_s` and on, and a tone."""
    picture = PICTURE.format(size=size, seconds=seconds, first=16 + round(first_s * RATE))
    return ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", TONE.format(seconds=seconds)]


def shown(path: Path, **options: str) -> list[tuple[float, float]]:
    """When each frame is shown, and the second that it carries, as libav decodes the file."""
    frames = []
    with av.open(str(path), options=options) as container:
        start_s = (container.start_time or 0) / 1e6
        for frame in container.decode(video=0):
            grey = frame.to_ndarray(format="gray").astype(float)
            middle = grey[grey.shape[0] // 3 : -grey.shape[0] // 3].mean()
            # "gray" is full range: what was 16 is 0, and 235 is 255.
            carried_s = middle * 219 / 255 / RATE
            frames.append(((frame.time or 0.0) - start_s, float(carried_s)))
    return frames


def sound_s(path: Path) -> float:
    """How long there is sound, decoded."""
    with av.open(str(path)) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


def with_edits(source: Path, target: Path, edits: Sequence[tuple[float, float]]) -> Path:
    """An MP4 (its index last) of which only these parts are to be shown: start and length each."""
    data = source.read_bytes()
    head, moov = _split(data)
    scale = _timescale(_child(moov, b"mvhd"))
    tracks = [
        _edited(content, edits, scale) for kind, content in _children(moov) if kind == b"trak"
    ]
    others = [_box(kind, content) for kind, content in _children(moov) if kind != b"trak"]
    target.write_bytes(head + _box(b"moov", b"".join([*others[:1], *tracks, *others[1:]])))
    return target


def _edited(trak: bytes, edits: Sequence[tuple[float, float]], movie_scale: int) -> bytes:
    scale = _timescale(_child(_child(trak, b"mdia"), b"mdhd"))
    rows = b"".join(
        struct.pack(">IiHH", round(length * movie_scale), round(start * scale), 1, 0)
        for start, length in edits
    )
    edts = _box(b"edts", _box(b"elst", struct.pack(">II", 0, len(edits)) + rows))
    boxes = [(kind, content) for kind, content in _children(trak) if kind != b"edts"]
    return _box(b"trak", b"".join([_box(*boxes[0]), edts, *(_box(*each) for each in boxes[1:])]))


def _split(data: bytes) -> tuple[bytes, bytes]:
    at = 0
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"moov":
            assert at + length == len(data), "the index comes last"
            return data[:at], data[at + 8 : at + length]
        at += length
    raise AssertionError("there is no index")


def _children(content: bytes) -> list[tuple[bytes, bytes]]:
    boxes, at = [], 0
    while at < len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        boxes.append((kind, content[at + 8 : at + length]))
        at += length
    return boxes


def _child(content: bytes, kind: bytes) -> bytes:
    return next(inside for name, inside in _children(content) if name == kind)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _timescale(header: bytes) -> int:
    value: tuple[Any, ...] = struct.unpack_from(">I", header, 20 if header[0] else 12)
    return int(value[0])
