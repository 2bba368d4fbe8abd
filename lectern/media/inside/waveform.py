"""Task `waveform`: the peaks of a sound track, and its loudness by EBU R 128."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.filter import Graph

from lectern.media.inside.container import alone, decoded, open_container
from lectern.media.sandbox.refusal import Refused

# The filter answers in tenths of a second; each is drawn as so many pairs.
PAIRS_A_FRAME = 2
PAIRS_A_SECOND = 10 * PAIRS_A_FRAME
# Two hours at full resolution; longer recordings are drawn more coarsely.
MOST_PAIRS = 2 * 3600 * PAIRS_A_SECOND
# The filter's word for “nothing was loud enough to be measured”.
_SILENCE_LUFS = -70.0
_QUIETEST_DB = -99.0


def perform(arguments: dict[str, Any], tell: Callable[[float], None]) -> dict[str, Any]:
    """`arguments`: source, demuxer, stream, duration_s, scratch.

    Writes `out.0`, the peaks in the JSON of BBC's audiowaveform (version 2, 8 bits, one channel),
    and returns `lufs`, `range_lu` and `true_peak_db`; None where it is silent.

    Raises:
        Refused: nothing of the track can be decoded.
    """
    duration_s = float(arguments["duration_s"] or 0)
    pairs: list[tuple[float, float]] = []
    measured: dict[str, str] = {}
    rate = 0
    with open_container(Path(arguments["source"]), str(arguments["demuxer"])) as container:
        stream = _select(container, int(arguments["stream"]))
        for frame in _measured(container, stream):
            rate = frame.sample_rate
            # What is left at the end is less than the meter's tenth of a second.
            measured = {**measured, **frame.metadata}
            pairs += _pairs(frame)
            tell(min(1.0, len(pairs) / PAIRS_A_SECOND / duration_s) if duration_s else 0.0)
    if not pairs:
        raise Refused("The file is damaged: its audio cannot be decoded.")
    _write(np.array(pairs), rate, Path(arguments["scratch"]) / "out.0")
    return _loudness(measured)


def _select(container: InputContainer, index: int) -> AudioStream:
    stream = alone(container, index)
    if not isinstance(stream, AudioStream):
        raise Refused("The file contains no audio.")
    return stream


def _measured(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Tenths of a second of the sound, each with what was measured from the start up to its end."""
    graph: Graph | None = None
    for frame in _even(container, stream):
        graph = graph or _graph(frame)
        graph.push(frame)
        yield from _pulled(graph)
    if graph:
        graph.push(None)
        yield from _pulled(graph)


def _even(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """The frames in one format, whatever the track changes to on its way."""
    resampler: AudioResampler | None = None
    layout = rate = None
    for frame in decoded(container, stream):
        frame.pts = None
        if resampler is None:
            layout, rate = frame.layout.name, frame.sample_rate
        try:
            resampler = resampler or AudioResampler("dbl", layout, rate)
            yield from resampler.resample(frame)
        except ValueError:
            # Built for another format than this frame has.
            resampler = AudioResampler("dbl", layout, rate)
            yield from resampler.resample(frame)


def _graph(frame: AudioFrame) -> Graph:
    graph = Graph()
    begin = graph.add_abuffer(
        sample_rate=frame.sample_rate, format=frame.format.name, layout=frame.layout.name
    )
    meter = graph.add("ebur128", "metadata=1:peak=true:framelog=quiet")
    end = graph.add("abuffersink")
    begin.link_to(meter)
    meter.link_to(end)
    graph.configure()
    return graph


def _pulled(graph: Graph) -> Iterator[AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        if isinstance(frame, AudioFrame):
            yield frame


def _pairs(frame: AudioFrame) -> list[tuple[float, float]]:
    """The lowest and the highest sample of each stretch, over all channels, -1 to 1."""
    samples = frame.to_ndarray().reshape(-1)
    # Less than a stretch is left at the very end.
    parts = np.array_split(samples, PAIRS_A_FRAME) if samples.size >= PAIRS_A_FRAME else [samples]
    return [(float(part.min()), float(part.max())) for part in parts]


def _write(pairs: "np.ndarray[Any, Any]", rate: int, target: Path) -> None:
    joined = -(-len(pairs) // MOST_PAIRS)
    starts = np.arange(0, len(pairs), joined)
    low = np.minimum.reduceat(pairs[:, 0], starts)
    high = np.maximum.reduceat(pairs[:, 1], starts)
    data = np.clip(np.rint(np.stack([low, high], axis=1) * 127), -128, 127).astype(int)
    described = {
        "version": 2,
        "channels": 1,
        "sample_rate": rate,
        "samples_per_pixel": max(1, round(rate / PAIRS_A_SECOND * joined)),
        "bits": 8,
        "length": len(data),
        "data": data.reshape(-1).tolist(),
    }
    target.write_text(json.dumps(described, separators=(",", ":")))


def _loudness(measured: dict[str, str]) -> dict[str, Any]:
    lufs = _number(measured.get("lavfi.r128.I"))
    if lufs is None or lufs <= _SILENCE_LUFS:
        return {"lufs": None, "range_lu": None, "true_peak_db": None}
    peak = _number(measured.get("lavfi.r128.true_peak")) or 0.0
    return {
        "lufs": round(lufs, 1),
        "range_lu": round(_number(measured.get("lavfi.r128.LRA")) or 0.0, 1),
        "true_peak_db": round(20 * math.log10(peak), 1) if peak > 0 else _QUIETEST_DB,
    }


def _number(text: str | None) -> float | None:
    """A finite number, or None for what the filter did not tell."""
    value = float(text) if text else math.nan
    return value if math.isfinite(value) else None
