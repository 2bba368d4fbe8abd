"""Task `fingerprint`: hash pictures all over a file, and the whole of its sound."""

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream
from PIL import Image

import core_ext
from lectern.media.inside.container import alone, decoded, open_container
from lectern.media.inside.frames import key_frames, seek, select
from lectern.media.inside.picture import decode, open_image
from lectern.media.inside.shared.shaping import upright

MOST_FRAMES = 64
_SHORTEST_STEP_S = 0.5
# What pictures are shrunk to, whatever their shape: 16 pixels for each cell of the hash.
_SIDE = 272
# Up to here decoding on is cheaper than going to a key frame.
_DECODE_ON_S = 2.0
# Once this much is spent, key frames are taken instead of the frames at the times themselves.
_EXACT_CPU_S = 30.0
_SAMPLES_AT_ONCE = 65_536


def perform(arguments: dict[str, Any], tell: Callable[[float], None]) -> dict[str, Any]:
    """`arguments`: source, demuxer, kind, video_stream, audio_stream, rotation, duration_s.

    Returns `{"frames": [[second, hexadecimal hash], …], "sound": base64}`; see `core_ext`.

    Raises:
        Refused: an image cannot be decoded.
    """
    source, demuxer = Path(arguments["source"]), str(arguments["demuxer"])
    if arguments["kind"] == "image":
        return {"frames": [[0.0, _image(source, demuxer)]], "sound": ""}
    duration_s = float(arguments["duration_s"] or 0.0)
    frames: list[list[Any]] = []
    if arguments["kind"] == "video":
        with open_container(source, demuxer) as container:
            stream = select(container, int(arguments["video_stream"]))
            times = moments(duration_s)
            for at_s, frame in _frames(container, stream, times):
                frames.append([round(at_s, 3), _hashed(frame, int(arguments["rotation"]))])
                tell(0.7 * len(frames) / len(times))
    sound = b""
    if arguments["audio_stream"] is not None:
        with open_container(source, demuxer) as container:
            sound = _sound(container, int(arguments["audio_stream"]), duration_s, tell)
    return {"frames": frames, "sound": base64.b64encode(sound).decode()}


def moments(duration_s: float) -> list[float]:
    """The seconds to look at: at most `MOST_FRAMES` whole steps from the beginning.

    A step is a power of two, so that a copy cut short is looked at in the same moments.
    """
    step_s = _SHORTEST_STEP_S
    while duration_s > step_s * MOST_FRAMES:
        step_s *= 2
    return [number * step_s for number in range(max(1, int(duration_s / step_s)))]


def _frames(
    container: InputContainer, stream: VideoStream, times: list[float]
) -> Iterator[tuple[float, VideoFrame]]:
    start_s = container.start_time / 1e6 if container.start_time else 0.0
    wanted = [start_s + at_s for at_s in times]
    done = 0
    for at_s, frame in _exact(container, stream, wanted):
        done += 1
        yield at_s - start_s, frame
    if done < len(wanted):
        for at_s, frame in key_frames(container, stream, wanted[done:]):
            yield max(0.0, at_s - start_s), frame


def _exact(
    container: InputContainer, stream: VideoStream, times: list[float]
) -> Iterator[tuple[float, VideoFrame]]:
    """The first frame at or after each time, until the budget is spent or the file ends."""
    deadline = time.process_time() + _EXACT_CPU_S
    position: float | None = None
    frames: Iterator[VideoFrame] = iter(())
    for at_s in times:
        if position is None or at_s - position > _DECODE_ON_S:
            if not seek(container, stream, at_s):
                return
            frames = decoded(container, stream)
        for frame in frames:
            position = frame.time if frame.time is not None else at_s
            if position >= at_s - 1e-3:
                yield at_s, frame
                break
            if time.process_time() > deadline:
                return


def _hashed(frame: VideoFrame, rotation: int) -> str:
    small = frame.reformat(
        width=_SIDE, height=_SIDE, format="gray", interpolation=Interpolation.AREA, threads=1
    )
    return _hash_of(np.rot90(small.to_ndarray(), -rotation // 90))


def _image(source: Path, demuxer: str) -> str:
    with open_image(source, demuxer) as image:
        # A JPEG decodes at a half, a quarter or an eighth for a fraction of the cost.
        image.draft(None, (2 * _SIDE, 2 * _SIDE))
        image.seek(0)
        decode(image)
        shown = upright(image)
        small = shown.resize((_SIDE, _SIDE), Image.Resampling.BOX).convert("L")
        return _hash_of(np.asarray(small))


def _hash_of(grey: np.ndarray[Any, np.dtype[np.uint8]]) -> str:
    samples = np.ascontiguousarray(grey)
    return core_ext.picture_hash(samples.data, width=_SIDE, height=_SIDE).hex()


def _sound(
    container: InputContainer, index: int, duration_s: float, tell: Callable[[float], None]
) -> bytes:
    stream = alone(container, index)
    if not isinstance(stream, AudioStream):
        return b""
    printer = core_ext.SoundPrinter()
    even = AudioResampler("s16", "mono", core_ext.SoundPrinter.RATE, _SAMPLES_AT_ONCE)
    heard = 0
    for frame in decoded(container, stream):
        # The resampler insists on times without gaps.
        frame.pts = None
        for piece in even.resample(frame):
            printer.update(piece.to_ndarray().tobytes())
            heard += piece.samples
            tell(min(1.0, 0.7 + 0.3 * heard / core_ext.SoundPrinter.RATE / max(1.0, duration_s)))
    for piece in even.resample(None):
        printer.update(piece.to_ndarray().tobytes())
    return printer.finish()
