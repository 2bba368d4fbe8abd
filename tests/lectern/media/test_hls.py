"""Streams as they come out: each playlist against its bytes, each file opened in the sandbox."""

import csv
import subprocess
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from lectern.errors import StorageFull
from lectern.media.hls import encoder
from lectern.media.hls import index as hls_index
from lectern.media.hls.plan import Coding
from lectern.media.probe import probe
from lectern.media.sandbox import sandbox
from lectern.media.sandbox.refusal import Refused, Stopped
from tests.lectern.media import playlists
from tests.lectern.media.conftest import Make
from tests.lectern.media.streaming import Streams, stream

TALK = ("-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30000/1001:d=9")
SMALL = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=5")
TONE = ("-f", "lavfi", "-i", "sine=f=440:d=9:r=44100")
FAST = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


@pytest.fixture(scope="module")
def other(clip: Make) -> Path:
    """A talk whose picture browsers do not play, so that all of it is encoded."""
    coding = ("-c:v", "mpeg4", "-q:v", "5", "-g", "50", "-bf", "2", "-c:a", "ac3")
    return clip("other.mp4", *TALK, *TONE, *coding)


@pytest.fixture(scope="module")
def streams(other: Path, tmp_path_factory: pytest.TempPathFactory) -> Streams:
    return stream(other, tmp_path_factory.mktemp("hls") / "whole")


def packets(path: Path) -> list[Any]:
    with av.open(str(path)) as container:
        return [packet for packet in container.demux(container.streams[0]) if packet.size]


def assert_seamless(path: Path) -> None:
    """No packet is decoded later than the one before it ends, nor earlier."""
    found = packets(path)
    assert all(a.dts + a.duration == b.dts for a, b in pairwise(found))
    shown = sorted(packet.pts for packet in found)
    assert len(set(b - a for a, b in pairwise(shown))) <= 1


def test_every_playlist_says_where_the_bytes_are(streams: Streams) -> None:
    master = playlists.check(streams.folder)
    assert list(master.rungs) == ["v360.m3u8", "v540.m3u8", "v720.m3u8", "a0.m3u8"]
    assert master.rungs["v720.m3u8"]["RESOLUTION"] == "1280x720"
    assert master.rungs["v720.m3u8"]["FRAME-RATE"] == "29.970"
    assert master.rungs["a0.m3u8"]["CODECS"] == "mp4a.40.2"
    assert master.stills["URI"] == "iframes.m3u8"


def test_rungs_have_the_same_segments_to_the_frame(streams: Streams) -> None:
    cuts = {
        rung: [fragment.time for fragment in streams.offer.made[rung].fragments]
        for rung in ("v720", "v540", "v360")
    }
    assert cuts["v720"] == cuts["v540"] == cuts["v360"] == [0, 120 * 1001, 240 * 1001]
    for rung in cuts:
        assert streams.offer.made[rung].samples == streams.plan.frames == 270
        assert_seamless(streams.folder / f"{rung}.mp4")


def test_each_file_opens_in_the_box_with_the_size_it_says(streams: Streams, scratch: Path) -> None:
    for name, size in (("v720", (1280, 720)), ("v540", (960, 540)), ("v360", (640, 360))):
        facts = probe(streams.folder / f"{name}.mp4", "a.mp4", scratch)
        assert (facts.width, facts.height, facts.video_codec) == (*size, "h264")
        assert facts.duration_s == pytest.approx(9, abs=0.15)
        assert facts.title is None
    sound = probe(streams.folder / "a0.mp4", "a.m4a", scratch)
    assert (sound.kind, sound.audio_codec, sound.channels) == ("audio", "aac", 1)


def test_a_key_frame_of_the_scrubbing_list_decodes_alone(streams: Streams, tmp_path: Path) -> None:
    media = playlists.read_media((streams.folder / "iframes.m3u8").read_text())
    data = (streams.folder / media.file).read_bytes()
    for _, length, offset in media.segments:
        alone = tmp_path / f"{offset}.mp4"
        alone.write_bytes(data[: media.header[0]] + data[offset : offset + length])
        with av.open(str(alone)) as container:
            frame = next(container.decode(video=0))
            assert frame.key_frame


def test_segments_are_joined_without_a_seam(other: Path, streams: Streams, tmp_path: Path) -> None:
    joined = stream(other, tmp_path / "parts", encode_s=4)
    assert len(joined.plan.segments) == 2
    playlists.check(joined.folder)
    for rung in ("v720", "v360"):
        assert_seamless(joined.folder / f"{rung}.mp4")
        mine, theirs = joined.offer.made[rung], streams.offer.made[rung]
        assert [f.time for f in mine.fragments] == [f.time for f in theirs.fragments]
        assert mine.duration == theirs.duration == 270 * 1001
    once, twice = (pictures(each.folder / "v360.mp4") for each in (streams, joined))
    assert len(once) == len(twice) == 270
    # The second segment's rate control begins anew; the pictures are the same.
    assert max(float(np.abs(a - b).mean()) for a, b in zip(once, twice, strict=True)) < 4


