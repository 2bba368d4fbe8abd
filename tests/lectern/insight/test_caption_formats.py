"""Formats besides WebVTT and SubRip, and what is said of files that hold no captions."""

import struct

import pytest

from lectern.errors import Invalid
from lectern.insight.caption_files import writing
from lectern.insight.cues import Cue
from lectern.insight.subtitles import read


def cues(text: str) -> list[Cue]:
    found = read(text.encode()).cues
    assert read(writing.vtt(found).encode()).cues == found
    return found


def times(text: str) -> list[tuple[float, float, str]]:
    return [(cue.start_s, cue.end_s, cue.text) for cue in cues(text)]


ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Bold, Italic, Alignment, MarginL, MarginR, MarginV
Style: Default,Arial,20,&H00FFFFFF,0,0,2,10,10,10
Style: Top,Arial,20,&H00FFFFFF,0,0,8,10,10,10

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:03.00,Default,Ann,0,0,0,,Hello, {\\i1}you\\NList<String>\\h& \\{x\\}
Comment: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,no text
Dialogue: 0,0:00:04.00,0:00:05.00,Top,,0,0,0,,At the top
Dialogue: 0,0:00:04.00,0:00:05.00,Top,,0,0,0,,{\\p1}m 0 0 l 10 10{\\p0}
Dialogue: 1,0:00:06.00,0:00:07.00,Default,,0,0,0,,{\\an4}Twice
Dialogue: 0,0:00:06.00,0:00:07.00,Default,,0,0,0,,{\\an4}Twice
"""
SSA = """[Script Info]
ScriptType: v4.00

