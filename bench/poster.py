#!/usr/bin/env python3
"""Choosing a poster against the bare decode of the same key frames, and against the length.

Run `python -m bench.poster [--rounds 7]`. The reference decodes the 24 key packets, already in
memory, one by one, and does nothing else. Ours opens the file, seeks to them, decodes and scores
them, and chooses. The films are a minute of drawn, slightly noisy pictures with a key frame every
two seconds, joined to itself for ten minutes and for a hundred.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import av
from av.packet import Packet
from av.video.stream import VideoStream

from bench import _measure
from lectern.media.inside import container, frames
from lectern.media.pictures import ranking
from lectern.media.pictures.poster import candidates
from lectern.media.probe import probe
from lectern.media.sandbox import sandbox

MOST_DECODES = 2.0
MOST_DRIFT = 0.3


def make_film(folder: Path, minutes: int) -> Path:
    """A 720p recording of so many minutes, in seconds: only its first minute is encoded."""
    first, film = folder / "minute.mp4", folder / f"{minutes}.mp4"
    ffmpeg = [str(sandbox.ffmpeg()), "-loglevel", "error"]
    if not first.exists():
        picture = "testsrc2=s=1280x720:r=5:d=60,noise=alls=3:allf=t"
        coding = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p"]
        every = ["-g", "10", "-f", "lavfi", "-i", picture]
        subprocess.run([*ffmpeg, *every[2:], *every[:2], *coding, str(first)], check=True)
    again = ["-stream_loop", str(minutes - 1), "-i", str(first), "-c", "copy"]
    subprocess.run([*ffmpeg, *again, str(film)], check=True)
    return film


def chosen(film: Path, duration_s: float) -> list[ranking.Choice]:
    """Everything between an open file and the choice, as the sandbox does it."""
    with container.open_container(film, "mov") as opened:
        stream = frames.select(opened, 0)
        found = frames.sample(opened, stream, duration_s)
    return ranking.choose([sample for sample, _ in found], duration_s)


class BareDecode:
    """The key packets that `chosen` decodes, held in memory, and a decoder for them."""

    def __init__(self, film: Path, duration_s: float) -> None:
        self.container = av.open(str(film))
        self.stream: VideoStream = self.container.streams.video[0]
        self.stream.thread_count = 1
        base = self.stream.time_base or 1
        self.packets: list[Packet[Any]] = []
        for at_s in frames.sample_times(0.0, duration_s, frames.SAMPLES):
            self.container.seek(int(at_s / base), stream=self.stream)
            packets = self.container.demux(self.stream)
            self.packets.append(next(each for each in packets if each.is_keyframe))

    def __call__(self) -> None:
        context = self.stream.codec_context
        for packet in self.packets:
            decoded = context.decode(packet) + context.decode(None)
            context.flush_buffers()
            assert len(decoded) == 1


def main() -> int:
    """Print the ratios; the exit status is 1 when one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        short, long = make_film(folder, 10), make_film(folder, 100)
        contenders: dict[str, Callable[[], object]] = {
            "bare decode of 24 key frames": BareDecode(short, 600),
            "choice, 10 minutes": lambda: chosen(short, 600),
            "choice, 100 minutes": lambda: chosen(long, 6000),
        }
        timed = _measure.interleave(contenders, rounds)
        for contender, its in timed.items():
            _measure.show(contender, its, lambda wall: f"{frames.SAMPLES / wall:6.0f} frames/s")
        show_whole(short, folder)
        show_whole(long, folder)
    bare, ten, hundred = (median(r.cpu for r in its) for its in timed.values())
    return 0 if all([holds_decode(ten / bare), holds_length(hundred / ten)]) else 1


def show_whole(film: Path, folder: Path) -> None:
    """For information: all of it, with the sandbox, opening the file, and five pictures written."""
    scratch = folder / f"scratch-{film.stem}"
    scratch.mkdir()
    facts = probe(film, film.name, scratch)
    spent = _measure.measure(lambda: candidates(film, facts, scratch))
    print(f"  in the sandbox, pictures written, {film.stem} minutes: wall {spent.wall:.2f} s")


def holds_decode(ratio: float) -> bool:
    """CPU time of the choice over that of the bare decode."""
    holds = ratio <= MOST_DECODES
    print(f"{'holds' if holds else 'MISSED':>6}: choice costs {ratio:.2f} × the bare decode "
          f"(bar: ≤ {MOST_DECODES:g} ×)")  # fmt: skip
    return holds


def holds_length(ratio: float) -> bool:
    """CPU time for a hundred minutes over that for ten."""
    holds = abs(ratio - 1) <= MOST_DRIFT
    print(f"{'holds' if holds else 'MISSED':>6}: 100 minutes cost {ratio:.2f} × 10 minutes "
          f"(bar: 1 ± {MOST_DRIFT:g})")  # fmt: skip
    return holds


if __name__ == "__main__":
    sys.exit(main())
