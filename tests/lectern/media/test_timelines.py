"""One truth of what a person sees and hears: edits, joins, changes on the way, early ends.

What is made of each file is decoded again, and its frames say which second they are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest

from lectern.media import playable
from lectern.media.facts import Facts
from lectern.media.pictures import poster, storyboard
from lectern.media.playable import Playable
from lectern.media.probe import probe
from tests.lectern.media import timed
from tests.lectern.media.streaming import stream
from tests.lectern.media.timed import CODING, film, shown

Make = Callable[..., Path]
FRAME_S = 1 / timed.RATE


@dataclass
class Made:
    """What a browser gets of a file: the plain one, and the smallest rung of its streams."""

    facts: Facts
    playable: Path
    rung: Path
    sound: Path


@pytest.fixture
def made(tmp_path: Path) -> Callable[[Path], Made]:
    def make(source: Path) -> Made:
        scratch = tmp_path / "playable"
        scratch.mkdir()
        facts = probe(source, source.name, scratch)
        plain = playable.make(source, facts, scratch)
        assert isinstance(plain, Playable)
        streams = stream(source, tmp_path / "streams")
        rungs = [*streams.plan.rungs]
        name = rungs[-1].name if rungs else "source"
        folder = streams.folder
        return Made(facts, plain.path, folder / f"{name}.mp4", folder / "a0.mp4")

    return make


@pytest.fixture(scope="session")
def hunted(assets_dir: Path) -> Path:
    folder = assets_dir / "media" / "hunted"
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}")
    return folder


def assert_shows(path: Path, seconds: list[float], *, within: float = 0.06) -> None:
    """The film shows these seconds of the recording one after the other, a frame each."""
    frames = shown(path)
    assert len(frames) == pytest.approx(len(seconds), abs=1)
    for second, (at_s, carried_s) in zip(seconds, frames, strict=False):
        assert carried_s == pytest.approx(second, abs=within), f"at {at_s:.2f} s"


def span(start_s: float, end_s: float) -> list[float]:
    return [
        round(each * FRAME_S, 3) for each in range(round(start_s / FRAME_S), round(end_s / FRAME_S))
    ]


def whole(make: Make, seconds: float = 12, **values: str) -> Path:
    return make("whole.mp4", *film(seconds, **values), *CODING)


# Parts of a recording, as an editor that does not encode leaves them: start and length.
EDITS = {
    "begins between key frames": [(2.5, 6.0)],
    "ends early": [(0.0, 7.0)],
    "cut in the middle": [(0.0, 3.0), (7.5, 4.0)],
    "two cuts": [(0.5, 2.0), (4.3, 2.0), (9.0, 2.5)],
}


@pytest.mark.parametrize("edits", EDITS.values(), ids=EDITS.keys())
def test_what_was_cut_out_is_neither_shown_nor_counted(
    clip: Make, tmp_path: Path, made: Callable[[Path], Made], edits: list[tuple[float, float]]
) -> None:
    source = timed.with_edits(whole(clip), tmp_path / "edited.mp4", edits)
    length_s = sum(length for _, length in edits)
    seconds = [second for start, length in edits for second in span(start, start + length)]
    got = made(source)
    assert got.facts.duration_s == pytest.approx(length_s, abs=0.15)
    assert_shows(got.playable, seconds)
    assert_shows(got.rung, seconds)
    assert timed.sound_s(got.sound) == pytest.approx(length_s, abs=0.15)


def test_pictures_speak_of_the_time_that_is_shown(clip: Make, tmp_path: Path) -> None:
    source = timed.with_edits(whole(clip), tmp_path / "edited.mp4", EDITS["cut in the middle"])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    facts = probe(source, source.name, scratch)
    assert not facts.direct
    assert not facts.seekable
    plain = playable.make(source, facts, scratch)
    assert isinstance(plain, Playable)
    file = plain.path.rename(tmp_path / "plain.mp4")
    seen = Facts.from_json(plain.facts)
    still = poster.still(file, seen, scratch, 5.0)
    assert still.at_s == pytest.approx(5.0, abs=FRAME_S)
    board = storyboard.make(file, seen, scratch)
    assert max(board.facts["times"]) < 7


def test_a_copy_cut_by_ffmpeg_begins_where_it_was_cut(
    clip: Make, made: Callable[[Path], Made]
) -> None:
    source = clip("tail.mp4", "-ss", "3.3", "-i", str(whole(clip)), "-c", "copy")
    got = made(source)
    assert got.facts.irregular == ("edits",)
    assert_shows(got.playable, span(3.3, 12))


def test_the_handed_cut_shows_nothing_that_was_cut(
    hunted: Path, made: Callable[[Path], Made]
) -> None:
    source = hunted / "cutmiddle.mp4"
    got = made(source)
    assert got.facts.duration_s == pytest.approx(11.0, abs=0.05)
    assert _picture(got.playable, 5.5) == pytest.approx(
        _picture(source, 12.54, ignore_editlist="1"), abs=12
    )


def _picture(
    path: Path, at_s: float, **options: str
) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    """The frame that is shown so long after the first one, small and grey."""
    with av.open(str(path), options=options) as container:
        latest, first_s = None, None
        for frame in container.decode(video=0):
            # libav delays pictures whose offsets are negative by as much.
            first_s = frame.time or 0.0 if first_s is None else first_s
            if latest is not None and (frame.time or 0.0) - first_s > at_s + 1e-6:
                break
            latest = frame
        assert latest is not None
        small = latest.reformat(width=32, height=18, format="gray")
        return small.to_ndarray().astype(np.float32)


def joined(parts: list[Path], target: Path) -> Path:
    target.write_bytes(b"".join(part.read_bytes() for part in parts))
    return target


JOINED = {
    "ts": ("-f", "mpegts", *CODING),
    "mpg": ("-f", "vob", "-r", "25", "-c:v", "mpeg2video", "-q:v", "2", "-g", "12", "-c:a", "mp2"),
}


@pytest.mark.parametrize("ending", JOINED)
def test_recordings_joined_byte_by_byte_are_read_through(
    clip: Make, tmp_path: Path, made: Callable[[Path], Made], ending: str
) -> None:
    coding = JOINED[ending]
    first = clip(f"first.{ending}", *film(4), *coding)
    second = clip(f"second.{ending}", *film(6, first_s=8), *coding)
    got = made(joined([first, second], tmp_path / f"joined.{ending}"))
    assert got.facts.duration_s == pytest.approx(10, abs=0.3)
    carried = [second for _, second in shown(got.playable)]
    assert min(carried) == pytest.approx(0, abs=0.15)
    assert max(carried) == pytest.approx(13.9, abs=0.15)
    assert sorted(carried) == carried
    assert shown(got.rung)[-1][0] == pytest.approx(9.9, abs=0.3)
    assert timed.sound_s(got.sound) == pytest.approx(10, abs=0.4)


def test_chained_ogg_is_read_through(clip: Make, tmp_path: Path, scratch: Path) -> None:
    parts = [
        clip(f"{n}.ogg", "-f", "lavfi", "-i", f"sine=f={n}00:d={n}", "-c:a", "libvorbis")
        for n in (3, 4)
    ]
    source = joined(parts, tmp_path / "chained.ogg")
    facts = probe(source, source.name, scratch)
    assert facts.duration_s == pytest.approx(7, abs=0.3)
    plain = playable.make(source, facts, scratch)
    assert isinstance(plain, Playable)
    assert timed.sound_s(plain.path) == pytest.approx(7, abs=0.3)


def concatenated(make: Make, name: str, parts: list[Path], folder: Path) -> Path:
    """Put one behind the other without encoding, as joiners do."""
    listing = folder / "parts.txt"
    listing.write_text("".join(f"file '{part}'\n" for part in parts))
    return make(name, "-f", "concat", "-safe", "0", "-i", str(listing), "-c", "copy")


@pytest.mark.parametrize(
    "other",
    [
        ("-c:v", "libx264", "-profile:v", "baseline", "-qp", "12", "-g", "10"),
        ("-c:v", "libx264", "-bf", "3", "-qp", "8", "-g", "20"),
        ("-c:v", "libx264", "-qp", "10", "-bf", "0", "-s", "480x270"),
    ],
    ids=["another profile", "reordered frames", "another size"],
)
def test_two_encodings_in_one_track_play_to_the_end(
    clip: Make, tmp_path: Path, made: Callable[[Path], Made], other: tuple[str, ...]
) -> None:
    first = clip("first.mp4", *film(4), *CODING)
    second = clip("second.mp4", *film(4, first_s=6), *other, "-c:a", "aac")
    got = made(concatenated(clip, "described.mp4", [first, second], tmp_path))
    assert got.facts.irregular
    for path in (got.playable, got.rung):
        frames = shown(path)
        assert frames[-1][0] == pytest.approx(7.9, abs=0.25)
        assert frames[-1][1] == pytest.approx(9.9, abs=0.15)


RESIZED = {
    "VP8": ("webm", "libvpx"),
    "VP9": ("webm", "libvpx-vp9"),
    "AV1": ("mkv", "libsvtav1"),
    "H.264": ("ts", "libx264"),
}


@pytest.mark.parametrize("name", RESIZED)
def test_each_size_of_a_resized_recording_is_fitted_into_the_first(
    clip: Make, tmp_path: Path, made: Callable[[Path], Made], name: str
) -> None:
    ending, codec = RESIZED[name]
    sound = ("-c:a", "aac") if ending == "ts" else ("-c:a", "libopus")
    coding = ("-c:v", codec, "-b:v", "2M", "-g", "20", *sound)
    parts = [
        clip(f"{name}{n}.{ending}", *film(3, size=size, first_s=4 * n), *coding)
        for n, size in enumerate(("320x180", "180x320", "640x360"))
    ]
    got = made(concatenated(clip, f"resized.{ending}", parts, tmp_path))
    assert got.facts.irregular == ("form",)
    assert (got.facts.width, got.facts.height) == (320, 180)
    for path in (got.playable, got.rung):
        frames = shown(path)
        assert frames[-1][0] == pytest.approx(8.9, abs=0.3)
        with av.open(str(path)) as container:
            sizes = {(each.width, each.height) for each in container.decode(video=0)}
        assert sizes == {(320, 180)}


SHORT_PICTURES = {
    "a film that ends early": (*film(3), "-map", "0", "-map", "2", *CODING),
    "one picture": (*film(0.1), "-map", "0", "-map", "2", *CODING),
    "mkv": (*film(2), "-map", "0", "-map", "2", *CODING),
}


@pytest.mark.parametrize("name", SHORT_PICTURES)
def test_the_last_picture_stays_while_there_is_sound(
    clip: Make, made: Callable[[Path], Made], name: str
) -> None:
    picture = SHORT_PICTURES[name]
    long = ("-f", "lavfi", "-i", timed.TONE.format(seconds=9))
    inputs, options = picture[: picture.index("-map")], picture[picture.index("-map") :]
    ending = "mkv" if name == "mkv" else "mp4"
    got = made(clip(f"early.{ending}", *inputs, *long, *options))
    assert got.facts.duration_s == pytest.approx(9, abs=0.1)
    for path in (got.playable, got.rung):
        frames = shown(path)
        assert frames[-1][0] == pytest.approx(9, abs=0.25)
        assert frames[-1][1] == pytest.approx(frames[len(frames) // 2][1], abs=0.05)


def test_sound_that_ends_early_is_followed_by_silence(
    clip: Make, made: Callable[[Path], Made]
) -> None:
    inputs = [*film(8)[:4], "-f", "lavfi", "-i", timed.TONE.format(seconds=3)]
    got = made(clip("quiet.mp4", *inputs, *CODING))
    assert got.facts.duration_s == pytest.approx(8, abs=0.1)
    assert timed.sound_s(got.playable) == pytest.approx(8, abs=0.2)
    assert timed.sound_s(got.sound) == pytest.approx(8, abs=0.2)


def test_slides_last_as_long_as_they_are_shown(hunted: Path, made: Callable[[Path], Made]) -> None:
    got = made(hunted / "three-slides.mp4")
    assert got.facts.duration_s == pytest.approx(55.04, abs=0.01)
    for path in (got.playable, got.rung):
        with av.open(str(path)) as container:
            assert (container.duration or 0) / 1e6 == pytest.approx(55.04, abs=0.25)


@pytest.mark.parametrize(
    "turn",
    [("-display_hflip",), ("-display_vflip",), ("-display_rotation", "90", "-display_hflip")],
)
def test_mirrored_pictures_are_shown_as_players_show_them(
    clip: Make, tmp_path: Path, made: Callable[[Path], Made], turn: tuple[str, ...]
) -> None:
    plain = clip("plain.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=3", *CODING)
    source = clip("turned.mp4", *turn, "-i", str(plain), "-c", "copy")
    # The independent truth: ffmpeg's own command turns a picture as its matrix says.
    truth = clip("truth.mp4", "-i", str(source), "-c:v", "libx264", "-qp", "4")
    got = made(source)
    assert got.facts.irregular == ("mirrored",)
    wanted = _picture(truth, 1.05)
    assert np.abs(_picture(got.playable, 1.05) - wanted).mean() < 6
    assert np.abs(_picture(got.rung, 1.05) - wanted).mean() < 6
