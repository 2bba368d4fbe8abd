"""The same colours in the plain file and on every rung, as a browser decodes them."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace

from lectern.media import playable
from lectern.media.playable import Playable
from lectern.media.probe import probe
from tests.lectern.media.streaming import stream

Make = Callable[..., Path]
Pixels = "np.ndarray[tuple[int, int], np.dtype[np.float64]]"
# Eight bars of plain colours, exact in RGB.
BARS = ("white", "yellow", "cyan", "lime", "magenta", "red", "blue", "0x404040")
TOLERANCE = 4.0
UNTAGGED = (
    "-bsf:v",
    "h264_metadata=colour_primaries=2:transfer_characteristics=2:matrix_coefficients=2",
)


def bars(width: int, height: int) -> tuple[str, ...]:
    """ffmpeg's input: the bars, in RGB, for two seconds."""
    share = width // len(BARS)
    boxes = ",".join(
        f"drawbox=x={n * share}:y=0:w={share}:h={height}:color={name}:t=fill"
        for n, name in enumerate(BARS)
    )
    return ("-f", "lavfi", "-i", f"color=black:s={width}x{height}:r=10:d=2,format=gbrp,{boxes}")


def to_yuv(matrix: str, pixels: str, full: bool = False) -> str:
    span = "full" if full else "tv"
    return f"scale=out_color_matrix={matrix}:out_range={span},format={pixels}"


H264 = ("-c:v", "libx264", "-qp", "4")
SOURCES: dict[str, tuple[int, int, str, tuple[str, ...]]] = {
    "untagged HD": (1280, 720, "mp4", ("-vf", to_yuv("bt709", "yuv420p"), *H264, *UNTAGGED)),
    "untagged SD": (640, 360, "mp4", ("-vf", to_yuv("smpte170m", "yuv420p"), *H264, *UNTAGGED)),
    "RGB": (1280, 720, "mkv", ("-c:v", "libx264rgb", "-qp", "4")),
    "4:2:2": (1280, 720, "mov", ("-vf", to_yuv("bt709", "yuv422p10le"), "-c:v", "prores_ks")),
    "4:4:4": (1280, 720, "mp4", ("-vf", to_yuv("bt709", "yuv444p"), *H264)),
    "full range": (1280, 720, "mp4", ("-vf", to_yuv("bt709", "yuvj420p", full=True), *H264)),
    "untagged MPEG-2": (
        720,
        576,
        "mpg",
        ("-vf", to_yuv("bt470bg", "yuv420p"), "-r", "25", "-q:v", "1"),
    ),
}


def colours(path: Path) -> Pixels:
    """The bars from left to right, as browsers show them."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    picture = as_a_browser(frames[len(frames) // 2]).to_ndarray(format="rgb24").astype(float)
    height, width, _ = picture.shape
    share = width / len(BARS)
    middle = picture[height // 3 : 2 * height // 3]
    parts = [
        middle[:, round((n + 0.3) * share) : round((n + 0.7) * share)] for n in range(len(BARS))
    ]
    return np.array([part.reshape(-1, 3).mean(axis=0) for part in parts])


def as_a_browser(frame: VideoFrame) -> VideoFrame:
    """By its tags; without them as HD from 720 lines on, in limited range."""
    guessed = Colorspace.ITU709 if frame.height >= 720 else Colorspace.ITU601
    return frame.reformat(
        format="rgb24",
        src_colorspace=guessed if frame.colorspace == 2 else None,
        dst_color_range=ColorRange.JPEG,
    )


TRUE = np.array(
    [
        *([255, 255, 255], [255, 255, 0], [0, 255, 255], [0, 255, 0]),
        *([255, 0, 255], [255, 0, 0], [0, 0, 255], [64, 64, 64]),
    ],
    dtype=float,
)


def renditions(source: Path, tmp_path: Path) -> dict[str, Path]:
    scratch = tmp_path / "playable"
    scratch.mkdir()
    made = playable.make(source, probe(source, source.name, scratch), scratch)
    assert isinstance(made, Playable)
    streams = stream(source, tmp_path / "streams")
    rungs = [path for path in streams.folder.glob("*.mp4") if not path.name.startswith("a")]
    return {"playable": made.path, **{path.stem: path for path in rungs}}


@pytest.mark.parametrize("name", SOURCES)
def test_every_rendition_has_the_colours_of_the_source(
    clip: Make, tmp_path: Path, name: str
) -> None:
    width, height, ending, coding = SOURCES[name]
    source = clip(f"bars.{ending}", *bars(width, height), *coding)
    for rendition, path in renditions(source, tmp_path).items():
        off = np.abs(colours(path) - TRUE)
        assert off.max() <= TOLERANCE, f"{rendition}: {off.round(1).tolist()}"


@pytest.mark.parametrize("transfer", ["arib-std-b67", "smpte2084"])
def test_hdr_looks_the_same_on_every_rung(clip: Make, tmp_path: Path, transfer: str) -> None:
    tags = f"setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc={transfer}"
    coding = (
        "-vf",
        f"{to_yuv('bt2020', 'yuv420p10le')},{tags}",
        "-c:v",
        "libx265",
        "-x265-params",
        "log-level=none:qp=4",
    )
    source = clip("hdr.mp4", *bars(1280, 720), *coding)
    assert probe(source, source.name, tmp_path).hdr
    every = {name: colours(path) for name, path in renditions(source, tmp_path).items()}
    plain = every.pop("playable")
    assert every
    for name, values in every.items():
        assert np.abs(values - plain).max() <= TOLERANCE, name


def test_the_handed_file_has_the_same_colours_on_every_rung(
    assets_dir: Path, tmp_path: Path
) -> None:
    source = assets_dir / "media" / "hunted" / "untagged-hd.mp4"
    if not source.is_file():
        pytest.skip(f"there is no {source}")
    made = {name: colours(path) for name, path in renditions(source, tmp_path).items()}
    plain = made.pop("playable")
    for name, values in made.items():
        assert np.abs(values - plain).max() <= TOLERANCE, name
