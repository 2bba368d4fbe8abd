"""Storyboards show what the video shows, in order, few bytes for any length."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from lectern.media.pictures import storyboard
from lectern.media.pictures.storyboard import Storyboard
from lectern.media.probe import probe
from lectern.media.sandbox.refusal import Refused

Make = Callable[..., Path]
X264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "ultrafast")


def made(source: Path, scratch: Path) -> Storyboard:
    return storyboard.make(source, probe(source, source.name, scratch), scratch)


def tile(board: Storyboard, number: int) -> tuple[int, ...]:
    """The colour in the middle of one tile."""
    facts = board.facts
    sheet, rest = divmod(number, facts["columns"] * facts["rows"])
    row, column = divmod(rest, facts["columns"])
    with Image.open(board.sheets[sheet]) as image:
        x = (column + 0.5) * facts["width"]
        pixel = image.convert("RGB").getpixel((int(x), int((row + 0.5) * facts["height"])))
        assert isinstance(pixel, tuple)
        return pixel


def test_each_tile_shows_its_second(clip: Make, scratch: Path) -> None:
    colours = ("red", "lime", "blue")
    parts = "".join(f"color={c}:s=640x360:r=5:d=40[{c}];" for c in colours)
    chain = f"{parts}[red][lime][blue]concat=n=3"
    source = clip("colours.mp4", "-filter_complex", chain, *X264, "-g", "10")
    board = made(source, scratch)
    assert (board.facts["width"], board.facts["height"]) == (240, 135)
    assert len(board.facts["times"]) == 60
    assert len(board.sheets) == 2
    assert board.facts["times"] == sorted(board.facts["times"])
    for number, at_s in enumerate(board.facts["times"]):
        pixel = tile(board, number)
        assert pixel.index(max(pixel)) == int(at_s // 40), at_s


def test_one_long_group_of_pictures_still_has_several(clip: Make, scratch: Path) -> None:
    source = clip("one-group.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=5:d=30", *X264,
                  "-g", "9999", "-sc_threshold", "0")  # fmt: skip
    assert len(made(source, scratch).facts["times"]) >= 6


def test_portrait_and_wide_videos_keep_their_shape(corpus: Path, scratch: Path) -> None:
    board = made(corpus / "video" / "hdr10-av1-portrait.mp4", scratch)
    assert (board.facts["width"], board.facts["height"]) == (135, 240)


@pytest.mark.parametrize(
    "name",
    [
        *("all-black-6s.mp4", "av1-no-audio.mkv", "bit-errors-in-mdat.mp4", "wmv2-wmav2.wmv"),
        *(
            "fragmented-bogus-duration-39h.mp4",
            "mpegts-avchd-1080-ac3.mts",
            "single-frame-40ms.mp4",
        ),
        *("iphone-rotated-90-half-second.mov", "truncated-100kB-of-19min.mkv", "theora-vorbis.ogv"),
    ],
)
def test_every_accepted_video_has_one(corpus: Path, scratch: Path, name: str) -> None:
    board = made(corpus / "video" / name, scratch)
    tiles = len(board.facts["times"])
    assert 1 <= tiles <= 300
    assert len(board.sheets) == -(-tiles // 36)
    with Image.open(board.sheets[0]) as image:
        assert image.format == "JPEG"
        assert image.width == 6 * board.facts["width"]


def test_stopping_stops(corpus: Path, scratch: Path) -> None:
    source = corpus / "video" / "long-6min-1080p-lowbitrate.mp4"
    facts = probe(source, source.name, scratch)
    with pytest.raises(Exception, match="stopped"):
        storyboard.make(source, facts, scratch, cancelled=lambda: True)


def test_a_file_without_a_picture_is_refused(corpus: Path, scratch: Path) -> None:
    good = corpus / "video" / "all-black-6s.mp4"
    facts = probe(good, good.name, scratch)
    broken = scratch / "broken.mp4"
    broken.write_bytes(good.read_bytes()[:2_000])
    with pytest.raises(Refused):
        storyboard.make(broken, facts, scratch)
