"""Frame scores, against NumPy and OpenCV."""

from dataclasses import dataclass
from math import ceil

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core_ext import FrameScores, score_frame

Plane = NDArray[np.uint8]
SIZES = [(3, 3), (4, 7), (9, 8), (8, 9), (31, 17), (255, 300), (640, 360), (1281, 721), (2100, 3)]


@dataclass
class Frame:
    """A test picture of smooth colour, noise and flat areas, as planes without padding."""

    luma: Plane
    u: Plane
    v: Plane

    @classmethod
    def make(cls, width: int, height: int, *, seed: int = 0, chroma: str = "420") -> "Frame":
        source = np.random.default_rng(seed)
        across, down = {"420": (2, 2), "422": (2, 1), "444": (1, 1)}[chroma]

        def plane(width: int, height: int) -> Plane:
            coarse = source.integers(0, 256, (4, 5), dtype=np.uint8)
            smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
            noisy = np.clip(smooth + source.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8)
            noisy[: height // 3] = 250
            return noisy

        small = ceil(width / across), ceil(height / down)
        return cls(plane(width, height), plane(*small), plane(*small))

    def score(self, padding: int = 0) -> FrameScores:
        def padded(plane: Plane) -> bytes:
            return np.pad(plane, ((0, 0), (0, padding)), constant_values=77).tobytes()

        height, width = self.luma.shape
        chroma_height, chroma_width = self.u.shape
        return score_frame(
            *map(padded, (self.luma, self.u, self.v)),
            width=width,
            height=height,
            stride=width + padding,
            chroma_width=chroma_width,
            chroma_height=chroma_height,
            chroma_stride=chroma_width + padding,
        )


def hash_by_numpy(luma: Plane) -> int:
    """Exact means of the 9 × 8 cells, a pixel on a border counting in both."""
    height, width = luma.shape
    means = np.array(
        [
            [
                luma[y * height // 8 : -(-(y + 1) * height // 8)][
                    :, x * width // 9 : -(-(x + 1) * width // 9)
                ].mean(dtype=np.longdouble)
                for x in range(9)
            ]
            for y in range(8)
        ]
    )
    return int("".join("01"[bit] for bit in (means[:, 1:] > means[:, :-1]).ravel().tolist()), 2)


@pytest.mark.parametrize("padding", [0, 1, 37])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_luma_scores_agree_with_numpy_and_opencv(width: int, height: int, padding: int) -> None:
    frame = Frame.make(width, height, seed=width * height)
    scores, luma = frame.score(padding), frame.luma
    laplacian = cv2.Laplacian(luma, cv2.CV_64F)[1:-1, 1:-1]
    assert scores.sharpness == pytest.approx(laplacian.var(), rel=1e-9, abs=1e-9)
    assert scores.mean == pytest.approx(luma.mean(), rel=1e-12)
    assert scores.deviation == pytest.approx(luma.std(), rel=1e-9)
    assert scores.dark_share == pytest.approx((luma <= 16).mean())
    assert scores.bright_share == pytest.approx((luma >= 235).mean())
    share = np.bincount(luma.ravel(), minlength=256) / luma.size
    assert scores.entropy == pytest.approx(-(share[share > 0] * np.log2(share[share > 0])).sum())
    assert scores.difference_hash == hash_by_numpy(luma)


@pytest.mark.parametrize("chroma", ["420", "422", "444"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_colourfulness_agrees_with_numpy(width: int, height: int, chroma: str) -> None:
    frame = Frame.make(width, height, seed=width + height, chroma=chroma)
    u, v = (plane.astype(float) - 128 for plane in (frame.u, frame.v))
    axes = (0.344 * u + 2.116 * v, -1.944 * u + 0.344 * v)
    spread = np.hypot(*(axis.std() for axis in axes))
    offset = np.hypot(*(axis.mean() for axis in axes))
    assert frame.score(5).colourfulness == pytest.approx(spread + 0.3 * offset, rel=1e-9)


def colourfulness_in_colour_space(bgr: Plane) -> float:
    """Hasler and Süsstrunk's own formula, on red, green and blue."""
    blue, green, red = (bgr[:, :, index].astype(float) for index in range(3))
    axes = (red - green, (red + green) / 2 - blue)
    spread, offset = np.hypot(*map(np.std, axes)), np.hypot(*map(np.mean, axes))
    return float(spread + 0.3 * offset)


def test_colourfulness_ranks_frames_as_the_formula_on_colours_does() -> None:
    ours, theirs = [], []
    for seed in range(12):
        source = np.random.default_rng(seed)
        coarse = source.integers(96, 160, (3, 4, 3)) + (seed * 8 - 48) * np.array([1, 0, -1])
        smooth = cv2.resize(coarse.astype(np.uint8), (320, 180), interpolation=cv2.INTER_CUBIC)
        flat = cv2.cvtColor(smooth, cv2.COLOR_BGR2YUV_I420).reshape(-1)
        luma, u, v = np.split(flat, [320 * 180, 320 * 180 * 5 // 4])
        ours.append(score_frame(luma, u, v, width=320, height=180).colourfulness)
        theirs.append(colourfulness_in_colour_space(smooth))
    assert np.corrcoef(ours, theirs)[0, 1] > 0.999


def test_the_hash_is_close_to_that_of_opencvs_area_mean() -> None:
    for seed in range(10):
        luma = Frame.make(640, 360, seed=seed).luma[120:]
        ours = score_frame(luma.tobytes(), width=640, height=240).difference_hash
        small = cv2.resize(luma, (9, 8), interpolation=cv2.INTER_AREA)
        bits = np.packbits(small[:, 1:] > small[:, :-1]).tobytes()
        assert (ours ^ int.from_bytes(bits, "big")).bit_count() <= 2


def test_planes_of_a_decoded_frame_are_read_where_they_lie() -> None:
    made = Frame.make(318, 180, seed=5)
    frame = av.VideoFrame(318, 180, "yuv420p")
    for plane, samples in zip(frame.planes, (made.luma, made.u, made.v), strict=True):
        width = samples.shape[1]
        assert plane.line_size > width
        target = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        target[: samples.shape[0], :width] = samples
    scores = score_frame(
        *frame.planes,
        width=frame.width,
        height=frame.height,
        stride=frame.planes[0].line_size,
        chroma_stride=frame.planes[1].line_size,
    )
    expected = made.score()
    assert scores.sharpness == expected.sharpness
    assert scores.colourfulness == expected.colourfulness
    assert scores.difference_hash == expected.difference_hash


def test_a_frame_without_chroma_is_grey() -> None:
    scores = score_frame(bytes(range(200)) * 100, width=200, height=100)
    assert scores.colourfulness == 0
    assert scores.difference_hash == 2**64 - 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"width": 2, "height": 40}, "2 × 40"),
        ({"width": 40, "height": 0}, "40 × 0"),
        ({"width": 40, "height": 40, "stride": 39}, "39 bytes.*40 pixels"),
        ({"width": 40, "height": 41}, "1600 bytes.*1640"),
        ({"width": 2**40, "height": 2**40}, "1600 bytes"),
        ({"width": 40, "height": 40, "u": bytes(400)}, "both chroma planes"),
        ({"width": 40, "height": 40, "u": bytes(400), "v": bytes(399)}, "399 bytes.*400"),
        ({"width": 40, "height": 40, "u": b"", "v": b"", "chroma_width": 0}, "one pixel"),
    ],
)
def test_what_cannot_be_scored_is_refused_with_its_numbers(
    arguments: dict[str, int], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        score_frame(bytes(1600), **arguments)  # type: ignore[arg-type]


def test_a_plane_that_is_not_contiguous_is_refused() -> None:
    with pytest.raises(BufferError, match="contiguous"):
        score_frame(memoryview(bytes(3200))[::2], width=40, height=40)
