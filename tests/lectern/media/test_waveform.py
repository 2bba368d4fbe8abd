"""Waveforms: peaks where the sound is, and the loudness that ffmpeg itself measures."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lectern.media import waveform
from lectern.media.probe import probe
from lectern.media.sandbox import sandbox
from lectern.media.waveform import Waveform

Make = Callable[..., Path]


def made(source: Path, scratch: Path) -> Waveform:
    return waveform.make(source, probe(source, source.name, scratch), scratch)


def peaks(wave: Waveform) -> dict[str, Any]:
    described: dict[str, Any] = json.loads(wave.path.read_bytes())
    assert (described["version"], described["bits"], described["channels"]) == (2, 8, 1)
    assert len(described["data"]) == 2 * described["length"]
    return described


def told_by_ffmpeg(source: Path) -> dict[str, float]:
    """The summary of ffmpeg's own filter."""
    command = [
        str(sandbox.ffmpeg()),
        "-hide_banner",
        "-nostats",
        "-i",
        str(source),
        "-map",
        "0:a:0",
    ]
    meter = ["-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"]
    said = subprocess.run([*command, *meter], capture_output=True, text=True, check=True).stderr
    found = {name: re.findall(rf"{name}:\s+(-?[\d.]+)", said) for name in (" I", "LRA", "Peak")}
    return {name.strip(): float(values[-1]) for name, values in found.items()}


@pytest.mark.parametrize(
    "name",
    [
        *("speech-jfk.flac", "stereo-music.opus", "surround-5_1-opus.ogg", "alac.m4a"),
        *("speech-english-then-german-60s.mp3", "speech-librivox-0870.wav", "cover-art.flac"),
    ],
)
def test_loudness_is_what_ffmpeg_measures(corpus: Path, scratch: Path, name: str) -> None:
    source = corpus / "audio" / name
    wave, theirs = made(source, scratch), told_by_ffmpeg(source)
    assert wave.facts["lufs"] == pytest.approx(theirs["I"], abs=0.1)
    assert wave.facts["range_lu"] == pytest.approx(theirs["LRA"], abs=0.1)
    assert wave.facts["true_peak_db"] == pytest.approx(theirs["Peak"], abs=0.1)


def test_peaks_are_where_the_sound_is(clip: Make, scratch: Path) -> None:
    quiet = "anullsrc=r=44100:cl=stereo,atrim=duration=2[a]"
    loud = "sine=frequency=440:sample_rate=44100:duration=2,volume=8,aformat=channel_layouts=stereo"
    source = clip("half.wav", "-filter_complex", f"{quiet};{loud}[b];[a][b]concat=n=2:v=0:a=1")
    described = peaks(made(source, scratch))
    assert described["length"] == 80
    seconds = described["samples_per_pixel"] / described["sample_rate"]
    assert seconds == pytest.approx(0.05)
    low, high = described["data"][0::2], described["data"][1::2]
    assert set(low[:39] + high[:39]) == {0}
    assert min(high[41:]) > 80
    assert max(low[41:]) < -80


def test_silence_has_no_loudness(corpus: Path, scratch: Path) -> None:
    wave = made(corpus / "audio" / "silence-1s.wav", scratch)
    assert wave.facts == {"lufs": None, "range_lu": None, "true_peak_db": None}
    assert set(peaks(wave)["data"]) <= {0, -1}


@pytest.mark.parametrize(
    "name",
    [
        *("video/audio-shorter-than-video.mp4", "video/name-says-vp8-is-vp9-6ch.webm"),
        *("video/multi-2video-2audio-2subs.mp4", "audio/amr-nb-phone.amr", "audio/pcm-192khz.wav"),
        *("audio/trailing-garbage.mp3", "audio/corrupt-metadata.ogg", "audio/rf64-header.wav"),
    ],
)
def test_every_sound_track_can_be_drawn(corpus: Path, scratch: Path, name: str) -> None:
    described = peaks(made(corpus / name, scratch))
    assert described["length"] > 0
    assert all(-128 <= value <= 127 for value in described["data"])
