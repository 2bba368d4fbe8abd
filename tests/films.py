"""Lectures drawn and composed on the spot: slides of one template, and sound that never repeats.

Equal seeds give equal slides and sound, so a test decides what two films share.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from lectern.media.sandbox import sandbox

SIZE = (640, 360)
FPS = 2
RATE = 22_050
WORDS = (
    *("vector", "matrix", "proof", "lemma", "cell", "enzyme", "market", "demand", "treaty"),
    *("empire", "verb", "clause", "orbit", "photon", "sample", "median", "tensor", "kernel"),
    *("bridge", "torque", "glacier", "delta", "sonnet", "motif", "ledger", "asset"),
)


@dataclass(frozen=True)
class Part:
    """A stretch of a film: its slides change every few seconds; seed 0 is black and silent."""

    seed: int
    seconds: int
    slide_s: int = 6


def film(path: Path, *parts: Part, coding: tuple[str, ...] = ("-c:v", "libx264")) -> Path:
    """A film of these parts, H.264 and AAC."""
    sound = path.with_suffix(".pcm")
    sound.write_bytes(b"".join(_melody(part) for part in parts))
    width, height = SIZE
    pictures = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{width}x{height}", "-r", str(FPS)]
    heard = ["-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", str(sound)]
    out = [*coding, "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"]
    _ffmpeg([*pictures, "-i", "-", *heard, *out, path], b"".join(_slides(parts)))
    sound.unlink()
    return path


def changed(source: Path, name: str, *options: str, before: tuple[str, ...] = ()) -> Path:
    """Another file made of a film; `before` are options for reading it."""
    path = source.with_name(name)
    if not path.exists():
        _ffmpeg([*before, "-i", source, *options, path])
    return path


def slide(seed: int, number: int) -> Image.Image:
    """One slide: head, foot and rule are every slide's, the words are its own."""
    width, height = SIZE
    image = Image.new("L", SIZE, 240)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width, 54), fill=40)
    draw.rectangle((0, height - 26, width, height), fill=90)
    draw.ellipse((width - 60, 8, width - 20, 48), fill=200)
    draw.line((30, 110, width - 30, 110), fill=120, width=3)
    choice = np.random.default_rng((seed, number))
    draw.text((34, 70), _line(choice, 3), fill=20, font=ImageFont.load_default(30))
    for row in range(int(choice.integers(3, 6))):
        words = _line(choice, int(choice.integers(2, 7)))
        draw.text((50, 130 + 38 * row), f"• {words}", fill=30, font=ImageFont.load_default(22))
    return image


def _line(choice: np.random.Generator, words: int) -> str:
    return " ".join(WORDS[i] for i in choice.integers(0, len(WORDS), words))


def _slides(parts: tuple[Part, ...]) -> Iterator[bytes]:
    for part in parts:
        shown = b""
        for frame in range(part.seconds * FPS):
            if part.seed and frame % (part.slide_s * FPS) == 0:
                shown = slide(part.seed, frame).tobytes()
            yield shown or bytes(SIZE[0] * SIZE[1])


def _melody(part: Part) -> bytes:
    if not part.seed:
        return bytes(2 * RATE * part.seconds)
    choice = np.random.default_rng(part.seed)
    time = np.arange(RATE // 4) / RATE
    chords = []
    for _ in range(4 * part.seconds):
        pitches = 110 * 2 ** (choice.integers(0, 36, 3) / 12)
        chords.append(sum(np.sin(2 * np.pi * pitch * time) for pitch in pitches))
    return (np.concatenate(chords) * 5000).astype("<i2").tobytes()


def _ffmpeg(arguments: list[str | Path], fed: bytes = b"") -> None:
    command = [str(sandbox.ffmpeg()), "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, input=fed, check=True, timeout=120)
