"""Names from strangers: shown as they were meant, able to do nothing."""

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lectern import text
from lectern.errors import Invalid

# Also what JSON can carry and UTF-8 cannot: lone surrogates.
ANYTHING = st.text(st.characters(exclude_categories=[]), max_size=400)


@given(ANYTHING)
def test_any_file_name_becomes_safe_to_show_and_to_store(raw: str) -> None:
    name = text.file_name(raw)
    assert 1 <= len(name) <= text.LONGEST_NAME
    assert name == unicodedata.normalize("NFC", name) == name.strip()
    assert not any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in name)
    assert "/" not in name
    assert "\\" not in name
    assert name.strip(" .")
    name.encode()


@given(ANYTHING)
def test_cleaning_twice_is_the_same_as_once(raw: str) -> None:
    once = text.clean_text(raw)
    assert text.clean_text(once) == once
    paragraphs = text.clean_paragraphs(raw)
    assert text.clean_paragraphs(paragraphs) == paragraphs


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Lecture 1.mp4", "Lecture 1.mp4"),
        ("../../etc/passwd.mp4", "passwd.mp4"),
        ("C:\\Users\\me\\clip.mov", "clip.mov"),
        ("video\u202e4pm.exe", "video4pm.exe"),
        ("a\r\nSet-Cookie: x.mp4", "a Set-Cookie: x.mp4"),
        ("nul\x00byte.mp4", "nulbyte.mp4"),
        ("\ud83c.mp4", ".mp4"),
        ("cafe\u0301.mp4", "caf\u00e9.mp4"),
        ("🎬🎥.mp4", "🎬🎥.mp4"),
        ("", "untitled"),
        ("...", "untitled"),
        ("/", "untitled"),
        ("folder/", "folder"),
        ("\u200f\u202e", "untitled"),
        ("two \x07 parts", "two parts"),
    ],
)
def test_a_file_name_reads_as_it_was_meant(raw: str, shown: str) -> None:
    assert text.file_name(raw) == shown


def test_a_long_name_keeps_its_extension() -> None:
    name = text.file_name("x" * 4096 + ".webm")
    assert name.endswith("x.webm")
    assert len(name) == text.LONGEST_NAME
    assert len(text.file_name("." + "x" * 400)) == text.LONGEST_NAME


def test_every_name_of_the_corpus_is_harmless(assets_dir: Path) -> None:
    corpus = json.loads((assets_dir / "media/corpus/names/names.json").read_text("utf-8"))
    assert len(corpus["names"]) > 10
    for case in corpus["names"]:
        name = text.file_name(case["name"])
        assert name.isprintable(), case
        assert len(name) <= text.LONGEST_NAME, case
        assert not set(name) & set("/\\\u202e\u0000"), case


@pytest.mark.parametrize("raw", ["", "  ", "\u202e", "\n\t", "x" * 201])
def test_an_asset_needs_a_name_of_sensible_length(raw: str) -> None:
    with pytest.raises(Invalid) as refusal:
        text.asset_name(raw)
    assert refusal.value.fields.keys() == {"name"}


@pytest.mark.parametrize("raw", ["", " ", "a,b", "x" * 61, "\u200e"])
def test_a_tag_is_a_short_text_without_commas(raw: str) -> None:
    with pytest.raises(Invalid):
        text.tag_name(raw)


@given(st.text(max_size=60))
def test_a_tags_key_is_its_own_key(raw: str) -> None:
    key = text.tag_key(text.clean_text(raw))
    assert text.tag_key(key) == key


@pytest.mark.parametrize("spelling", ["BIOLOGY", "biology", "Ｂiology", "bioloGy"])
def test_spellings_of_one_word_share_a_key(spelling: str) -> None:
    assert text.tag_key(spelling) == text.tag_key("Biology")


def test_descriptions_keep_their_lines() -> None:
    assert text.clean_paragraphs(" one \r\n\r\ntwo\x00\t2 \n") == "one\n\ntwo 2"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, ""),
        (0.0, "0:00"),
        (0.04, "0:01"),
        (7.4, "0:07"),
        (59.6, "1:00"),
        (724.0, "12:04"),
        (3599.5, "1:00:00"),
        (3723.0, "1:02:03"),
        (360_000.0, "100:00:00"),
    ],
)
def test_a_duration_reads_as_players_show_it(seconds: float | None, shown: str) -> None:
    assert text.duration_text(seconds) == shown


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (None, ""),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KB"),
        (1234, "1.2 KB"),
        (9949, "9.9 KB"),
        (9950, "10 KB"),
        (999_499, "999 KB"),
        (999_500, "1.0 MB"),
        (1_234_567_890, "1.2 GB"),
        (20_000_000_000, "20 GB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_a_size_reads_as_disks_are_sold(size: int | None, shown: str) -> None:
    assert text.size_text(size) == shown
