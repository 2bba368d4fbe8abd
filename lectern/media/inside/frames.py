"""Task `frames`: sample a video's key frames, score them, and write the best as pictures."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

import core_ext
from lectern.media.inside.container import alone, decoded, open_container
from lectern.media.inside.shared import faces
from lectern.media.inside.shared.shaping import FrameShaper, save
from lectern.media.pictures import ranking
from lectern.media.pictures.ranking import Sample
from lectern.media.sandbox.refusal import Refused

SAMPLES = 24
# Decoded frames are kept until the choice is made; large ones are sampled more thinly.
_KEPT_BYTES = 600 << 20
# After a seek, packets to look at for a key frame: a transport stream has no index.
_MOST_PACKETS = 1_000
# Some key packets yield a frame only when a few of their followers are in.
_MOST_FOLLOWERS = 12
_ENOUGH = 5
# A talk's title is still shown then, and what faded in is there.
_TITLE_S = 8.0
_BETWEEN_CPU_S = 4.0
_BETWEEN_SKIP_S = 10.0

_PLANAR = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p"})


def perform(arguments: dict[str, Any], tell: Callable[[float], None]) -> dict[str, Any]:
    """`arguments`: source, demuxer, stream, duration_s, shown, rotation, hdr, scratch.

    Writes `out.0` (the best) and on, and returns `{"candidates": [...]}` in the same order.

    Raises:
        Refused: not one frame can be decoded.
    """
    duration_s = arguments["duration_s"]
    with open_container(Path(arguments["source"]), str(arguments["demuxer"])) as container:
        stream = select(container, int(arguments["stream"]))
        found = sample(container, stream, duration_s)
        if not found:
            raise Refused("The file is damaged: no frame can be decoded.")
        width, height = arguments["shown"]
        shaper = FrameShaper(stream, (width, height), arguments["rotation"], arguments["hdr"])
    tell(0.5)
    found = faces.noticed(found, int(arguments["rotation"]))
    choices = ranking.choose([each for each, _ in found], duration_s)
    candidates = []
    for number, choice in enumerate(choices):
        taken, frame = found[choice.index]
        written = save(shaper.picture(frame), Path(arguments["scratch"]) / f"out.{number}")
        scores = asdict(taken) | {"quality": choice.quality}
        # A 64-bit number does not survive every reader of JSON.
        scores["difference_hash"] = f"{taken.difference_hash:016x}"
        candidates.append(
            written | {"at_s": taken.at_s, "scores": scores, "reasons": choice.reasons}
        )
        tell(0.5 + 0.5 * (number + 1) / len(choices))
    return {"candidates": candidates}


def select(container: InputContainer, index: int) -> VideoStream:
    """The stream to sample, decoded by one thread, the others not even read."""
    stream = alone(container, index)
    if not isinstance(stream, VideoStream):
        raise Refused("The file contains no video.")
    # A key frame at a time gives frame threads nothing to do but start up.
    stream.thread_count = 1
    return stream


def sample(
    container: InputContainer, stream: VideoStream, duration_s: float | None
) -> list[tuple[Sample, VideoFrame]]:
    """Up to `SAMPLES` scored frames, evenly spaced; the cost does not grow with the length."""
    context = stream.codec_context
    bytes_each = max(1, context.width * context.height * 2)
    count = max(_ENOUGH, min(SAMPLES, _KEPT_BYTES // bytes_each))
    start_s = container.start_time / 1e6 if container.start_time else 0.0
    span_s = duration_s or 0.0
    times = sample_times(start_s, span_s, count) if span_s else [start_s]
    found = _scored(key_frames(container, stream, times), start_s)
    if sum(ranking.usable([each for each, _ in found])) < min(_ENOUGH, count):
        more = _scored(between(container, stream, times), start_s)
        seen = {each.at_s for each, _ in found}
        found += [pair for pair in more if pair[0].at_s not in seen]
    return found


def sample_times(start_s: float, span_s: float, count: int) -> list[float]:
    """So many seconds, evenly spaced, the first of them while a talk's title is still shown."""
    times = [start_s + span_s * (i + 0.5) / count for i in range(count)]
    return [min(times[0], start_s + _TITLE_S), *times[1:]]


