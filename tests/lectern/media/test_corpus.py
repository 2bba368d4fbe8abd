"""Every file of the shared corpus, judged as its `expect` column says."""

import csv
import re
from pathlib import Path

import pytest

from lectern.media.facts import Facts
from lectern.media.probe import probe
from lectern.media.sandbox.refusal import Refused

# What a folder's files are, unless a line below says otherwise.
KINDS = {"video": "video", "audio": "audio", "image": "image", "subtitle": "document"} | {
    "document": "document"
}
# Words that the refusal must contain, for each file that is not accepted.
REFUSED = {
    "video/codec-unsupported-vvc.mp4": "codec is not supported",
    "video/corrupt-vp9-bitstream.webm": "damaged",
    "video/empty-flv-header-only.flv": "damaged",
    "video/encrypted-clearkey-fragmented.mp4": "DRM",
    "video/hls-init-segment-only.mp4": "nothing in them",
    "video/hls-init-video-only.mp4": "nothing in them",
    "video/no-streams.mp4": "no video or audio",
    "video/truncated-half.mp4": "incomplete",
    "video/truncated-no-moov.mp4": "incomplete",
    "video/zero-byte.mp4": "empty",
    "audio/empty-data-chunk.wav": "nothing in them",
    "audio/fmt-size-huge.wav": "damaged",
    "audio/garbage-100kB-then-mp3.mp3": "not supported",
    "audio/header-only-no-samples.wav": "nothing in them",
    "audio/one-byte.ogg": "not supported",
    "audio/sample-rate-1092676.wav": "1,092,676",
    "audio/truncated-after-moov.m4b": "nothing in them",
    "audio/zero-sample-rate.wav": "damaged",
    "image/bomb-65536x65536.png": "megapixels",
    "image/bomb-text-chunk.png": "damaged",
    "image/corrupt-data.jpg": "damaged",
    "image/jpeg-xl.jxl": "not supported",
    "image/photoshop.psd": "not supported",
    "image/seven-bytes.png": "not supported",
    "image/truncated.jpg": "damaged",
    "image/webp-144-megapixel.webp": "megapixels",
    "image/zero-byte.png": "empty",
    "subtitle/bad-double-header.vtt": "not WebVTT",
    "subtitle/bad-timestamps.vtt": "Line 4",
    "subtitle/broken-header.vtt": "not WebVTT",
    "subtitle/garbage-signature.vtt": "not WebVTT",
    "subtitle/windows-1252.srt": "not UTF-8",
    "subtitle/zero-byte.vtt": "empty",
    "document/hls-media-playlist.m3u8": "HLS playlist",
    "document/mediapackage-with-video.zip": "ZIP archive",
    "document/plain.zip": "ZIP archive",
    "attack/avi-gab2-hls.avi": "no video or audio",
    "attack/avi-hls-ssrf.avi": "HLS playlist",
    "attack/bomb-16000x16000-1-frame.mp4": "megapixels",
    "attack/bomb-50000x50000-1bit.png": "megapixels",
    "attack/bomb-gif-20000-frames.gif": "frames",
    "attack/concat-script-6-years.mp4": "list of files",
    "attack/concat-script-hostname.mp4": "list of files",
    "attack/dash-relative-neighbour.mp4": "DASH",
    "attack/exe-named.mp4": "program",
    "attack/hls-file-hostname.mp4": "HLS playlist",
    "attack/hls-http-secret.mp4": "HLS playlist",
    "attack/hls-key-uri.m3u8": "HLS playlist",
    "attack/hls-live-no-end.mp4": "HLS playlist",
    "attack/hls-relative-neighbour.mp4": "HLS playlist",
    "attack/html-named.jpg": "HTML",
    "attack/php-named.jpg": "PHP",
    "attack/shell-script-named.wav": "script",
    "attack/svg-billion-laughs.svg": "entities",
    "attack/svg-xxe-hostname.svg": "entities",
    "attack/text-read-as-lyrics.wmv": "playlist",
    "attack/pdf-named.png": "the content is a document",
    "attack/zip-bomb-1gb.zip": "ZIP archive",
    "attack/zip-slip.zip": "ZIP archive",
}
# Accepted, but not as their folder says.
OTHER_KINDS = {
    "video/audio-only-in-mp4.mp4": "audio",
    "attack/avi-million-fps.avi": "video",
    "attack/jpeg-named.png": "image",
    "attack/metadata-xss.mp3": "audio",
    "attack/neighbour.ts": "video",
    "attack/pdf-with-javascript.pdf": "document",
    "attack/png-named.mp4": "image",
    "attack/polyglot-gif-js.gif": "image",
    "attack/polyglot-jpeg-html.jpg": "image",
    "attack/polyglot-mp4-html.mp4": "video",
    "attack/polyglot-mp4-zip.mp4": "video",
    "attack/svg-cdata-breakout.svg": "image",
    "attack/svg-nested-scripts.svg": "image",
    "attack/svg-onload.svg": "image",
    "attack/svg-remote-image.svg": "image",
    "attack/svg-script-tag.svg": "image",
    "attack/wav-size-4gb.wav": "audio",
}
# A sentence that must be among the warnings.
WARNED = {
    "video/bit-errors-in-mdat.mp4": "damaged",
    "video/mdat-longer-than-file.mp4": "incomplete",
    "video/truncated-100kB-of-19min.mkv": "incomplete",
    "audio/trailing-garbage.mp3": "incomplete",
    "image/tiff-3-pages.tiff": "3 pages",
    "subtitle/missing-timecode.srt": "Line 14",
    "subtitle/negative-times.srt": "Line 2",
    "subtitle/end-before-start.srt": "Line 2",
    "subtitle/nul-bytes.srt": "control characters",
    "attack/pdf-named.png": "the content is a document",
    "attack/png-named.mp4": "the content is an image",
}
# Where the manifest repeats what the header claims, or counts a subtitle's last cue.
DURATIONS = {
    "video/fragmented-bogus-duration-39h.mp4": 1.07,
    "video/truncated-100kB-of-19min.mkv": 1.7,
    "video/multi-2video-2audio-2subs.mp4": 13.06,
    "audio/trailing-garbage.mp3": 1.05,
}
# The better of two video tracks counts here, the first in the manifest.
SIZES = {"video/multi-2video-2audio-2subs.mp4": (480, 270)}


