"""What a browser gets: the same data where it can play it, else H.264 and AAC; never metadata."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from lectern.media.convert import Target, Way
from lectern.media.facts import Facts
from lectern.media.playable import Playable, Skip, make, plan
from lectern.media.probe import probe
from lectern.media.sandbox.refusal import Stopped

Make = Callable[..., Path]
TONE = ("-f", "lavfi", "-i", "sine=f=440:d=3")
PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=3")
TAGS = (
    *("-metadata", "title=CANARY", "-metadata", "location=+48.1+11.5/CANARY"),
    *("-metadata:s", "title=CANARY", "-metadata:s", "handler_name=CANARY"),
)


def made(source: Path, scratch: Path) -> tuple[Playable, Facts]:
    result = make(source, probe(source, source.name, scratch), scratch)
    assert isinstance(result, Playable)
    return result, Facts.from_json(result.facts)


@pytest.mark.parametrize(
    ("name", "codecs", "mime"),
    [
        ("a.mkv", ("libx264", "yuv420p", "aac"), "video/mp4"),
        ("a.mov", ("libx264", "yuv420p", "libmp3lame"), "video/mp4"),
        ("b.mkv", ("libvpx-vp9", "yuv420p", "libopus"), "video/webm"),
        ("a.webm", ("libvpx", "yuv420p", "libvorbis"), "video/webm"),
    ],
)
def test_what_browsers_play_is_copied_without_its_metadata(
    clip: Make, scratch: Path, name: str, codecs: tuple[str, str, str], mime: str
) -> None:
    video, pixels, audio = codecs
    coding = ("-c:v", video, "-pix_fmt", pixels, "-c:a", audio)
    source = clip(name, *PICTURE, *TONE, *coding, *TAGS)
    assert b"CANARY" in source.read_bytes()
    facts = probe(source, name, scratch)
    assert plan(facts, source.stat().st_size)[0].video is Way.COPY
    result, after = made(source, scratch)
    assert result.mime == after.mime == mime
    assert (after.video_codec, after.audio_codec) == (facts.video_codec, facts.audio_codec)
    assert b"CANARY" not in result.path.read_bytes()
    assert after.title is None
    assert all(stream.title is None for stream in after.streams)
    assert not (scratch / "in").is_symlink()


def test_an_mp4_starts_with_its_index(clip: Make, scratch: Path) -> None:
    source = clip("a.mkv", *PICTURE, *TONE, "-c:v", "libx264", "-pix_fmt", "yuv420p", *TAGS)
    data = made(source, scratch)[0].path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize(
    "coding",
    [
        ("-c:v", "mpeg4", "-c:a", "mp2"),
        ("-c:v", "libx264", "-pix_fmt", "yuv444p", "-c:a", "aac"),
        ("-c:v", "libx264", "-pix_fmt", "yuv420p10le", "-c:a", "ac3"),
        ("-c:v", "mjpeg", "-c:a", "pcm_s16le"),
    ],
    ids=lambda coding: coding[1] + coding[3],
)
def test_everything_else_becomes_h264_and_aac(
    clip: Make, scratch: Path, coding: tuple[str, ...]
) -> None:
    source = clip(f"{'-'.join(coding).replace(':', '')}.mkv", *PICTURE, *TONE, *coding)
    result, after = made(source, scratch)
    assert result.mime == "video/mp4"
    assert (after.video_codec, after.pixel_format, after.audio_codec) == ("h264", "yuv420p", "aac")
    assert after.duration_s == pytest.approx(3, abs=0.2)


def test_sound_a_browser_lacks_is_converted_beside_a_copied_picture(
    clip: Make, scratch: Path
) -> None:
    coding = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "ac3")
    source = clip("ac3.mkv", *PICTURE, *TONE, *coding)
    facts = probe(source, "ac3.mkv", scratch)
    assert (plan(facts, 1)[0].video, plan(facts, 1)[0].audio) == (Way.COPY, Way.AAC)
    assert made(source, scratch)[1].audio_codec == "aac"


def test_a_turned_odd_and_stretched_picture_comes_out_straight(clip: Make, scratch: Path) -> None:
    picture = ("-f", "lavfi", "-i", "testsrc2=s=321x181:r=10:d=2,setsar=4/3")
    flat = clip("odd.mkv", *picture, "-c:v", "mpeg4")
    after = made(flat, scratch)[1]
    # 321 × 4/3 is 428; rounding to even sides may cost two.
    assert after.width in {426, 428}
    assert (after.stored_width, after.stored_height, after.height) == (after.width, 180, 180)


def test_a_turned_picture_stays_upright_when_copied_and_when_encoded(
    clip: Make, scratch: Path
) -> None:
    flat = clip("flat.mp4", *PICTURE, "-c:v", "libx264", "-pix_fmt", "yuv420p")
    turned = clip("turned.mp4", "-display_rotation", "90", "-i", str(flat), "-c", "copy")
    facts = probe(turned, "turned.mp4", scratch)
    assert (facts.width, facts.height) == (180, 320)
    copied = Facts.from_json(made(turned, scratch)[0].facts)
    assert (copied.width, copied.height) == (180, 320)
    encoded = make(turned, replace(facts, damaged=True), scratch)
    assert isinstance(encoded, Playable)
    after = Facts.from_json(encoded.facts)
    assert (after.width, after.height, after.rotation) == (180, 320, 0)


def test_interlaced_and_hdr_are_never_copied() -> None:
    plain = Facts(
        *("video", "video/mp4", "mov", 10.0, 1920, 1080, 1920, 1080),
        video_codec="h264",
        pixel_format="yuv420p",
        video_stream=0,
    )
    assert plan(plain, 1)[0].video is Way.COPY
    for other in ({"interlaced": True}, {"hdr": "pq"}, {"damaged": True}, {"stored_width": 4096}):
        assert [job.video for job in plan(replace(plain, **other), 1)] == [Way.H264]
    assert plan(replace(plain, interlaced=True), 1)[0].deinterlace


def test_hdr_is_mapped_and_tagged_as_normal(corpus: Path, scratch: Path) -> None:
    after = made(corpus / "video" / "hdr10-pq-bt2020-10bit.mp4", scratch)[1]
    assert (after.hdr, after.pixel_format) == (None, "yuv420p")


@pytest.mark.parametrize(
    ("name", "coding", "mime"),
    [
        ("a.mp3", ("-c:a", "libmp3lame"), "audio/mpeg"),
        ("a.m4a", ("-c:a", "aac"), "audio/mp4"),
        ("a.opus", ("-c:a", "libopus"), "audio/webm"),
        ("a.ogg", ("-c:a", "libvorbis"), "audio/webm"),
        ("a.flac", ("-c:a", "flac"), "audio/flac"),
        ("a.wav", ("-c:a", "pcm_s16le"), "audio/wav"),
        ("alac.m4a", ("-c:a", "alac"), "audio/mp4"),
        ("deep.wav", ("-c:a", "pcm_s24le", "-ar", "192000"), "audio/mp4"),
    ],
)
def test_sound(clip: Make, scratch: Path, name: str, coding: tuple[str, ...], mime: str) -> None:
    source = clip(name, *TONE, *coding, "-metadata", "title=CANARY", "-metadata", "artist=CANARY")
    result, after = made(source, scratch)
    assert (result.mime, after.kind) == (mime, "audio")
    assert after.duration_s == pytest.approx(3, abs=0.15)
    assert b"CANARY" not in result.path.read_bytes()


def test_large_wav_is_not_sent_to_phones() -> None:
    wav = Facts(
        "audio", "audio/wav", "wav", 3600.0, audio_codec="pcm_s16le", channels=2, sample_rate=48000
    )
    assert plan(wav, 10 << 20)[0].target is Target.WAV
    assert plan(wav, 600 << 20)[0].target is Target.MP4


def test_progress_is_honest_and_a_stop_is_obeyed(clip: Make, scratch: Path) -> None:
    source = clip(
        "longer.mkv", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30:d=12", "-c:v", "mpeg4"
    )
    facts = probe(source, "longer.mkv", scratch)
    shares: list[float] = []
    make(source, facts, scratch, shares.append)
    assert shares == sorted(shares)
    assert len(shares) > 2
    assert 0.9 < shares[-1] <= 1
    with pytest.raises(Stopped):
        make(source, facts, scratch, None, lambda: True)


def test_an_image_is_written_anew(corpus: Path, scratch: Path) -> None:
    for name in ("polyglot-jpeg-html.jpg", "polyglot-gif-js.gif"):
        result, _ = made(corpus / "attack" / name, scratch)
        assert result.mime == "image/webp"
        data = result.path.read_bytes()
        assert b"<script" not in data
        assert b"=1;" not in data


def test_an_animation_keeps_moving(clip: Make, scratch: Path) -> None:
    source = clip("moving.gif", "-f", "lavfi", "-i", "testsrc2=s=120x90:r=10:d=1")
    result, after = made(source, scratch)
    assert after.animated
    with Image.open(result.path) as image:
        assert getattr(image, "n_frames", 1) == 10
        image.load()
        assert image.info["duration"] == 100


def test_documents_and_svg_are_skipped_with_a_reason(corpus: Path, scratch: Path) -> None:
    for name in ("document/report.pdf", "image/svg-icon.svg", "subtitle/simple.vtt"):
        result = make(corpus / name, probe(corpus / name, name, scratch), scratch)
        assert isinstance(result, Skip)
        assert result.reason.endswith(".")


def test_data_tracks_and_attachments_stay_behind(corpus: Path, scratch: Path) -> None:
    for name in ("talking-head-with-data-tracks.mp4", "attachment-stream.mkv"):
        after = made(corpus / "video" / name, scratch)[1]
        assert sorted(stream.kind for stream in after.streams) == ["audio", "video"]
    assert sorted(path.name for path in scratch.iterdir()) == ["out.0"]
