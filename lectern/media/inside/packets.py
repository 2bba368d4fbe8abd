"""In the sandbox: every packet of a file read past, none decoded, to learn when its frames come."""

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from av.container import InputContainer

from lectern.media.inside.container import open_container

# Key frames nearer than this are no better places to cut.
_KEY_APART_S = 0.5
# A frame is in step when it comes within a fifth of the usual time; so many must.
_IN_STEP = 0.2
_EVEN_SHARE = 0.98


@dataclass
class _Picture:
    """What went by of the video track; times are in units of `base_s`."""

    base_s: float
    times: "array[int]" = field(default_factory=lambda: array("q"))
    keys: "array[int]" = field(default_factory=lambda: array("q"))
    byte_size: int = 0
    last_s: float = 0.0
    closed: bool = True

    def take(self, packet: Any) -> None:
        at = packet.pts if packet.pts is not None else packet.dts
        self.byte_size += packet.size
        if at is None:
            return
        if packet.is_keyframe:
            self.keys.append(at)
        elif self.keys and at < self.keys[-1]:
            self.closed = False
        self.times.append(at)
        self.last_s = max(self.last_s, (at + (packet.duration or 0)) * self.base_s)


def perform(arguments: dict[str, Any], tell: Callable[[float], None]) -> dict[str, Any]:
    """`arguments`: source, demuxer, video (a stream or None), audio (streams).

    Returns `Timeline` as JSON.
    """
    source = Path(arguments["source"])
    with open_container(source, str(arguments["demuxer"])) as container:
        start_s = container.start_time / 1e6 if container.start_time is not None else 0.0
        picture, sounds = _read(container, arguments["video"], arguments["audio"])
    sound = {
        "audio": {str(index): begin_s - start_s for index, (begin_s, _) in sounds.items()},
        "audio_ends": {str(index): end_s - start_s for index, (_, end_s) in sounds.items()},
    }
    if picture is None or not picture.times:
        return sound
    return sound | _describe(picture, start_s)


def _read(
    container: InputContainer, video: int | None, audio: list[int]
) -> tuple[_Picture | None, dict[int, tuple[float, float]]]:
    """The picture, and where each sound begins and ends in the file's own seconds."""
    wanted = {*audio, *([] if video is None else [video])}
    streams = [stream for stream in container.streams if stream.index in wanted]
    picture = None
    if video is not None:
        picture = _Picture(float(container.streams[video].time_base or 0))
    sounds: dict[int, tuple[float, float]] = {}
    for packet in container.demux(streams):
        if not packet.size:
            continue
        if picture is not None and packet.stream_index == video:
            # What an edit list leaves out is not shown; sound begins with it all the same.
            if not packet.is_discard:
                picture.take(packet)
        elif packet.pts is not None:
            at_s = float(packet.pts * packet.time_base)
            begin_s, end_s = sounds.get(packet.stream_index, (at_s, at_s))
            end_s = max(end_s, at_s + float((packet.duration or 0) * packet.time_base))
            sounds[packet.stream_index] = begin_s, end_s
            if picture is None and len(sounds) == len(audio):
                break
    return picture, sounds


def _describe(picture: _Picture, start_s: float) -> dict[str, Any]:
    times = sorted(picture.times)
    steps = [later - earlier for earlier, later in pairwise(times)]
    steps = [step for step in steps if step > 0]
    usual = median(steps) if steps else 0
    in_step = sum(abs(step - usual) <= _IN_STEP * usual for step in steps)
    first_s, end_s = times[0] * picture.base_s - start_s, picture.last_s - start_s
    # Some containers give the last frame no time of its own.
    end_s = max(end_s, times[-1] * picture.base_s - start_s + usual * picture.base_s)
    keys = sorted(key * picture.base_s - start_s for key in picture.keys)
    edges = [*keys, end_s]
    gops = [later - earlier for earlier, later in pairwise(edges)]
    return {
        "first_s": first_s,
        "end_s": end_s,
        "frames": len(times),
        "byte_size": picture.byte_size,
        "frame_s": _mean_step(steps, usual) * picture.base_s,
        "even": bool(steps) and in_step >= _EVEN_SHARE * len(steps),
        "closed": picture.closed,
        "longest_gop_s": max(gops, default=0.0),
        "keys": _apart(keys),
    }


def _mean_step(steps: list[int], usual: float) -> float:
    """The mean of the steps that are about usual: a clock of whole milliseconds rounds each."""
    near = [step for step in steps if abs(step - usual) <= _IN_STEP * usual]
    return sum(near) / len(near) if near else 0.0


def _apart(keys: list[float]) -> list[float]:
    kept: list[float] = []
    for key in keys:
        if not kept or key - kept[-1] >= _KEY_APART_S:
            kept.append(round(key, 6))
    return kept