def pictures(path: Path) -> "list[np.ndarray[Any, Any]]":
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        return [f.reformat(160, 90, "gray").to_ndarray().astype(np.int16) for f in frames]


def test_a_fitting_source_is_kept_bit_for_bit(clip: Make, tmp_path: Path) -> None:
    source = clip("fits.mp4", *TALK, *TONE, *FAST, "-g", "90", "-bf", "2", "-c:a", "aac")
    made = stream(source, tmp_path / "kept")
    playlists.check(made.folder)
    assert made.plan.source_kbps is not None
    with av.open(str(source)) as container:
        theirs = [bytes(p) for p in container.demux(video=0) if p.size]
    assert [bytes(packet) for packet in packets(made.folder / "source.mp4")] == theirs
    # The rungs are cut where the source can be: after three seconds or more.
    source_cuts = playlists.read_media((made.folder / "source.m3u8").read_text()).segments
    rung_cuts = playlists.read_media((made.folder / "v360.m3u8").read_text()).segments
    assert [s for s, _, _ in source_cuts] == pytest.approx([s for s, _, _ in rung_cuts], abs=0.04)
    assert len(rung_cuts) == 2 + (made.plan.cuts[-1] > 180)


def test_sound_and_picture_begin_together(clip: Make, tmp_path: Path) -> None:
    """A flash and a click at the same moment are so in every rung, however the sound is made."""
    flash = "color=black:s=640x360:r=25:d=6,drawbox=color=white:t=fill:enable='between(t,3,3.2)'"
    click = "aevalsrc='if(between(t,3,3.2),sin(2000*t),0)':d=6:s=48000"
    inputs = ("-f", "lavfi", "-i", flash, "-f", "lavfi", "-i", click)
    kept = clip("together.mp4", *inputs, *FAST, "-g", "50", "-c:a", "aac")
    other = clip("together.mkv", *inputs, "-c:v", "mpeg4", "-c:a", "pcm_s16le")
    for number, source in enumerate((kept, other)):
        made = stream(source, tmp_path / str(number))
        for variant in made.offer.variants():
            path = encoder.progressive(
                made.folder / f"{variant.name}.mp4",
                made.folder / "a0.mp4",
                6.0,
                made.folder / "scratch",
            )
            assert moment(path, "video") == pytest.approx(3.0, abs=0.021), variant.name
            assert moment(path, "audio") == pytest.approx(3.0, abs=0.021), variant.name


def moment(path: Path, kind: str) -> float:
    """When the first frame comes that is not dark, or not silent."""
    with av.open(str(path)) as container:
        decoded: Iterable[Any] = container.decode(**{kind: 0})
        for frame in decoded:
            values = frame.to_ndarray().astype(float)
            loud = np.abs(values).max(axis=0) > 0.2 if kind == "audio" else None
            if loud is not None and loud.any():
                return float(frame.time + int(loud.argmax()) / frame.sample_rate)
            if loud is None and values[:360].mean() > 120:
                return float(frame.time)
    raise AssertionError(f"nothing happens in {path}")


def test_several_tracks_are_offered_with_their_languages(clip: Make, tmp_path: Path) -> None:
    source = clip(
        "tracks.mkv",
        *SMALL,
        *("-f", "lavfi", "-i", "sine=f=300:d=5", "-f", "lavfi", "-i", "sine=f=900:d=5"),
        *("-map", "0", "-map", "1", "-map", "2", *FAST, "-c:a", "libopus"),
        *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu"),
        *("-metadata:s:a:1", 'title=Kommentar, "laut"'),
    )
    master = playlists.check(stream(source, tmp_path / "tracks").folder)
    assert [said.get("LANGUAGE") for said in master.sounds.values()] == ["eng", "deu"]
    assert master.sounds["a1.m3u8"]["NAME"] == "2: Kommentar, laut"


def test_av1_is_an_option(clip: Make, tmp_path: Path) -> None:
    few = ("-f", "lavfi", "-i", "testsrc2=s=1280x720:r=10:d=5", "-c:v", "mpeg4")
    made = stream(clip("few.mp4", *few), tmp_path / "av1", av1=True)
    master = playlists.check(made.folder)
    (name,) = [rung.name for rung in made.plan.rungs if rung.coding is Coding.AV1]
    assert master.rungs[f"{name}.m3u8"]["CODECS"].startswith("av01.0.")
    times = [fragment.time for fragment in made.offer.made[name].fragments]
    assert times == [fragment.time for fragment in made.offer.made["v720"].fragments]
    assert_seamless(made.folder / f"{name}.mp4")