[V4 Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Bold, Italic, Alignment
Style: Default,Arial,20,16777215,0,0,2

[Events]
Format: Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: Marked=0,0:00:01.50,0:00:03.00,Default,,0000,0000,0000,,Old, but good
"""


def test_substation_alpha_keeps_names_and_places() -> None:
    assert cues(ASS) == [
        Cue(1.0, 3.0, "Hello, you\nList<String> & {x}", "Ann"),
        Cue(4.0, 5.0, "At the top", settings="line:0"),
        Cue(6.0, 7.0, "Twice", settings="line:50% align:start position:0%"),
    ]
    assert times(SSA) == [(1.5, 3.0, "Old, but good")]
    moved = ASS.replace("Layer, Start, End, Style", "Layer, End, Start, Style")
    assert [cue.start_s for cue in cues(moved)] == [1.0, 4.0, 6.0]
    assert "swapped" in read(moved.encode()).mended[0]
    bare = "[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,Hello, you\n"
    assert times(bare) == [(1.0, 2.0, "Hello, you")]
    only_events = "[Events]\n" + ASS.split("[Events]\n")[1]
    assert [cue.text for cue in cues(only_events)][1:] == ["At the top", "Twice"]


def test_what_is_left_out_of_substation_alpha_is_named_by_its_line() -> None:
    reading = read(ASS.replace("At the top", "{\\i1}").encode())
    assert reading.left_out == ["Line 13: the cue has no text, so it is left out."]


NAMES = (
    'xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling" '
    'xmlns:ttp="http://www.w3.org/ns/ttml#parameter" '
    'xmlns:ttm="http://www.w3.org/ns/ttml#metadata"'
)
TTML = f"""<?xml version="1.0" encoding="UTF-8"?>
<tt {NAMES} ttp:frameRate="25" ttp:tickRate="1000" xml:lang="en">
<head><metadata><ttm:agent xml:id="a1" type="person"><ttm:name type="full">Ann Lee</ttm:name>
</ttm:agent></metadata>
<styling><style xml:id="high" tts:displayAlign="before"/></styling>
<layout><region xml:id="top" style="high"/>
<region xml:id="right" tts:writingMode="tbrl"/></layout></head>
<body><div>
  <p begin="00:00:01.000" end="00:00:03.000" ttm:agent="a1">A &lt;div&gt;
     line<br/>and <span tts:fontStyle="italic">one</span> more</p>
  <p begin="4s" dur="2.5s" region="top">At the top</p>
  <p begin="00:00:08:12" end="00:00:10:00">Frames</p>
  <p begin="11000t" end="12500t" region="right">Ticks<metadata>no text</metadata></p>
  <p region="top"><span begin="13s" end="14s">In</span> <span begin="14s" end="15s">spans</span></p>
</div><div begin="20s"><p begin="1s" end="2s">Within</p></div></body></tt>
"""
DFXP = """<tt xml:lang="en" xmlns="http://www.w3.org/2006/10/ttaf1"><body><div>
<p begin="00:00:01.00" end="00:00:02.50">Old DFXP<br />two &amp; more</p></div></body></tt>"""
PREFIXED = """<?xml version='1.0'?><!-- made by somebody -->
<tt:tt xmlns:tt="http://www.w3.org/ns/ttml"><tt:body><tt:div>
<tt:p begin="00:00:01.000" end="00:00:02.000"><tt:span>One</tt:span><tt:br/>
<tt:span>Two</tt:span></tt:p>
</tt:div></tt:body></tt:tt>"""


def test_ttml_is_read_with_its_clocks_speakers_and_regions() -> None:
    assert cues(TTML) == [
        Cue(1.0, 3.0, "A <div> line\nand one more", "Ann Lee"),
        Cue(4.0, 6.5, "At the top", settings="line:0"),
        Cue(8.48, 10.0, "Frames"),
        Cue(11.0, 12.5, "Ticks", settings="vertical:rl"),
        Cue(13.0, 14.0, "In", settings="line:0"),
        Cue(14.0, 15.0, "spans", settings="line:0"),
        Cue(21.0, 22.0, "Within"),
    ]


@pytest.mark.parametrize(
    "text", [DFXP, DFXP.replace("2006/10", "2006/04"), DFXP.replace("xmlns", "x")]
)
def test_dfxp_of_any_draft_is_read(text: str) -> None:
    assert times(text) == [(1.0, 2.5, "Old DFXP\ntwo & more")]


def test_ttml_with_prefixes_and_other_encodings_is_read() -> None:
    assert times(PREFIXED) == [(1.0, 2.0, "One\nTwo")]
    latin = '<?xml version="1.0" encoding="ISO-8859-1"?>' + DFXP.replace("Old", "Schön")
    assert read(latin.encode("latin-1")).cues[0].text.startswith("Schön")
    assert read(DFXP.encode("utf-16")).cues[0].text.startswith("Old")


def test_entities_of_ttml_are_not_expanded() -> None:
    bomb = '<!DOCTYPE tt [<!ENTITY a "aaaaaaaaaa">]>'
    with pytest.raises(Invalid, match="DOCTYPE"):
        read(f"<?xml version='1.0'?><tt>{bomb}</tt>".encode())
    with pytest.raises(Invalid, match="Line 2: this TTML file is not well-formed"):
        read(b"<tt><body>\n<p></body></tt>")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "0:00:00.469,0:00:03.169\nwelcome to\nthe <series>\n\n0:00:03.179,0:00:05.879\nnext\n",
            [(0.469, 3.169, "welcome to\nthe <series>"), (3.179, 5.879, "next")],
        ),
        ("0:00:01.0,0:00:02.0\na\n\nb\n", [(1.0, 2.0, "a\nb")]),
        ("\n1:00:01.000,1:00:02.000\none[br]two", [(3601.0, 3602.0, "one\ntwo")]),
    ],
)
def test_sbv_is_read(text: str, found: list[tuple[float, float, str]]) -> None:
    assert times(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "[ti:A song]\n[00:01.50]One\n[00:04.00]\n[00:05.00]Two\n",
            [(1.5, 4.0, "One"), (5.0, 12.0, "Two")],
        ),
        (
            "[00:10.00][00:01.00]Again\n[00:03.00]Between\n",
            [(1.0, 3.0, "Again"), (3.0, 10.0, "Between"), (10.0, 17.0, "Again")],
        ),
        (
            "[offset:+500]\n[00:01.00]<00:01.00>word <00:01.50>by word\n",
            [(0.5, 7.5, "word by word")],
        ),
    ],
)
def test_lrc_is_read(text: str, found: list[tuple[float, float, str]]) -> None:
    assert times(text) == found


def stl(*blocks: bytes, code: bytes = b"STL25.01", table: bytes = b"00") -> bytes:
    """A file as EBU Tech 3264 has it: one general block, then the subtitles."""
    head = bytearray(b" " * 1024)
    head[0:3], head[3:11], head[11:12], head[12:14] = b"850", code, b"1", table
    head[14:16], head[224:236], head[236:238] = b"09", b"261201261201", b"01"
    head[238:248] = b"%05d" % len(blocks) * 2
    head[248:255], head[255:256], head[256:272] = b"0014023", b"1", b"0" * 16
    head[272:277] = b"11GBR"
    return bytes(head) + b"".join(blocks)


def block(
    number: int, begin: tuple[int, ...], end: tuple[int, ...], text: bytes, row: int = 20,
    last: bool = True,
) -> bytes:  # fmt: skip
    head = b"\0" + struct.pack("<H", number) + (b"\xff" if last else b"\0") + b"\0"
    head += bytes(begin) + bytes(end) + bytes((row, 2, 0))
    return head + text.ljust(112, b"\x8f")


def test_ebu_stl_is_read() -> None:
    first = block(
        1, (0, 0, 1, 0), (0, 0, 3, 12), b"\x0b\x0bA <div>\x8a\x8asecond l\xc8ine caf\xc2e"
    )
    second = block(2, (0, 0, 4, 0), (0, 0, 5, 0), b"so \x80italic\x81 \xd3 \x07white", row=2)
    found = read(stl(first, second)).cues
    assert found == [
        Cue(1.0, 3.48, "A <div>\nsecond lïne café"),
        Cue(4.0, 5.0, "so italic © white", settings="line:0"),
    ]


def test_ebu_stl_of_other_rates_alphabets_and_many_blocks_is_read() -> None:
    late = read(stl(block(1, (10, 0, 6, 0), (10, 0, 7, 15), b"Ten o'clock"), code=b"STL30.01"))
    assert late.cues == [Cue(36006.0, 36007.5, "Ten o'clock")]
    assert "can be shifted to begin at 00:00:0" in late.remarks[0]
    cyrillic = read(stl(block(1, (0, 0, 1, 0), (0, 0, 2, 0), b"\xbf\xe0"), table=b"01"))
    assert cyrillic.cues[0].text == "Пр"
    hebrew = read(stl(block(1, (0, 0, 1, 0), (0, 0, 2, 0), b"\xf9\xec\xe5\xed"), table=b"04"))
    assert hebrew.cues[0].text == "שלום"
    parts = [block(1, (0, 0, 1, 0), (0, 0, 2, 0), b"one ", last=False)]
    parts += [block(1, (0, 0, 1, 0), (0, 0, 2, 0), b"two")]
    assert read(stl(*parts)).cues == [Cue(1.0, 2.0, "one two")]


OTTER = """Ann Lee  0:03
Good morning. Today we look at neural networks, and at how a machine learns from examples at all.

Speaker 2  0:12
Can you say that again?

Ann Lee  0:15
Yes.
"""
ZOOM = "[Ann Lee] 10:04:05\nHello everyone.\n\n[Bo] 10:04:09\nHello, Ann.\n"
DESCRIPT = "# One\n\n[00:00:03] **Ann:** Hello everyone.\n\n[00:00:07] **Bo:** Hello, Ann.\n"
PREMIERE = """00:00:00:00 - 00:00:02:15
Speaker 1
Hello everyone.

00:00:02:15 - 00:00:05:00
Speaker 2
Hello, Ann.
"""
REV = "Ann (00:03):\nHello everyone.\n\nBo (00:07):\nHello, Ann.\n"


def test_a_transcript_becomes_cues_of_its_speakers() -> None:
    found = cues(OTTER)
    assert [cue.speaker for cue in found] == [
        *["Ann Lee"] * (len(found) - 2),
        "Speaker 2",
        "Ann Lee",
    ]
    assert found[0].start_s == 3.0
    assert [cue.start_s for cue in found[-2:]] == [12.0, 15.0]
    whole = " ".join(cue.text.replace("\n", " ") for cue in found)
    assert whole.startswith("Good morning. Today we look at neural networks, and at how")
    assert max(len(line) for cue in found for line in cue.text.split("\n")) <= 42
    assert "only when each paragraph begins" in read(OTTER.encode()).remarks[0]


@pytest.mark.parametrize(
    ("text", "starts", "speakers"),
    [
        (ZOOM, [0.0, 4.0], ["Ann Lee", "Bo"]),
        (DESCRIPT, [3.0, 7.0], ["Ann", "Bo"]),
        (PREMIERE, [0.0, 2.5], ["Speaker 1", "Speaker 2"]),
        (REV, [3.0, 7.0], ["Ann", "Bo"]),
        (REV.replace("Ann (00:03):", "00:03\tAnn:"), [7.0], ["Bo"]),
        (OTTER.replace("  ", "   ").replace("\n", "\r\n"), [3.0, 12.0, 15.0], None),
    ],
)
def test_transcripts_of_many_programs_are_read(
    text: str, starts: list[float], speakers: list[str] | None
) -> None:
    found = cues(text)
    assert {cue.start_s for cue in found} >= set(starts)
    if speakers:
        assert [cue.speaker for cue in found][-len(speakers) :] == speakers
        assert found[-1].text == "Hello, Ann."


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\3\4rest", "a Word document or a ZIP archive"),
        (b"%PDF-1.7", "a PDF"),
        (b"{\\rtf1 hello}", "a rich text document"),
        (b"{12}{80}Hello", "MicroDVD"),
        (b"Scenarist_SCC V1.0\n\n00:00:01:00\t9420 9420", "SCC"),
        (b"<SAMI><BODY></BODY></SAMI>", "SAMI"),
        (b"<!DOCTYPE html><p>Hello", "a web page"),
        (b"<transcript><text start='1'>Hello</text></transcript>", "XML, but not TTML"),
        (b'{"segments": []}', "JSON"),
        (b"Just some words.\n", "no caption file that Lectern knows"),
    ],
)
def test_a_file_that_is_not_understood_is_named_with_what_to_do(data: bytes, said: str) -> None:
    with pytest.raises(Invalid, match=said) as error:
        read(data)
    assert "WebVTT (.vtt)" in str(error.value)


MANY = 100_000


@pytest.mark.parametrize(
    "data",
    [
        b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"<script>" * MANY + b"</script>x",
        b"WEBVTT\n\n00:01.000 --> 00:02.000\n<a" + b" on=" * MANY,
        b"1\n00:00:01,000 --> 00:00:02,000\n<font" + b" color=a" * MANY,
        b"1\n00:00:01,000 --> 00:00:02,000\n" + b"{\\t(" * MANY,
        b"9" * MANY + b"\n00:00:01,000 --> 00:00:02,000\nx\n",
        b"-->\n" * MANY,
        b"<!---->" * MANY + b"<",
        b"<tt><body>" + b"<p begin='1s'>" * 5000 + b"x" + b"</p>" * 5000 + b"</body></tt>",
        b"Ann (" * MANY,
        b"[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,,,0,0,0,," + b"{" * MANY,
    ],
    ids=lambda data: data[:40].decode(),
)
def test_files_made_to_keep_a_reader_busy_end(data: bytes) -> None:
    try:
        found = read(data).cues
    except Invalid:
        found = []
    assert len(found) < 2
