"""Duration, pictures and sound of every corpus file, against ffmpeg's own decode of it."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from lectern.media.probe import probe
from lectern.media.sandbox import sandbox
from lectern.media.sandbox.refusal import Refused

TOLERANCE_S = 0.12
# Where ours differs on purpose: docs/media.md#where-ffmpeg-says-otherwise argues each.
ARGUED = frozenset({"three-slides.mp4"})
_LINE = re.compile(r"(\d+), *(-?\d+), *(-?\d+), *(\d+), *(\d+), 0x[0-9a-f]+")
_BASE = re.compile(r"#tb (\d+): (\d+)/(\d+)")
_KIND = re.compile(r"#media_type (\d+): (\w+)")


@dataclass
class Decoded:
    """Seconds at which the decoded picture and sound begin and end; None for what is not there."""

    video: tuple[float, float] | None = None
    audio: tuple[float, float] | None = None

    @property
    def lasts_s(self) -> float:
        return max(end for _, end in (self.video or (0, 0), self.audio or (0, 0)))


def decoded(source: Path) -> Decoded:
    """All of the main picture and sound, decoded by ffmpeg's command and listed frame by frame."""
    command = [str(sandbox.ffmpeg()), "-hide_banner", "-nostdin", "-v", "error", "-i", str(source)]
    mapped = [
        "-map",
        "0:V:0?",
        "-map",
        "0:a:0?",
        "-fps_mode",
        "passthrough",
        "-enc_time_base:v",
        "demux",
    ]
    done = subprocess.run(
        [*command, *mapped, "-f", "framecrc", "-"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    bases = {int(n): int(num) / int(den) for n, num, den in _BASE.findall(done.stdout)}
    kinds = {int(n): kind for n, kind in _KIND.findall(done.stdout)}
    spans: dict[str, tuple[float, float]] = {}
    for number, _, pts, duration, _ in _LINE.findall(done.stdout):
        base, kind = bases[int(number)], kinds[int(number)]
        begin_s, end_s = int(pts) * base, (int(pts) + int(duration)) * base
        old = spans.get(kind, (begin_s, end_s))
        spans[kind] = min(old[0], begin_s), max(old[1], end_s)
    return Decoded(spans.get("video"), spans.get("audio"))


def differences(source: Path, scratch: Path) -> list[str]:
    """What the probe says otherwise than the decode, in words."""
    try:
        facts = probe(source, source.name, scratch)
    except Refused:
        return []
    if facts.kind not in {"video", "audio"}:
        return []
    truth = decoded(source)
    told = []
    if abs((facts.duration_s or 0) - truth.lasts_s) > TOLERANCE_S:
        told.append(f"lasts {facts.duration_s}, decoded {truth.lasts_s:.3f}")
    if (facts.kind == "video") != (truth.video is not None):
        told.append(f"is {facts.kind}, decoded picture {truth.video}")
    if (facts.audio_stream is not None) != (truth.audio is not None):
        told.append(f"sound {facts.audio_stream}, decoded {truth.audio}")
    return told


def media(folder: Path, *parts: str) -> list[Path]:
    """The files in these folders that a player would open."""
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}")
    files = [each for part in parts for each in sorted((folder / part).iterdir())]
    return [each for each in files if each.suffix not in {".md", ".srt", ".vtt"}]


def assert_agree(files: list[Path], scratch: Path) -> None:
    told = {each.name: differences(each, scratch) for each in files}
    assert {name for name, each in told.items() if each} <= ARGUED, told


def test_what_the_probe_says_of_real_troubles_is_what_ffmpeg_decodes(
    assets_dir: Path, scratch: Path
) -> None:
    assert_agree(media(assets_dir / "media", "hunted"), scratch)


@pytest.mark.full
def test_what_the_probe_says_of_the_corpus_is_what_ffmpeg_decodes(
    corpus: Path, scratch: Path
) -> None:
    assert_agree(media(corpus, "video", "audio"), scratch)