def judged() -> list[str]:
    """Every file with a line above; the rest of the folders' files are found in the manifest."""
    return sorted({*REFUSED, *OTHER_KINDS, *WARNED, *DURATIONS})


def rows(corpus: Path) -> dict[str, dict[str, str]]:
    with (corpus / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def displayed(row: dict[str, str]) -> tuple[int, int] | None:
    """The manifest's size as shown: its `display` where rotation or aspect change it."""
    found = re.search(r"display (\d+)x(\d+)", row["facts"]) or re.search(
        r"(\d+)x(\d+)", row["frame_size"]
    )
    return (int(found[1]), int(found[2])) if found else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "folder" in metafunc.fixturenames:
        folders = [*KINDS, "attack", "import"]
        # Small enough to spread over workers, large enough not to be a test a file.
        metafunc.parametrize(("folder", "part"), [(f, p) for f in folders for p in range(8)])


def test_every_file_named_here_is_in_the_corpus(corpus: Path) -> None:
    assert set(judged()) <= set(rows(corpus))


def test_a_part_of_the_corpus_is_judged_as_expected(
    corpus: Path, scratch: Path, folder: str, part: int
) -> None:
    files = [name for name in sorted(rows(corpus)) if name.startswith(f"{folder}/")]
    wrong = {}
    for name in files[part::8]:
        try:
            facts = probe(corpus / name, Path(name).name, scratch)
        except Refused as refused:
            problem = refusal_problem(name, str(refused))
        else:
            problem = acceptance_problem(name, facts, rows(corpus)[name])
        if problem:
            wrong[name] = problem
    assert wrong == {}


def refusal_problem(name: str, sentence: str) -> str | None:
    words = REFUSED.get(name, "import command" if name.startswith("import/") else None)
    if words is None:
        return f"refused: {sentence}"
    complete = sentence[0].isupper() and sentence.endswith(".")
    return None if words in sentence and complete else f"refused otherwise: {sentence}"


def acceptance_problem(name: str, facts: Facts, row: dict[str, str]) -> str | None:
    kind = OTHER_KINDS.get(name, KINDS.get(name.split("/")[0]))
    if name in REFUSED or facts.kind != kind:
        return f"accepted as {facts.kind}"
    if WARNED.get(name, "") not in " ".join(facts.warnings):
        return f"warned otherwise: {facts.warnings}"
    if facts.fps and facts.fps > 240:
        return f"{facts.fps} frames a second"
    if Facts.from_json(facts.to_json()) != facts:
        return "the facts do not survive JSON"
    return duration_problem(name, facts, row) or size_problem(name, facts, row)


def duration_problem(name: str, facts: Facts, row: dict[str, str]) -> str | None:
    expected = DURATIONS.get(name) or float(row["duration_s"] or 0)
    if facts.kind not in {"video", "audio"} or expected < 0.001:
        return None
    measured = facts.duration_s or 0
    close = abs(measured - expected) <= max(0.25, 0.03 * expected)
    return None if close else f"lasts {measured} s instead of {expected} s"


def size_problem(name: str, facts: Facts, row: dict[str, str]) -> str | None:
    expected = SIZES.get(name) or displayed(row)
    if facts.kind not in {"video", "image"} or expected is None or facts.container == "svg":
        return None
    size = (facts.width or 0, facts.height or 0)
    return None if size == expected else f"shown at {size} instead of {expected}"