def key_frames(
    container: InputContainer, stream: VideoStream, times: list[float]
) -> Iterator[tuple[float, VideoFrame]]:
    """The key frame at or before each time, with its own, each once: one packet, drained, flushed.

    Draining is what makes it cheap: a decoder holds frames back, and asking for the next one
    would decode two more key frames.
    """
    seen: set[tuple[int | None, int | None]] = set()
    for at_s in times:
        # Not seekable: the frames at the beginning are all there is.
        if not seek(container, stream, at_s) and seen:
            return
        packets = container.demux(stream)
        packet = _next_key(packets)
        if packet is None or (packet.pts, packet.dts) in seen:
            continue
        seen.add((packet.pts, packet.dts))
        frame = _drained(stream, packet, packets)
        if frame is not None:
            # A drained frame has lost its time; the packet knows.
            yield float((packet.pts or packet.dts or 0) * packet.time_base), frame


def seek(container: InputContainer, stream: VideoStream, at_s: float) -> bool:
    """Go to the key frame at or before that second; False where the file cannot be sought in."""
    try:
        container.seek(int(at_s / (stream.time_base or 1)), stream=stream)
    except av.FFmpegError:
        return False
    return True


def _next_key(packets: Iterator[Any]) -> Any:
    try:
        for count, packet in enumerate(packets):
            if not packet.size or count > _MOST_PACKETS:
                return None
            if packet.is_keyframe:
                return packet
    except av.FFmpegError:
        return None
    return None


def _drained(stream: VideoStream, packet: Any, followers: Iterator[Any]) -> VideoFrame | None:
    context = stream.codec_context
    frames: list[VideoFrame] = []
    try:
        frames = context.decode(packet)
        frames += context.decode(None)
        context.flush_buffers()
        if not frames:
            frames = context.decode(packet)
            for _, follower in zip(range(_MOST_FOLLOWERS), followers, strict=False):
                if frames or not follower.size:
                    break
                frames = context.decode(follower)
            context.flush_buffers()
    except MemoryError:
        raise
    except av.FFmpegError:
        context.flush_buffers()
    return frames[0] if frames else None


def between(
    container: InputContainer, stream: VideoStream, times: list[float]
) -> Iterator[tuple[float, VideoFrame]]:
    """Frames at the times themselves, decoded from the key frame before; stops at its budget."""
    deadline = time.process_time() + _BETWEEN_CPU_S
    position = None
    frames: Iterator[VideoFrame] = iter(())
    for at_s in times:
        if position is None or at_s - position > _BETWEEN_SKIP_S:
            if not seek(container, stream, at_s) and position is not None:
                return
            frames = decoded(container, stream)
        for frame in frames:
            position = frame.time if frame.time is not None else at_s
            if position >= at_s or time.process_time() > deadline:
                yield position, frame
                break
        if time.process_time() > deadline:
            return


def _scored(
    frames: Iterator[tuple[float, VideoFrame]], start_s: float
) -> list[tuple[Sample, VideoFrame]]:
    return [
        (scored(frame, max(0.0, at_s - start_s)), frame)
        for at_s, frame in frames
        if min(frame.width, frame.height) > 2
    ]


def scored(frame: VideoFrame, at_s: float) -> Sample:
    """One frame's scores, on its planes where they lie; only other than 8-bit planar is copied."""
    planar = frame if frame.format.name in _PLANAR else frame.reformat(format="yuv420p", threads=1)
    luma, u, v = planar.planes[:3]
    scores = core_ext.score_frame(
        luma,
        u,
        v,
        width=luma.width,
        height=luma.height,
        stride=luma.line_size,
        chroma_width=u.width,
        chroma_height=u.height,
        chroma_stride=u.line_size,
    )
    return Sample(
        at_s=round(at_s, 3),
        sharpness=scores.sharpness,
        mean=scores.mean,
        deviation=scores.deviation,
        dark_share=scores.dark_share,
        bright_share=scores.bright_share,
        entropy=scores.entropy,
        colourfulness=scores.colourfulness,
        difference_hash=scores.difference_hash,
    )
