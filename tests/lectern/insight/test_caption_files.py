"""What programs write into caption files, as people should read it."""

from itertools import pairwise
from pathlib import Path

import pytest

from lectern.insight.caption_files import writing
from lectern.insight.cues import Cue
from lectern.insight.subtitles import hours_before, read


def cues(text: str) -> list[Cue]:
    return read(text.encode()).cues


def texts(text: str) -> list[str]:
    return [cue.text for cue in cues(text)]


def said(text: str, form: str = "srt") -> str:
    """The text of one cue of a format."""
    head, point = ("WEBVTT\n\n", ".") if form == "vtt" else ("1\n", ",")
    (cue,) = cues(f"{head}00:00:01{point}000 --> 00:00:04{point}000\n{text}\n")
    return cue.text


@pytest.fixture
def hunted(assets_dir: Path) -> Path:
    folder = assets_dir / "media/hunted"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here: captions that real programs wrote")
    return folder


def back(made: list[Cue]) -> list[Cue]:
    """The cues as somebody reads them who downloaded them as WebVTT."""
    return cues(writing.vtt(made))


ROLLING = (
    ("0.500", "2.490", "one two"),
    ("2.490", "2.500", "one two"),
    ("2.500", "4.990", "one two\nthree four"),
    ("4.990", "5.000", "three four"),
    ("5.000", "7.000", "three four\nfive six"),
)


def test_rolling_captions_of_youtube_say_each_sentence_once(hunted: Path) -> None:
    found = read((hunted / "youtube-auto.vtt").read_bytes()).cues
    assert [cue.start_s for cue in found] == [0.469, 3.179, 5.889, 8.599]
    assert " ".join(cue.text for cue in found) == (
        "welcome to the series on neural network programming with pytorch in this episode we "
        "install it and check it"
    )
    assert back(found) == found


@pytest.mark.parametrize("form", ["vtt", "srt"])
def test_rolling_captions_are_read_from_both_formats(form: str) -> None:
    point, head = (".", "WEBVTT\nKind: captions\n\n") if form == "vtt" else (",", "")
    blocks = [
        f"{number}\n00:00:0{a} --> 00:00:0{b}\n{text}\n".replace(".", point)
        for number, (a, b, text) in enumerate(ROLLING, start=1)
    ]
    found = cues(head + "\n".join(blocks))
    assert [(cue.start_s, cue.text) for cue in found] == [
        (0.5, "one two"),
        (2.5, "three four"),
        (5.0, "five six"),
    ]


def test_captions_that_grow_word_by_word_become_their_lines() -> None:
    found = cues(
        "1\n00:00:01,000 --> 00:00:01,500\nwe\n\n2\n00:00:01,500 --> 00:00:02,000\nwe begin\n\n"
        "3\n00:00:02,000 --> 00:00:03,000\nwe begin here\n\n"
        "4\n00:00:03,000 --> 00:00:04,000\nwe begin here\nand go\n\n"
        "5\n00:00:04,000 --> 00:00:05,000\nwe begin here\nand go on\n"
    )
    assert [(c.start_s, c.end_s, c.text) for c in found] == [
        (1.0, 3.0, "we begin here"),
        (3.0, 5.0, "and go on"),
    ]


def test_what_is_really_said_twice_stays_twice() -> None:
    lines = ["Yes.", "Yes.", "La la la", "Why?", "Because.", "Because.", "No.", "So it is."]
    blocks = [
        f"{n}\n00:00:{n * 2:02},000 --> 00:00:{n * 2 + 2:02},000\n{text}\n"
        for n, text in enumerate(lines, start=1)
    ]
    assert texts("\n".join(blocks)) == lines


TEAMS = (
    "WEBVTT\n\n6c1d3e0b-8f0e-4b0c-9c55-0c6a2f9b5d11/12-0\n00:00:03.520 --> 00:00:05.100\n"
    "<v Ann Lee>Hello and\nwelcome.</v>\n\n6c1d3e0b-8f0e-4b0c-9c55-0c6a2f9b5d11/13-1\n"
    "00:00:05.300 --> 00:00:07.000\n<v Kim &amp; Co>Thank you.</v>\n"
)
STREAM = (
    'WEBVTT\n\nNOTE duration:"00:10:03.4400000"\n\nNOTE language:en-us\n\nNOTE Confidence: 0.9\n\n'
    "1b0e3e0b-8f0e-4b0c-9c55-0c6a2f9b5d11\n00:00:03.520 --> 00:00:05.100\nHello.\n\n"
    "NOTE Confidence: 0.8\n\n1b0e3e0b-8f0e-4b0c-9c55-0c6a2f9b5d12\n"
    "00:00:05.5200000 --> 00:00:07.1000000\nGood bye.\n"
)


