"""Which tracks of sound are heard at all, and whether their channels cancel each other out."""

import math
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

# Half a second at each of so many places, spread over the recording, or its beginning.
_PLACES, _WINDOW_S = 16, 0.5
_RATE = 8_000
# The noise of a muted microphone stays below; the quietest speech does not.
_SILENCE_RMS = 10 ** (-60 / 20)
# Below this correlation, one channel is the other one turned over: their sum is nearly nothing.
_INVERTED = -0.9


@dataclass
class Heard:
    """What was measured of one track: its loudest window, and how its first channels relate."""

    rms: float = 0.0
    left: float = 0.0
    right: float = 0.0
    product: float = 0.0

    @property
    def silent(self) -> bool:
        """True when nothing was heard anywhere."""
        return self.rms < _SILENCE_RMS

    @property
    def inverted(self) -> bool:
        """True when a mix of both channels would be far quieter than each."""
        power = math.sqrt(self.left * self.right)
        return not self.silent and power > 0 and self.product / power < _INVERTED

    def take(self, samples: "np.ndarray[tuple[int, int], np.dtype[np.float32]]") -> None:
        """Add a window: samples of one or two channels, -1 to 1."""
        if samples.size:
            self.rms = max(self.rms, float(np.sqrt(np.mean(np.square(samples), axis=1)).max()))
        if len(samples) == 2:
            left, right = samples.astype(np.float64)
            self.left += float(left @ left)
            self.right += float(right @ right)
            self.product += float(left @ right)


def listen(
    container: InputContainer, streams: list[AudioStream], start_s: float, duration_s: float
) -> dict[int, Heard]:
    """A few windows of each stream, by its index; the container is somewhere else afterwards."""
    heard = {stream.index: Heard() for stream in streams}
    for place in range(_PLACES):
        at_s = start_s + duration_s * place / _PLACES
        try:
            container.seek(int(at_s * 1e6))
            for index, samples in _window(container, streams).items():
                heard[index].take(samples)
        except MemoryError:
            raise
        except av.FFmpegError:
            continue
    return heard


def _window(
    container: InputContainer, streams: list[AudioStream]
) -> "dict[int, np.ndarray[tuple[int, int], np.dtype[np.float32]]]":
    """The next half second of each stream, one channel or two."""
    shapers = {
        each.index: AudioResampler("fltp", "mono" if each.channels == 1 else "stereo", _RATE)
        for each in streams
    }
    parts: dict[int, list[Any]] = {each.index: [] for each in streams}
    missing = {each.index: int(_WINDOW_S * _RATE) for each in streams}
    for packet in container.demux(streams):
        index = packet.stream_index
        if missing.get(index, 0) > 0:
            for frame in _frames(packet):
                for shaped in shapers[index].resample(frame):
                    parts[index].append(shaped.to_ndarray())
                    missing[index] -= shaped.samples
        if max(missing.values()) <= 0:
            break
    return {index: np.concatenate(some, axis=1) for index, some in parts.items() if some}


def _frames(packet: Any) -> list[AudioFrame]:
    try:
        return list(packet.decode())
    except MemoryError:
        raise
    except (av.FFmpegError, ValueError):
        return []
