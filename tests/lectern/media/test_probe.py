"""What the probe says of files made on the spot: measured, within limits, in words."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lectern.media.facts import Facts, clock
from lectern.media.probe import probe
from lectern.media.sandbox.refusal import Refused, Unreadable
from lectern.pipeline.limits import MIB

Make = Callable[..., Path]
PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=4")
TONE = ("-f", "lavfi", "-i", "sine=f=440:d=4")


def probed(source: Path, scratch: Path) -> Facts:
    return probe(source, source.name, scratch)


def cut(source: Path, share: float) -> Path:
    """A copy that ends early, as after a broken transfer."""
    data = source.read_bytes()
    path = source.with_name(f"cut-{source.name}")
    path.write_bytes(data[: int(len(data) * share)])
    return path


def test_a_lecture_is_described_whole(clip: Make, scratch: Path, tmp_path: Path) -> None:
    notes = tmp_path / "chapters.txt"
    notes.write_text(
        ";FFMETADATA1\ntitle=Lecture\\\n \x1b[31m one\n[CHAPTER]\nTIMEBASE=1/1000\n"
        "START=0\nEND=2000\ntitle=Start\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=2000\nEND=4000\n"
    )
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    source = clip(
        "whole.mkv",
        *(*PICTURE, *TONE, "-i", str(words), "-i", str(notes)),
        *("-map", "0", "-map", "1", "-map", "2", "-map_metadata", "3"),
        *("-c:v", "libx264", "-c:a", "aac", "-c:s", "srt", "-metadata:s:s", "language=eng"),
    )
    facts = probed(source, scratch)
    assert (facts.kind, facts.mime, facts.container) == ("video", "video/x-matroska", "matroska")
    assert facts.duration_s == pytest.approx(4, abs=0.1)
    assert facts.fps == pytest.approx(10, abs=0.2)
    assert (facts.video_codec, facts.audio_codec) == ("h264", "aac")
    assert facts.title is not None
    assert facts.title.isprintable()
    assert [chapter.start_s for chapter in facts.chapters] == [0, 2]
    assert [chapter.title for chapter in facts.chapters] == ["Start", "Chapter 2"]
    assert [(each.form, each.language) for each in facts.subtitles] == [("text", "eng")]
    assert facts.warnings == ()


def test_a_file_that_ends_early_says_how_much_is_there(clip: Make, scratch: Path) -> None:
    coding = ("-c:v", "mpeg4", "-q:v", "2")
    facts = probed(cut(clip("early.mkv", *PICTURE, *coding), 0.5), scratch)
    assert 0.5 < (facts.duration_s or 0) < 3.5
    assert "it says 0:04" in facts.warnings[0]
    fast = clip("early.mp4", *PICTURE, *coding, "-movflags", "+faststart")
    facts = probed(cut(fast, 0.5), scratch)
    assert 0.5 < (facts.duration_s or 0) < 3.5
    assert "incomplete" in facts.warnings[0]
    with pytest.raises(Refused, match="index"):
        probed(cut(clip("late.mp4", *PICTURE, *coding), 0.5), scratch)


def test_a_large_file_is_measured_at_its_end(clip: Make, scratch: Path) -> None:
    noise = ("-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30:d=4,noise=alls=20:allf=t")
    piece = clip("piece.mkv", *noise, "-c:v", "mpeg4", "-q:v", "2")
    loops = 80 * MIB // piece.stat().st_size
    again = ("-stream_loop", str(loops), "-i", str(piece), "-c", "copy")
    source = clip("large.mp4", *again, "-movflags", "+faststart")
    assert source.stat().st_size > 70 * MIB
    facts = probed(source, scratch)
    assert facts.duration_s == pytest.approx(4 * (loops + 1), abs=0.5)
    assert facts.warnings == ()
    short = probed(cut(source, 0.8), scratch)
    assert short.duration_s == pytest.approx(4 * (loops + 1) * 0.8, rel=0.05)
    assert "incomplete" in short.warnings[0]


def test_copy_protection_is_named(clip: Make, scratch: Path) -> None:
    key = ("-encryption_key", "0" * 32, "-encryption_kid", "1" * 32)
    locked = clip(
        "locked.mp4",
        *(*PICTURE, "-c:v", "libx264", "-encryption_scheme", "cenc-aes-ctr", *key),
    )
    with pytest.raises(Refused, match="DRM"):
        probed(locked, scratch)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("side.mkv", ("-f", "lavfi", "-i", "color=s=8208x16:r=1:d=1", "-c:v", "mjpeg"), "8,192"),
        (
            "area.mkv",
            ("-f", "lavfi", "-i", "color=s=7680x4800:r=1:d=1", "-c:v", "mjpeg"),
            "36 megapixels",
        ),
        ("tracks.mkv", (*TONE, *(("-map", "0") * 33), "-c:a", "flac"), "33 tracks"),
        (
            "night.mkv",
            ("-f", "lavfi", "-i", "color=s=16x16:r=1/60:d=32400", "-c:v", "mpeg4"),
            "8 hours",
        ),
        ("frames.gif", ("-f", "lavfi", "-i", "testsrc2=s=16x16:r=50:d=21"), "1,000 frames"),
    ],
)
def test_each_limit_of_content_is_named(
    clip: Make, scratch: Path, name: str, arguments: tuple[str, ...], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        probed(clip(name, *arguments), scratch)


def test_a_file_over_its_size_is_not_opened(scratch: Path, tmp_path: Path) -> None:
    source = tmp_path / "huge.png"
    source.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    with source.open("r+b") as file:
        file.truncate(51 * MIB)
    with pytest.raises(Refused, match=r"51 MiB; an image may have at most 50 MiB"):
        probed(source, scratch)


def test_a_file_that_cannot_be_read_now_is_not_refused(scratch: Path) -> None:
    with pytest.raises(Unreadable):
        probed(scratch / "gone.mp4", scratch)


def test_facts_of_a_later_release_are_read() -> None:
    facts = Facts("audio", "audio/wav", "wav", 1.5, warnings=("One.",))
    assert Facts.from_json(facts.to_json() | {"loudness": -23}) == facts


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0:00"), (8.9, "0:08"), (522, "8:42"), (3723, "1:02:03")]
)
def test_times_are_written_as_people_do(seconds: float, words: str) -> None:
    assert clock(seconds) == words
