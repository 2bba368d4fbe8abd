"""Caption files read as far as they make sense, whatever program wrote them; pure.

A file that is broken is mended where its meaning is clear, and what is left out is named by its
line.
"""

import codecs
import re
from collections.abc import Callable, Sequence

from lectern.errors import Invalid, Message, TooLarge
from lectern.insight.caption_files import (
    ass,
    blocks,
    lines,
    overlaps,
    rolling,
    spoken,
    stl,
    ttml,
    unknown,
)
from lectern.insight.caption_files.clock import clock
from lectern.insight.caption_files.markup import Markup
from lectern.insight.caption_files.reading import MOST_TOLD, Found, Reading
from lectern.insight.cues import Cue

VTT_MIME = "text/vtt"
SRT_MIME = "application/x-subrip"
MAX_BYTES = 1 << 20
MAX_CUES = 20_000
HOUR_S = 3600.0

_ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEADER = re.compile(r"WEBVTT(?:[ \t].*)?")
# Old encodings that an XML file may declare; whatever else it says, it is read as UTF-8.
_DECLARED = re.compile(
    rb"<\?xml[^>]*\sencoding=[\"']((?:iso-8859-|windows-)\d{1,4})[\"']", re.IGNORECASE
)
_Reader = tuple[Callable[[list[str]], bool], Callable[[list[str], Reading], list[Found]]]
_TEXTS: tuple[_Reader, ...] = (
    (lines.is_sbv, lines.sbv),
    (lines.is_lrc, lines.lrc),
    (spoken.is_transcript, spoken.transcript),
)


def read(data: bytes) -> Reading:
    """The cues of a caption file of any known format, sorted and without overlap.

    Markup of the format is taken out, entities are decoded once; what is left is plain text.

    Raises:
        TooLarge: more than `MAX_BYTES`.
        Invalid: not Unicode, no known format, too many cues, or no usable one; names the line.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge("A caption file may have at most %(value)s MiB.", value=MAX_BYTES >> 20)
    reading = Reading()
    found = _found(data, reading)
    _check_count(len(found))
    reading.cues = overlaps.in_order(rolling.unrolled(found), reading)
    if not reading.cues:
        told = " ".join(reading.left_out[:MOST_TOLD])
        raise Invalid(f"The captions have no usable cue. {told}".strip())
    offset_s = hours_before(reading.cues)
    if offset_s:
        reading.noted.append(
            Message(
                "The times begin at %(start)s, as in a timeline of Premiere or a broadcast. They "
                "can be shifted to begin at %(shifted)s.",
                start=clock(reading.cues[0].start_s),
                shifted=clock(reading.cues[0].start_s - offset_s),
            )
        )
    return reading


def hours_before(cues: Sequence[Cue], duration_s: float | None = None) -> float:
    """The whole hours, in seconds, that stand before the first cue though the recording has none.

    Editing programs begin their timelines at one hour, broadcasters at ten. 0 where the times fit
    the recording and do not begin just then.
    """
    if not cues or cues[0].start_s < HOUR_S:
        return 0.0
    offset_s = cues[0].start_s // HOUR_S * HOUR_S
    fits = duration_s is not None and cues[-1].end_s <= duration_s + 1.0
    just_then = cues[0].start_s - offset_s < 60.0
    return 0.0 if fits and not just_then else offset_s


def text_of(data: bytes) -> str:
    """The bytes as text, by their mark, by what XML declares, or as UTF-8.

    Raises:
        Invalid: they are none of it, with the line.
    """
    mark, encoding = next((pair for pair in _ENCODINGS if data.startswith(pair[0])), (b"", "utf-8"))
    declared = None if mark else _DECLARED.match(data)
    try:
        return data[len(mark) :].decode(declared[1].decode() if declared else encoding)
    except (UnicodeDecodeError, LookupError) as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        raise Invalid(
            "Line %(line)s: the captions are not UTF-8. Save them as UTF-8 and upload them again.",
            line=data[:start].count(b"\n") + 1,
        ) from error


def _check_count(count: int) -> None:
    if count > MAX_CUES:
        raise Invalid(
            "The captions have %(count)s cues. The limit is %(max_cues)s.",
            count=f"{count:,}",
            max_cues=f"{MAX_CUES:,}",
        )


def _found(data: bytes, reading: Reading) -> list[Found]:
    """The cues by whichever reader knows the file, as the file has them."""
    if stl.is_stl(data):
        return stl.stl(data, reading)
    unknown.check_magic(data)
    text = text_of(data)
    if ttml.is_ttml(text):
        return ttml.ttml(text, reading)
    rows = blocks.lines_of(text)
    if rows[0].startswith("WEBVTT"):
        return _vtt(rows, reading)
    if ass.is_ass(rows):
        return ass.ass(rows, reading)
    arrows = sum("-->" in row for row in rows)
    _check_count(arrows // 2)
    if arrows:
        return blocks.scan(rows, reading, Markup.SRT)
    unknown.check_shape(text)
    for knows, scan in _TEXTS:
        if knows(rows):
            return scan(rows, reading)
    raise unknown.problem()


def _vtt(rows: list[str], reading: Reading) -> list[Found]:
    if not _HEADER.fullmatch(rows[0]):
        raise Invalid("Line 1: a WebVTT file must begin with WEBVTT, alone or followed by a space.")
    if not any("-->" in row for row in rows):
        raise Invalid(
            "The captions have no cue: a cue needs a line such as 00:00:01.000 --> 00:00:04.000."
        )
    return blocks.scan(rows, reading, Markup.VTT)
