#!/usr/bin/env python3
"""The ladder of a 1080p talk against its rungs one by one, and against the best bare command.

Run `python -m bench.media_streams [--rounds 3] [--seconds 20]`. Three rungs (1080, 720, 360) of a
drawn talk with sound: slides that change, and a speaker in a noisy corner. *Ours* is what a worker
does: in the sandbox, frames counted, every fragment's place read back. The bare command decodes
once, scales each size from the next larger, and writes HLS by ffmpeg's own muxer with the same
encoder settings. CPU time is that of all child processes. The last lines say how soon the coded
source alone can be streamed.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench import _measure
from bench._measure import Round
from lectern.media.hls import commands, encoder, ladder, timeline
from lectern.media.hls.plan import Plan
from lectern.media.probe import probe
from lectern.media.sandbox import sandbox

MOST_OF_SINGLE = 0.75
MOST_OF_BARE = 1.1
NAMES = ("v1080", "v720", "v360")
SLIDE = "color=c=0xf4f1ea:s=1920x1080"
# Ten lines of strokes as fine as letters; every other one on each second slide.
LINES = "".join(
    f",drawbox=x=160:y={140 + 80 * n}:w={700 + 97 * n % 500}:h=34:c=0x303030:t=fill"
    + (":enable='lt(mod(t,8),4)'" if n % 2 else "")
    for n in range(10)
)
LINES += ",drawgrid=w=14:h=1080:t=5:c=0xf4f1ea"


def make_talk(folder: Path, seconds: int) -> Path:
    """H.264 as a camera writes it; of key frames too rare for the picture to be kept."""
    talk = folder / "talk.mp4"
    speaker = f"testsrc2=s=480x270:r=25:d={seconds},noise=alls=6:allf=t"
    sources = (f"{SLIDE}:r=25:d={seconds}{LINES}", speaker, f"sine=d={seconds}")
    inputs = [word for source in sources for word in ("-f", "lavfi", "-i", source)]
    inputs += ["-filter_complex", "[0:v][1:v]overlay=x=1380:y=760", "-map", "2:a"]
    coding = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"]
    ffmpeg = [str(sandbox.ffmpeg()), "-loglevel", "error", "-y", *inputs, *coding]
    subprocess.run([*ffmpeg, "-c:a", "aac", "-g", "50", str(talk)], check=True)
    return talk


def children(action: Callable[[], object]) -> Round:
    """Seconds on the wall, and of CPU over all child processes that `action` has waited for."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    action()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Round(time.perf_counter() - began, cpu)


class Talk:
    """The film, its plan, and the ways to make three rungs of it."""

    def __init__(self, folder: Path, seconds: int) -> None:
        self.folder = folder
        self.path = make_talk(folder, seconds)
        scratch = self.empty("scratch")
        self.facts = probe(self.path, self.path.name, scratch)
        self.timeline = timeline.measure(self.path, self.facts, scratch)
        kept = ladder.plan(self.facts, self.timeline, 180)
        whole = ladder.without_copies(replace(kept, cuts=()), self.facts)
        cuts = ladder.regular_cuts(whole.rate, whole.frames)
        rungs = tuple(rung for rung in whole.rungs if rung.name in NAMES)
        self.kept, self.plan = kept, replace(whole, cuts=cuts, rungs=rungs, segments=(0,))

    def empty(self, name: str) -> Path:
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def ours(self) -> None:
        """What a worker does for a video that is not divided."""
        made = encoder.encode(self.path, self.plan, 0, self.empty("ours"), None, None)
        assert [each.index.samples for each in made] == [self.plan.frames] * 3

    def one_by_one(self) -> None:
        """Each rung by a command of its own, decoded each time."""
        for rung in self.plan.rungs:
            self.run(replace(self.plan, rungs=(rung,)), self.empty(rung.name))

    def run(self, plan: Plan, folder: Path) -> None:
        (folder / commands.INPUT).symlink_to(self.path)
        command = [str(sandbox.ffmpeg()), *commands.encoding(plan, 0)]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)

    def bare(self) -> None:
        """The best that one command line does, written by hand."""
        sizes = [(rung.width, rung.height) for rung in self.plan.rungs]
        (a, b), (c, d), (e, f) = sizes
        graph = (
            f"[0:v]scale={a}:{b}:flags=bicubic,split[v0][s0];[s0]scale={c}:{d}:flags=bicubic,"
            f"split[v1][s1];[s1]scale={e}:{f}:flags=bicubic[v2]"
        )
        words = ["-threads", "2", "-i", str(self.path), "-filter_complex", graph]
        for number, rung in enumerate(self.plan.rungs):
            threads = "1" if rung.name == "v360" else "2"
            crf = "21" if self.plan.slides else "23"
            words += ["-map", f"[v{number}]", "-c:v", "libx264", "-preset", "veryfast"]
            words += ["-crf", crf, "-maxrate", f"{rung.kbps}k", "-bufsize", f"{2 * rung.kbps}k"]
            words += ["-profile:v", "high", "-pix_fmt", "yuv420p", "-g", "100", "-threads", threads]
            words += ["-sc_threshold", "0", "-f", "hls", "-hls_time", "4", "-hls_flags"]
            words += ["single_file", "-hls_segment_type", "fmp4", "-hls_playlist_type", "vod"]
            words += [f"v{number}.m3u8"]
        command = [str(sandbox.ffmpeg()), "-loglevel", "error", "-y", *words]
        subprocess.run(command, check=True, cwd=self.empty("bare"))

    def at_once(self) -> None:
        """The coded source alone, and its sound: all that the first playlist names."""
        made = encoder.originals(self.path, self.kept, self.empty("kept"), None, None)
        assert made is not None
        assert made[0].name == "source"


def main() -> int:
    """Print the ratios; the exit status is 1 when one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        talk = Talk(Path(name), given.seconds)
        ways = {"ours": talk.ours, "one by one": talk.one_by_one, "one bare command": talk.bare}
        timed: dict[str, list[Round]] = {way: [] for way in ways}
        for _ in range(given.rounds):
            for way, action in ways.items():
                timed[way].append(children(action))
        for way, rounds in timed.items():
            _measure.show(way, rounds, lambda wall: f"{given.seconds / wall:5.1f} × real time")
        first = children(talk.at_once)
        print(f"  the source as it is, streamable after {first.wall:.2f} s (cpu {first.cpu:.2f} s)")
    single, bare = (
        1 / _measure.speed_ratio(timed[other], timed["ours"], by="cpu")
        for other in ("one by one", "one bare command")
    )
    held = [
        within("three rungs cost", single, MOST_OF_SINGLE, "three runs of one"),
        within("three rungs cost", bare, MOST_OF_BARE, "the best bare command"),
    ]
    return 0 if all(held) else 1


def within(claim: str, ratio: float, at_most: float, reference: str) -> bool:
    """Print one bar and whether it holds."""
    holds = ratio <= at_most
    print(f"{'holds' if holds else 'MISSED':>6}: {claim} {ratio:.2f} × {reference} (≤ {at_most:g})")
    return holds


if __name__ == "__main__":
    sys.exit(main())