def test_parts_that_are_no_whole_are_not_joined(streams: Streams, scratch: Path) -> None:
    rung = streams.plan.rungs[2]
    with pytest.raises(Refused, match="do not fit together"):
        encoder.join(streams.plan, rung, [streams.folder / "a0.mp4"], scratch)


def test_damaged_parts_are_refused(streams: Streams, tmp_path: Path) -> None:
    data = (streams.folder / "v360.mp4").read_bytes()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    for number, broken in enumerate((data[:-100], data[:500], b"", data[:900] + data[2000:])):
        part = tmp_path / f"{number}.mp4"
        part.write_bytes(broken)
        with pytest.raises(Refused):
            encoder.join(streams.plan, streams.plan.rungs[2], [part], scratch)
        (scratch / "v360.mp4").unlink(missing_ok=True)


def test_a_full_disk_is_told_before_anything_is_done(
    other: Path, streams: Streams, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 5 << 20})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with pytest.raises(StorageFull, match="Make room, then try again"):
        encoder.encode(other, streams.plan, 0, scratch, None, None)
    assert not list(scratch.iterdir())


def test_progress_is_told_and_a_wish_to_stop_is_heard(
    other: Path, streams: Streams, scratch: Path
) -> None:
    told: list[float] = []
    with pytest.raises(Stopped):
        encoder.encode(other, streams.plan, 0, scratch, told.append, lambda: bool(told))
    assert 0 <= told[0] <= 1


def corpus_videos(assets_dir: Path) -> list[Path]:
    with (assets_dir / "media/corpus/MANIFEST.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [assets_dir / "media/corpus" / row["file"] for row in rows if row["kind"] == "video"]


@pytest.mark.full
def test_all_of_the_corpus_streams_or_was_refused(assets_dir: Path, tmp_path: Path) -> None:
    made = 0
    for number, source in enumerate(corpus_videos(assets_dir)):
        folder = tmp_path / str(number)
        try:
            probe(source, source.name, tmp_path)
        except Refused:
            continue
        streams = stream(source, folder)
        playlists.check(folder)
        for rung in streams.plan.rungs:
            assert streams.offer.made[rung.name].samples == streams.plan.frames, source.name
        made += 1
    assert made > 50


@pytest.mark.parametrize(
    ("name", "rungs", "size"),
    [
        ("video/odd-121x81-mpeg2.mp4", ["v81"], "120x80"),
        ("video/hevc-12bit-hdr.mp4", ["v180"], "320x180"),
        ("video/lecture-slides-vfr-eth.mov", ["v360"], "640x480"),
        ("video/iphone-rotated-90-half-second.mov", ["v720", "v540", "v360"], "720x1280"),
        ("video/sample-aspect-2-3.mp4", ["v360"], "426x360"),
        ("video/mpeg1-mp2.mpg", ["v128"], "128x128"),
        ("video/multi-2video-2audio-2subs.mp4", [], "480x270"),
        ("video/single-frame-40ms.mp4", None, None),
        ("audio/cover-art-1400px.mp3", [], None),
        ("audio/surround-5_1-opus.ogg", [], None),
    ],
)
def test_files_from_elsewhere(
    corpus: Path, tmp_path: Path, name: str, rungs: list[str] | None, size: str | None
) -> None:
    made = stream(corpus / name, tmp_path / "made")
    master = playlists.check(made.folder)
    if rungs is not None:
        assert [rung.name for rung in made.plan.rungs] == rungs
    if size is not None:
        assert size in {said.get("RESOLUTION") for said in master.rungs.values()}
    assert bool(made.offer.sounds()) == (made.facts.audio_stream is not None)


def test_ffmpeg_reads_the_master_as_a_whole(streams: Streams) -> None:
    command = [str(sandbox.ffmpeg()), "-v", "error", "-i", str(streams.folder / "master.m3u8")]
    done = subprocess.run(
        [*command, "-map", "0:v", "-map", "0:a", "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_index_survives_its_row(streams: Streams) -> None:
    for index in streams.offer.made.values():
        assert hls_index.Index.from_json(index.to_json()) == index


@pytest.mark.parametrize("fragments", [None, [{"offset": 0, "size": 9}], [[1, 2]], [["a"] * 7]])
def test_an_index_in_another_shape_is_not_taken_for_one(fragments: object) -> None:
    values = {"header_bytes": 1, "timescale": 1, "codec": "", "fragments": fragments}
    with pytest.raises((TypeError, ValueError)):
        hls_index.Index.from_json(values)
