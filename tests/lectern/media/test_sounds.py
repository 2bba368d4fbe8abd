"""Whatever sound a recording has is heard: in rare codecs, behind silence, on any channel."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from lectern.media import playable
from lectern.media.facts import Facts
from lectern.media.hls import ladder
from lectern.media.hls import timeline as hls_timeline
from lectern.media.playable import Playable
from lectern.media.probe import probe
from lectern.media.speech import input

Make = Callable[..., Path]
PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=4")
TONE = ("-f", "lavfi", "-i", "sine=f=440:r=48000:d=4,volume=12dB")
SILENCE = ("-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono:d=4")
H264 = ("-c:v", "libx264", "-preset", "ultrafast")
RARE = {
    "DTS": ("mkv", (*H264, "-c:a", "dca", "-strict", "-2", "-ac", "2")),
    "DTS in a transport stream": ("ts", (*H264, "-c:a", "dca", "-strict", "-2", "-ac", "2")),
    "TrueHD": ("mkv", (*H264, "-c:a", "truehd", "-strict", "-2", "-ac", "2")),
    "AAC in LATM": ("ts", (*H264, "-c:a", "aac", "-mpegts_flags", "latm")),
    "LPCM of DVDs": ("vob", ("-c:v", "mpeg2video", "-c:a", "pcm_dvd", "-ac", "2")),
    "LPCM of Blu-rays": ("m2ts", (*H264, "-c:a", "pcm_bluray", "-ac", "2")),
}


def level(path: Path) -> float:
    """The root mean square of all that is heard, decoded."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray().astype(np.float64) for frame in container.decode(audio=0)]
    return float(np.sqrt(np.mean(np.square(np.concatenate(frames, axis=1)))))


def heard(source: Path, scratch: Path) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """What speech recognition listens to, -1 to 1."""
    facts = probe(source, source.name, scratch)
    samples = input.sound(source, facts, scratch, None, None)
    return np.frombuffer(samples.read_bytes(), "<i2").astype(np.float64) / 32768


@pytest.mark.parametrize("name", RARE)
def test_rare_codecs_are_decoded(clip: Make, scratch: Path, name: str) -> None:
    ending, coding = RARE[name]
    source = clip(f"rare.{ending}", *PICTURE, *TONE, *coding)
    facts = probe(source, source.name, scratch)
    assert facts.audio_codec
    assert facts.warnings == ()
    made = playable.make(source, facts, scratch)
    assert isinstance(made, Playable)
    assert level(made.path) > 0.05


@pytest.mark.parametrize("name", ["dts.mkv", "lpcm.vob"])
def test_the_handed_files_are_heard(assets_dir: Path, scratch: Path, name: str) -> None:
    source = assets_dir / "media" / "hunted" / name
    if not source.is_file():
        pytest.skip(f"there is no {source}")
    assert probe(source, name, scratch).audio_stream is not None


@pytest.mark.parametrize(
    ("codec", "spoken"), [("wavpack", "WavPack"), ("tta", "TTA"), ("adpcm_g722", "G.722")]
)
def test_sound_that_is_not_decoded_is_called_by_its_name(
    clip: Make, scratch: Path, codec: str, spoken: str
) -> None:
    source = clip("other.mkv", *PICTURE, *TONE, *H264, "-c:a", codec)
    facts = probe(source, source.name, scratch)
    assert facts.audio_stream is None
    (warning,) = facts.warnings
    assert warning.startswith(f"The sound is in {spoken}, which Lectern cannot decode")


def two_tracks(make: Make, name: str, first: tuple[str, ...], second: tuple[str, ...]) -> Path:
    inputs = (*PICTURE, *first, *second)
    return make(name, *inputs, *("-map", "0", "-map", "1", "-map", "2"), *H264, "-c:a", "aac")


@pytest.mark.parametrize("ending", ["mkv", "mp4", "mov"])
def test_the_track_that_is_heard_is_the_main_one(clip: Make, scratch: Path, ending: str) -> None:
    source = two_tracks(clip, f"obs.{ending}", SILENCE, TONE)
    facts = probe(source, source.name, scratch)
    assert facts.audio_stream == 2
    assert [each.silent for each in facts.streams if each.kind == "audio"] == [True, False]
    plan = ladder.plan(facts, hls_timeline.measure(source, facts, scratch), 180)
    assert plan.tracks[0].stream == 2
    assert np.abs(heard(source, scratch)).max() > 0.05


def test_the_first_of_two_that_are_heard_stays_the_main_one(clip: Make, scratch: Path) -> None:
    source = two_tracks(clip, "both.mkv", TONE, TONE)
    assert probe(source, source.name, scratch).audio_stream == 1


STEREO = {
    "one channel turned over": "pan=stereo|c0=c0|c1=-1*c0",
    "only the left": "pan=stereo|c0=c0|c1=0*c0",
    "only the right": "pan=stereo|c0=0*c0|c1=c0",
}


@pytest.mark.parametrize("name", STEREO)
def test_speech_is_looked_for_in_every_channel(clip: Make, scratch: Path, name: str) -> None:
    source = clip("stereo.m4a", *TONE, "-af", STEREO[name], "-c:a", "aac")
    samples = heard(source, scratch)
    assert np.sqrt(np.mean(np.square(samples))) > 0.05


def test_speakers_with_a_track_each_are_all_listened_to(clip: Make, scratch: Path) -> None:
    # One after the other: nobody is heard on more than one track.
    speakers = [
        (
            "-f",
            "lavfi",
            "-i",
            f"sine=f=440:r=48000:d=6,volume='between(t,{n * 2},{n * 2 + 1.8})*4':eval=frame",
        )
        for n in range(3)
    ]
    inputs = [word for speaker in speakers for word in speaker]
    maps = [word for n in range(3) for word in ("-map", str(n))]
    source = clip("zoom.mka", *inputs, *maps, "-c:a", "flac")
    samples = heard(source, scratch)
    for n in range(3):
        part = samples[int((n * 2 + 0.3) * 16_000) : int((n * 2 + 1.5) * 16_000)]
        assert np.sqrt(np.mean(np.square(part))) > 0.05


def test_tracks_in_different_languages_are_not_mixed(clip: Make, scratch: Path) -> None:
    languages = ("-metadata:s:a:0", "language=deu", "-metadata:s:a:1", "language=eng")
    inputs = (*PICTURE, *TONE, *TONE, "-map", "0", "-map", "1", "-map", "2")
    source = clip("dubbed.mkv", *inputs, *H264, "-c:a", "aac", *languages)
    facts = probe(source, source.name, scratch)
    assert [each.index for each in input.tracks(facts)] == [1]


def test_facts_of_sound_survive_their_row(clip: Make, scratch: Path) -> None:
    source = two_tracks(clip, "obs.mkv", SILENCE, TONE)
    facts = probe(source, source.name, scratch)
    assert Facts.from_json(facts.to_json()) == facts
