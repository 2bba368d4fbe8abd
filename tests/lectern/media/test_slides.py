"""Where slides begin and end: drawn on the spot, so that every second is known."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from lectern.media.pictures import slides
from lectern.media.pictures.slides import Slides
from lectern.media.probe import probe
from lectern.media.sandbox import sandbox
from tests.films import Part, film, slide

FPS = 5


def found(path: Path) -> Slides:
    return slides.find(path, probe(path, path.name, path.parent), path.parent)


def drawn(path: Path, pictures: list[np.ndarray], *options: str) -> Path:
    """A film of these pictures, `FPS` a second."""
    height, width = pictures[0].shape
    read = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{width}x{height}", "-r", str(FPS)]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", *options]
    command = [str(sandbox.ffmpeg()), "-v", "error", "-y", *read, "-i", "-", *coding, str(path)]
    data = b"".join(picture.tobytes() for picture in pictures)
    subprocess.run(command, input=data, check=True)
    return path


def test_each_slide_is_found_when_it_comes(tmp_path: Path) -> None:
    shown = found(film(tmp_path / "talk.mp4", Part(3, 36, slide_s=6))).shown
    assert [each.start_s for each in shown] == pytest.approx([0, 6, 12, 18, 24, 30], abs=0.6)
    assert [each.end_s for each in shown[:-1]] == [each.start_s for each in shown[1:]]


@pytest.mark.parametrize("coding", [("-g", "10"), ("-g", "9999", "-sc_threshold", "0")])
def test_a_speaker_in_the_corner_is_no_slide(tmp_path: Path, coding: tuple[str, ...]) -> None:
    noise = np.random.default_rng(5)
    pictures = []
    for number in range(40 * FPS):
        picture = np.asarray(slide(1, number // (10 * FPS) % 3)).copy()
        picture[:90, -120:] = noise.integers(0, 255, (90, 120)) // 30 * (number % 9)
        pictures.append(picture.astype(np.uint8))
    answer = found(drawn(tmp_path / "talk.mp4", pictures, *coding))
    assert [each.start_s for each in answer.shown] == pytest.approx([0, 10, 20, 30], abs=0.5)
    # The fourth shows the first again, and is read once.
    assert [each.picture for each in answer.shown] == [0, 1, 2, 0]
    assert len(answer.greys) == len(answer.thumbs) == 3
