#!/usr/bin/env python3
"""All scores of a 1280 × 720 frame against the OpenCV sequence that gives the same.

Run `python -m bench.frames [--frames 48] [--rounds 15]`. OpenCV is given its BGR frame for
nothing; ours takes the Y, U and V planes where they lie.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench import _measure
from core_ext import score_frame

Pixels = NDArray[Any]  # always uint8; OpenCV's own signatures promise less

WIDTH, HEIGHT = 1280, 720
CHROMA = WIDTH // 2 * HEIGHT // 2


def make_frames(count: int) -> list[Pixels]:
    """BGR frames of lecture kinds in turn: a slide with text, a camera picture, both."""
    source = np.random.default_rng(720)
    frames = []
    for index in range(count):
        slide = np.full((HEIGHT, WIDTH, 3), 245, np.uint8)
        for line in range(12):
            text = f"Slide {index}, line {line}: {source.integers(1 << 40):x}"
            ink = source.integers(0, 160, 3).tolist()
            cv2.putText(slide, text, (60, 60 + 52 * line), cv2.FONT_HERSHEY_SIMPLEX, 1.2, ink, 2)
        coarse = source.integers(0, 256, (9, 16, 3), dtype=np.uint8)
        smooth = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        grain = source.normal(0, 4, smooth.shape)
        camera = np.clip(smooth + grain, 0, 255).astype(np.uint8)
        both = slide.copy()
        both[360:, 640:] = camera[360:, 640:]
        frames.append((slide, camera, both)[index % 3])
    return frames


def planes_of(frame: Pixels) -> tuple[Pixels, Pixels, Pixels]:
    """The frame as 8-bit 4:2:0 planes."""
    flat: Pixels = cv2.cvtColor(frame, cv2.COLOR_BGR2YUV_I420).reshape(-1)
    luma = WIDTH * HEIGHT
    return flat[:luma], flat[luma : luma + CHROMA], flat[luma + CHROMA :]


def sharpness_by_opencv(gray: Pixels) -> float:
    _, deviation = cv2.meanStdDev(cv2.Laplacian(gray, cv2.CV_16S))
    return float(deviation[0, 0]) ** 2


def exposure_by_opencv(gray: Pixels) -> tuple[float, float, float, float]:
    mean, deviation = cv2.meanStdDev(gray)
    dark = cv2.countNonZero(cv2.inRange(gray, 0, 16)) / gray.size
    bright = cv2.countNonZero(cv2.inRange(gray, 235, 255)) / gray.size
    return float(mean[0, 0]), float(deviation[0, 0]), dark, bright


def entropy_by_opencv(gray: Pixels) -> float:
    share = cv2.calcHist([gray], [0], None, [256], [0, 256]).ravel() / gray.size
    share = share[share > 0]
    return -float((share * np.log2(share)).sum())


def colourfulness_by_opencv(frame: Pixels) -> float:
    blue, green, red = cv2.split(frame)
    red_green = cv2.subtract(red, green, dtype=cv2.CV_32F)
    yellow = cv2.addWeighted(red, 0.5, green, 0.5, 0, dtype=cv2.CV_32F)
    yellow_blue = cv2.subtract(yellow, blue, dtype=cv2.CV_32F)
    means, deviations = zip(*map(cv2.meanStdDev, (red_green, yellow_blue)), strict=True)
    return float(np.hypot(*deviations)[0, 0] + 0.3 * np.hypot(*means)[0, 0])


def difference_hash_by_opencv(gray: Pixels) -> int:
    small = cv2.resize(gray, (9, 8), interpolation=cv2.INTER_AREA)
    return int.from_bytes(np.packbits(small[:, 1:] > small[:, :-1]).tobytes(), "big")


def score_by_opencv(frame: Pixels) -> tuple[float, ...]:
    """The whole sequence from one BGR frame, as OpenCV hands it out."""
    gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    return (
        sharpness_by_opencv(gray),
        *exposure_by_opencv(gray),
        entropy_by_opencv(gray),
        colourfulness_by_opencv(frame),
        difference_hash_by_opencv(gray),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    frames = make_frames(options.frames)
    planes = [planes_of(frame) for frame in frames]
    grays = [cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) for frame in frames]

    def over(action: Callable[[Any], object], items: Sequence[Any]) -> Callable[[], object]:
        return lambda: [action(item) for item in items]

    timed = _measure.interleave(
        {
            "OpenCV, gray from BGR": over(lambda f: cv2.cvtColor(f, cv2.COLOR_BGR2GRAY), frames),
            "OpenCV, sharpness": over(sharpness_by_opencv, grays),
            "OpenCV, exposure": over(exposure_by_opencv, grays),
            "OpenCV, entropy": over(entropy_by_opencv, grays),
            "OpenCV, colourfulness": over(colourfulness_by_opencv, frames),
            "OpenCV, difference hash": over(difference_hash_by_opencv, grays),
            "OpenCV, all": over(score_by_opencv, frames),
            "score_frame, all": over(lambda p: score_frame(*p, width=WIDTH, height=HEIGHT), planes),
        },
        options.rounds,
    )
    print(f"{options.frames} frames of {WIDTH} × {HEIGHT}, median of {options.rounds} rounds:")
    for name, result in timed.items():
        _measure.show(name, result, lambda wall: f"{wall / options.frames * 1e6:7.0f} µs a frame")
    ratio = _measure.speed_ratio(timed["OpenCV, all"], timed["score_frame, all"], by="cpu")
    return 0 if _measure.hold("score_frame / OpenCV sequence, CPU", ratio, 12) else 1


if __name__ == "__main__":
    sys.exit(main())