def test_speakers_of_teams_are_kept_on_both_ways() -> None:
    found = cues(TEAMS)
    assert [(cue.speaker, cue.text) for cue in found] == [
        ("Ann Lee", "Hello and\nwelcome."),
        ("Kim & Co", "Thank you."),
    ]
    assert back(found) == found
    assert "<v Ann Lee>Hello and\nwelcome." in writing.vtt(found)
    assert "Ann Lee: Hello" in writing.srt(found)
    assert texts(STREAM) == ["Hello.", "Good bye."]
    assert [c.speaker for c in cues(TEAMS.replace("00:00:0", "0:0:"))] == ["Ann Lee", "Kim & Co"]


def test_two_voices_of_one_cue_are_both_named() -> None:
    assert said("<v Ann>Hello <i>you</i></v>\n<v.loud Bo>Hi</v>", "vtt") == "Ann: Hello you\nBo: Hi"
    assert said("<v>nobody", "vtt") == "nobody"


def test_names_that_zoom_and_descript_write_stay_in_the_text() -> None:
    zoom = "WEBVTT\r\n\r\n1\r\n00:00:01.000 --> 00:00:03.000\r\nAnn Lee: Hello: one\r\n"
    assert texts(zoom) == ["Ann Lee: Hello: one"]
    assert back(cues(zoom)) == cues(zoom)


CODE = [
    "a MyValue<String> like before",
    "put a <div> inside of the <body>",
    "when x <y and y>z we stop",
    "#include <iostream>",
    "print if i <n",
    "Map<K, V> and Box<T>, a Vec<B> too",
    "if a <b and c> d",
    "<img src=x> is {\\alpha} in braces {state}",
]


@pytest.mark.parametrize("text", CODE)
@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_code_in_angle_brackets_is_text(text: str, form: str) -> None:
    assert said(text, form) == text
    made = [Cue(1.0, 4.0, text)]
    assert back(made) == made
    assert cues(writing.srt(made)) == made


@pytest.mark.parametrize(
    ("text", "words", "form"),
    [
        ('<i>one</i> <B>two</B> <font color="#fff">three</font>', "one two three", "srt"),
        ("<u>one</u> <s>two</s> <b>three", "one two three", "srt"),
        ("{\\an8}top {\\i1}two{\\i0}", "top two", "srt"),
        ("<c.colorE5E5E5>one</c><00:00:01.500><c> two</c>", "one two", "vtt"),
        ("<lang en-GB>one</lang> <b.x>two</b> <u>three</u>", "one two three", "vtt"),
        ("<ruby>base<rt>over</rt></ruby>.", "base (over).", "vtt"),
        ("<ruby>漢<rt>かん</rt>字<rt>じ</rt></ruby>", "漢(かん)字(じ)", "vtt"),
        ("<c>a &lt;div&gt; &amp; more</c>", "a <div> & more", "vtt"),
    ],
)  # fmt: skip
def test_markup_of_the_format_goes(text: str, words: str, form: str) -> None:
    assert said(text, form) == words


def test_the_angle_brackets_of_real_captions_stay(hunted: Path) -> None:
    found = read((hunted / "angle.srt").read_bytes()).cues
    assert [cue.text.split("\n")[0] for cue in found] == [
        "or a MyValue<String> like before and it",
        "we put a <div> inside of the <body>",
        "when x <y and y>z we stop",
        "#include <iostream>",
        "print if i <n",
    ]
    assert back(found) == found


def test_an_empty_line_inside_a_subrip_cue_ends_nothing(hunted: Path) -> None:
    found = read((hunted / "blank.srt").read_bytes()).cues
    assert [cue.text for cue in found] == [
        "Haddock saw it on deck four\nand asked for my view.",
        "The first law\nThe second law",
        "last",
    ]
    numberless = "00:00:01,000 --> 00:00:02,000\na\n\nb\n\n00:00:03,000 --> 00:00:04,000\nc\n"
    assert texts(numberless) == ["a\nb", "c"]
    counting = "1\n00:00:01,000 --> 00:00:02,000\n\n7\n\n2\n00:00:03,000 --> 00:00:04,000\n42\n"
    assert texts(counting) == ["7", "42"]
    broken = "1\n00:01,000 --> 00:02,000\na\n\n2\nno time\nlost\n\n3\n00:05,000 --> 00:06,000\nc\n"
    assert texts(broken) == ["a", "c"]


PLAIN = (
    "1\n00:00:01,000 --> 00:00:04,000\nfirst\nline\n\n2\n00:00:05,000 --> 00:00:08,000\nnext\n\n"
)


