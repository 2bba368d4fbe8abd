"""Caption files: read whatever can be read, name the line of the rest, write what was read."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lectern.errors import Invalid, TooLarge
from lectern.insight import subtitles
from lectern.insight.caption_files import writing
from lectern.insight.caption_files.markup import tidy
from lectern.insight.cues import Cue
from lectern.insight.subtitles import read

REFUSED = {
    "broken-header.vtt": "Line 1",
    "garbage-signature.vtt": "Line 1",
    "zero-byte.vtt": "Line 1",
    "windows-1252.srt": "Line 3: the captions are not UTF-8",
    "20000-cues.vtt": "at most 1 MiB",
    "bad-double-header.vtt": "Line 4: the time cannot be read",
}


@st.composite
def cues(draw: st.DrawFn) -> list[Cue]:
    texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
    texts = texts.map(tidy).filter(lambda text: text and "-->" not in text and "{\\" not in text)
    found, clock = [], 0
    for text in draw(st.lists(texts, min_size=1, max_size=12)):
        start = clock + draw(st.integers(0, 5000))
        clock = start + draw(st.integers(50, 8000))
        found.append(Cue(start / 1000, clock / 1000, text))
    return found


@given(cues())
def test_webvtt_comes_back_as_it_was_written(made: list[Cue]) -> None:
    reading = read(writing.vtt(made).encode())
    assert (reading.cues, reading.remarks) == (made, [])


@given(cues())
def test_subrip_comes_back_as_it_was_written(made: list[Cue]) -> None:
    reading = read(writing.srt(made).encode())
    assert (reading.cues, reading.remarks) == (made, [])


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    try:
        found = read(b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + data).cues
    except Invalid:
        return
    for one, other in pairwise(found):
        assert one.end_s <= other.start_s


def corpus(assets_dir: Path) -> list[Path]:
    return sorted((assets_dir / "media/corpus/subtitle").iterdir())


def test_the_corpus_is_read(assets_dir: Path) -> None:
    for path in corpus(assets_dir):
        if path.name in REFUSED:
            continue
        reading = read(path.read_bytes())
        assert reading.cues, path.name
        for one, other in pairwise(reading.cues):
            assert one.start_s < one.end_s <= other.start_s, path.name
        written = writing.vtt(reading.cues)
        assert read(written.encode()).cues == reading.cues, path.name
        # What a browser would take for markup is nowhere in it.
        assert "<" not in re.sub(r"<v [^<>]+>", "", written), path.name


def test_what_is_refused_of_the_corpus_is_refused_with_its_line(assets_dir: Path) -> None:
    for path in corpus(assets_dir):
        if path.name in REFUSED:
            with pytest.raises((Invalid, TooLarge), match=REFUSED[path.name]):
                read(path.read_bytes())


def test_markup_is_stripped_and_hostile_text_is_only_text(assets_dir: Path) -> None:
    reading = read((assets_dir / "media/corpus/subtitle/xss.vtt").read_bytes())
    for cue in reading.cues:
        assert "<script" not in cue.text
        assert "onerror" not in cue.text


def said(text: str) -> subtitles.Reading:
    return read(text.encode())


def test_what_is_mended_is_said_with_its_line() -> None:
    reading = said(
        "1\n00:00:05,000 --> 00:00:04,000\nbackwards\n\n"
        "2\n00:00:04,500 --> 00:00:09,000\noverlapping\n"
        "3\n0:07 --> 0:08\nwithout hours\n"
    )
    assert [(cue.start_s, cue.end_s, cue.text) for cue in reading.cues] == [
        (4.0, 4.8, "backwards"),
        (4.8, 7.0, "overlapping"),
        (7.0, 8.0, "without hours"),
    ]
    assert [line.split(":")[0] for line in reading.mended] == ["Line 2", "Line 2", "Line 6"]


def test_a_cue_whose_time_cannot_be_read_is_named_and_the_others_stay() -> None:
    reading = said("WEBVTT\n\n00:0x.000 --> 00:02.000\nbad\n\n00:03.000 --> 00:04.000\ngood\n")
    assert [cue.text for cue in reading.cues] == ["good"]
    assert reading.left_out == ["Line 3: the time cannot be read, so the cue is left out."]


def test_notes_styles_and_identifiers_are_no_text() -> None:
    reading = said(
        "WEBVTT - a title\n\nNOTE\nnot shown\n\nSTYLE\n::cue { color: red }\n\n"
        "intro\n00:01.000 --> 00:02.000 align:start\n<v Ann>Hello <b>there</b> &amp; &lt;you&gt;\n"
    )
    assert [cue.text for cue in reading.cues] == ["Hello there & <you>"]


@pytest.mark.parametrize("data", [b"", b"hello", b"WEBVTT", b"WEBVTT\n\n00:01.000 --> x\nhi"])
def test_without_one_cue_nothing_is_accepted(data: bytes) -> None:
    with pytest.raises(Invalid):
        read(data)
