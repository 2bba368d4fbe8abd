"""Caption files read as far as they make sense, whatever program wrote them; pure.

A file that is broken is mended where its meaning is clear, and what is left out is named by its
line.
"""

import codecs
import re

from lectern.errors import Invalid, Message, TooLarge
from lectern.insight.caption_files import blocks, overlaps, rolling
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
    if len(found) > MAX_CUES:
        raise Invalid(
            "The captions have %(count)s cues. The limit is %(max_cues)s.",
            count=f"{len(found):,}",
            max_cues=f"{MAX_CUES:,}",
        )
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


def hours_before(cues: list[Cue] | tuple[Cue, ...], duration_s: float | None = None) -> float:
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
    """The bytes as text, by their mark or as UTF-8.

    Raises:
        Invalid: they are neither, with the line.
    """
    mark, encoding = next((pair for pair in _ENCODINGS if data.startswith(pair[0])), (b"", "utf-8"))
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Invalid(
            "Line %(line)s: the captions are not UTF-8. Save them as UTF-8 and upload them again.",
            line=line,
        ) from error


def _found(data: bytes, reading: Reading) -> list[Found]:
    lines = blocks.lines_of(text_of(data))
    vtt = _HEADER.fullmatch(lines[0]) is not None
    if not vtt and lines[0].startswith("WEBVTT"):
        raise Invalid("Line 1: a WebVTT file must begin with WEBVTT, alone or followed by a space.")
    if not any("-->" in line for line in lines):
        what = "The captions have no cue" if vtt else "Line 1: this is neither WebVTT nor SubRip"
        raise Invalid(
            "%(what)s: a cue needs a line such as 00:00:01.000 --> 00:00:04.000.", what=what
        )
    return blocks.scan(lines, reading, Markup.VTT if vtt else Markup.SRT)