@pytest.mark.parametrize(
    "end", ["\n", "\r\n", "\r", "\r\r\n", "\n\n", "\r\n\r\n", "\n\r", "\r\n\n"]
)
def test_any_line_ends_are_read(end: str) -> None:
    assert texts(PLAIN.replace("\n", end)) == ["first\nline", "next"]
    vtt = "WEBVTT\n\n" + PLAIN.replace(",", ".")
    assert texts(vtt.replace("\n", end)) == ["first\nline", "next"]


def test_doubled_line_ends_of_a_real_file_are_read(hunted: Path) -> None:
    found = read((hunted / "crcrlf.srt").read_bytes()).cues
    assert [cue.text for cue in found] == ["first line", "second line"]


@pytest.mark.parametrize("first", ["01:00:01,000", "10:00:00,000", "01:00:59,999"])
def test_times_of_an_editing_timeline_are_noticed(first: str) -> None:
    reading = read(f"1\n{first} --> {first[:2]}:01:30,000\nHello.\n".encode())
    assert len(reading.remarks) == 1
    assert "can be shifted to begin at 00:00:" in reading.remarks[0]


def test_hours_before_are_offered_only_where_the_times_do_not_fit(hunted: Path) -> None:
    found = read((hunted / "premiere-hour.srt").read_bytes()).cues
    assert (hours_before(found), hours_before(found, 20.0)) == (3600.0, 3600.0)
    late = [Cue(4000.0, 4002.0, "Late in a long recording.")]
    assert (hours_before(late, 7200.0), hours_before(late, 1800.0)) == (0.0, 3600.0)
    assert hours_before([Cue(1.0, 2.0, "At once.")], 1.0) == 0.0


OVERLAPS = {
    "a short one inside of a long one": [(0, 10, "x " * 60), (1, 3, "Yes?"), (12, 13, "z")],
    "each a little over the next": [(0, 2.3, "One."), (2, 4.3, "Two."), (4, 6, "Three.")],
    "begun nearly at once": [(0, 2, "Hello there"), (0.4, 2.5, "Hello too"), (2.4, 5, "Go on")],
    "one flash in another": [(0, 4, "Stays"), (2, 2.2, "Flash"), (5, 7, "After")],
    "many at once": [(0, 20, "Ann"), (0.2, 20.2, "Bo"), (0.4, 20.4, "Cy"), (3, 22, "Di")],
    "equal times": [(1, 3, "Top"), (1, 3, "Bottom"), (2.9, 5, "Next")],
}


@pytest.mark.parametrize("kind", OVERLAPS)
@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_overlapping_cues_can_all_be_read(kind: str, form: str) -> None:
    point, head = (".", "WEBVTT\n\n") if form == "vtt" else (",", "")
    blocks = [
        f"{n}\n" + f"00:00:{a:06.3f} --> 00:00:{b:06.3f}".replace(".", point) + f"\n{text}\n"
        for n, (a, b, text) in enumerate(OVERLAPS[kind], start=1)
    ]
    found = back(cues(head + "\n".join(blocks)))
    for _, _, text in OVERLAPS[kind]:
        (shown,) = [cue for cue in found if " ".join(text.split()) in cue.text.split("\n")]
        assert shown.end_s - shown.start_s >= 0.8 - 1e-6
    for one, other in pairwise(found):
        assert one.end_s <= other.start_s


def test_two_who_speak_at_once_are_both_named() -> None:
    (found,) = cues(
        "WEBVTT\n\n00:01.000 --> 00:03.000\n<v Ann>No! No.\n\n00:01.000 --> 00:03.000\n<v Bo>Yes.\n"
    )
    assert (found.speaker, found.text) == ("", "Ann: No! No.\nBo: Yes.")


@pytest.mark.parametrize("text", ["\u2067שלום\u2069 HTML", "a \u2066b\u2069", "\u2068c\u2069!"])
def test_isolates_stay_and_overrides_go(text: str) -> None:
    made = [Cue(1.0, 2.0, text)]
    assert said(f"\u202e{text}\u202d", "vtt") == text
    assert back(made) == made == cues(writing.srt(made))


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ("vertical:rl line:0", "vertical:rl line:0"),
        ("align:start position:60%,center size:35%", "align:start position:60%,center size:35%"),
        ("line:-2 region:fred nonsense line:<b>", "line:-2"),
    ],
)
def test_places_are_kept(settings: str, kept: str) -> None:
    found = cues(f"WEBVTT\n\n00:01.000 --> 00:02.000 {settings}\nHello\n")
    assert found[0].settings == kept
    assert f"00:00:02.000 {kept}\n" in writing.vtt(found)
    assert back(found) == found


def test_places_of_subrip_come_back_as_they_were() -> None:
    found = cues("1\n00:00:01,000 --> 00:00:02,000\n{\\an8}At the top\n")
    assert (found[0].text, found[0].settings) == ("At the top", "line:0")
    assert "{\\an8}At the top" in writing.srt(found)
    assert cues(writing.srt(found)) == back(found) == found
