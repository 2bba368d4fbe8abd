#!/usr/bin/env python3
"""A storyboard against ffmpeg's `fps=1/5` over all frames of the same film, by CPU time.

Run `python -m bench.media_storyboard [--rounds 3] [--minutes 10]`. The film is a drawn, slightly
noisy 720p recording with a key frame every ten seconds. Both write pictures 240 pixels wide.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from lectern.media.facts import Facts
from lectern.media.pictures import storyboard
from lectern.media.probe import probe
from lectern.media.sandbox import sandbox

MOST = 0.05


def make_film(folder: Path, minutes: int) -> Path:
    """A recording of so many minutes: only its first one is encoded."""
    first, film = folder / "minute.mp4", folder / "film.mp4"
    ffmpeg = [str(sandbox.ffmpeg()), "-loglevel", "error"]
    picture = "testsrc2=s=1280x720:r=25:d=60,noise=alls=3:allf=t"
    coding = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p"]
    subprocess.run(
        [*ffmpeg, "-f", "lavfi", "-i", picture, "-g", "250", *coding, str(first)], check=True
    )
    again = ["-stream_loop", str(minutes - 1), "-i", str(first), "-c", "copy"]
    subprocess.run([*ffmpeg, *again, str(film)], check=True)
    return film


def cpu_of(action: Callable[[], object]) -> float:
    """CPU seconds of this process and of all children that it waits for."""

    def spent() -> float:
        both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(each.ru_utime + each.ru_stime for each in both)

    before = spent()
    action()
    return spent() - before


def ours(film: Path, facts: Facts, folder: Path) -> None:
    """All of it: the sandbox, the sheets, the answer."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        storyboard.make(film, facts, Path(scratch))


def theirs(film: Path, folder: Path) -> None:
    """ffmpeg decoding every frame and keeping one of each five seconds."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        pictures = ["-vf", "fps=1/5,scale=240:-2", str(Path(scratch) / "%d.jpg")]
        command = [str(sandbox.ffmpeg()), "-loglevel", "error", "-threads", "1", "-i", str(film)]
        subprocess.run([*command, *pictures], check=True)


def main() -> int:
    """Print the ratio; the exit status is 1 when it is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=int, default=10)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = make_film(folder, wanted.minutes)
        facts = probe(film, film.name, folder)
        pairs = []
        for _ in range(wanted.rounds):
            full = cpu_of(lambda: theirs(film, folder))
            pairs.append((cpu_of(lambda: ours(film, facts, folder)), full))
    ratio = median(mine / full for mine, full in pairs)
    mine, full = (median(each) for each in zip(*pairs, strict=True))
    print(f"  storyboard {mine:.2f} s of CPU, fps=1/5 over all frames {full:.2f} s")
    holds = ratio <= MOST
    print(f"{'holds' if holds else 'MISSED':>6}: {ratio:.3f} × (bar: ≤ {MOST:g} ×)")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
