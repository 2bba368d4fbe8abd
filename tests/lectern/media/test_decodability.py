"""Coded data that has the right length and does not decode: it is encoded instead of copied."""

import random
from pathlib import Path

import av
import pytest

from lectern.media.facts import Facts
from lectern.media.hls import encoder
from lectern.media.inside.shared import decodability
from lectern.media.inside.shared.decodability import Undecodable
from lectern.media.playable import Playable, make, plan
from lectern.media.probe import probe
from lectern.media.sandbox.refusal import Refused
from tests.films import changed
from tests.lectern.media.conftest import Make
from tests.lectern.media.streaming import Streams, stream

SECONDS = 8
PICTURE = ("-f", "lavfi", "-i", f"testsrc2=s=640x360:r=25:d={SECONDS}")
TONE = ("-f", "lavfi", "-i", f"sine=f=440:r=48000:d={SECONDS}")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "50", "-bf", "0")
VP9 = ("-c:v", "libvpx-vp9", "-pix_fmt", "yuv420p", "-deadline", "realtime", "-cpu-used", "8")
# Kind of track, seconds from which on its coded data is noise, and how the file is made.
MEMBERS = {
    "picture-h264.mp4": ("video", 6.0, 8.1, (*H264, "-c:a", "aac")),
    "picture-vp9.mkv": ("video", 6.0, 8.1, (*VP9, "-g", "50", "-c:a", "libopus")),
    "sound-aac.mp4": ("audio", 6.5, 8.1, (*H264, "-c:a", "aac")),
    "picture-h264-late.mov": ("video", 7.0, 7.5, (*H264, "-c:a", "aac")),
}


def spoiled(path: Path, kind: str, begin_s: float, end_s: float) -> Path:
    """Put noise in the place of what one track has there; every index still tells the truth."""
    noise = random.Random(path.name)  # noqa: S311
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        (track,) = [each for each in container.streams if each.type == kind]
        for packet in container.demux(track):
            if packet.size and packet.pts is not None and begin_s <= packet.pts * track.time_base:
                if packet.pts * track.time_base >= end_s:
                    continue
                # Past what a block of Matroska says of itself, and the length of a NAL unit.
                content = bytes(packet)
                at = data.index(content) + min(12, packet.size // 3)
                length = packet.size - min(12, packet.size // 3)
                data[at : at + length] = noise.randbytes(length)
    path.write_bytes(data)
    return path


@pytest.fixture(params=MEMBERS)
def member(request: pytest.FixtureRequest, clip: Make, tmp_path: Path) -> Path:
    kind, begin_s, end_s, coding = MEMBERS[request.param]
    source = tmp_path / request.param
    source.write_bytes(clip(request.param, *PICTURE, *TONE, *coding).read_bytes())
    return spoiled(source, kind, begin_s, end_s)


def test_a_copy_that_does_not_decode_at_its_end_is_followed_by_an_encoded_film(
    member: Path, scratch: Path
) -> None:
    facts = probe(member, member.name, scratch)
    assert len(plan(facts, member.stat().st_size)) == 2
    # The length alone says nothing.
    copy = changed(member, f"copy{member.suffix}", "-c", "copy")
    assert probe(copy, copy.name, scratch).duration_s == pytest.approx(SECONDS, abs=0.2)
    with pytest.raises(Refused, match="does not decode at its end"):
        probe(copy, copy.name, scratch, ends=True)
    result = make(member, facts, scratch)
    assert isinstance(result, Playable)
    after = Facts.from_json(result.facts)
    assert (after.video_codec, after.audio_codec) == ("h264", "aac")
    assert after.duration_s == pytest.approx(SECONDS, abs=0.2)
    decodability.check(result.path, "mov")


def test_what_is_sound_is_copied_as_before(clip: Make, scratch: Path) -> None:
    source = clip("sound.webm", *PICTURE, *TONE, *VP9, "-c:a", "libopus")
    result = make(source, probe(source, source.name, scratch), scratch)
    assert isinstance(result, Playable)
    assert result.facts["video_codec"] == "vp9"


@pytest.mark.parametrize("name", ["picture-h264.mp4", "sound-aac.mp4"])
def test_streams_of_it_are_encoded(clip: Make, tmp_path: Path, name: str) -> None:
    kind, begin_s, end_s, coding = MEMBERS[name]
    source = tmp_path / name
    source.write_bytes(clip(name, *PICTURE, *TONE, *coding).read_bytes())
    whole = stream(source, tmp_path / "whole")
    assert (whole.plan.source_kbps is not None, whole.plan.tracks[0].copied) == (True, True)
    made = stream(spoiled(source, kind, begin_s, end_s), tmp_path / "made")
    assert (made.plan.source_kbps, made.plan.tracks[0].copied) == (None, False)


@pytest.fixture(scope="module")
def divided(clip: Make, tmp_path_factory: pytest.TempPathFactory) -> Streams:
    """Streams whose segments were encoded each by itself."""
    picture = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=24")
    source = clip("divided.mkv", *picture, "-c:v", "mpeg4", "-g", "50", "-q:v", "4")
    return stream(source, tmp_path_factory.mktemp("divided") / "hls", encode_s=8.0)


def parts_of(divided: Streams, folder: Path) -> list[Path]:
    """Copies of the segments of the only rung, in their order."""
    name = divided.plan.rungs[0].name
    copies = []
    for number in range(len(divided.plan.segments)):
        copies.append(folder / f"{number}.mp4")
        made = divided.folder / "scratch" / str(number) / f"{name}.made"
        copies[-1].write_bytes(made.read_bytes())
    return copies


@pytest.mark.parametrize("place", ["its start", "join", "its end"])
def test_segments_are_not_joined_where_they_do_not_decode(
    divided: Streams, tmp_path: Path, place: str
) -> None:
    begins = [*map(divided.plan.seconds, divided.plan.segments), 24.0]
    assert len(begins) == 4
    number, begin_s, where = {
        "its start": (0, 0.0, place),
        "join": (1, 0.0, f"{begins[1]:.1f} s"),
        "its end": (2, begins[3] - begins[2] - 1.0, place),
    }[place]
    parts, scratch = parts_of(divided, tmp_path), tmp_path / "scratch"
    scratch.mkdir()
    joined = encoder.join(divided.plan, divided.plan.rungs[0], parts, scratch)
    joined.path.unlink()
    spoiled(parts[number], "video", begin_s, begin_s + 1.1)
    with pytest.raises(Refused, match=f"does not decode at {where}"):
        encoder.join(divided.plan, divided.plan.rungs[0], parts, scratch)


def test_a_file_without_a_frame_does_not_decode(clip: Make, tmp_path: Path) -> None:
    source = tmp_path / "nothing.mp4"
    source.write_bytes(clip("all.mp4", *PICTURE, *H264).read_bytes())
    spoiled(source, "video", 0.0, SECONDS)
    with pytest.raises(Undecodable, match="does not decode at its start"):
        decodability.check(source, "mov")
