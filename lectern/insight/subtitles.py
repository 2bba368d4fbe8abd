"""Caption files: WebVTT and SubRip, written for players and read as far as they make sense; pure.

`webvtt-py` and its like stop at the first odd line without saying which, and keep markup; here a
broken file is mended where its meaning is clear, and what is left out is named by its line.
"""

import codecs
import html
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lectern.errors import Invalid, Message, TooLarge
from lectern.insight.cues import Cue

VTT_MIME = "text/vtt"
SRT_MIME = "application/x-subrip"
MAX_BYTES = 1 << 20
MAX_CUES = 20_000
# Beyond this many, sentences about lines are counted, not told.
MOST_TOLD = 20
# Recordings cut out of a longer stream keep its clock; beyond this it is a slip.
_LONGEST_S = 1000 * 3600.0
# For a cue without any duration.
_DEFAULT_S = 2.0
# Half a millisecond less than 50: times are compared as they are written.
_LEAST_S = 0.0495

_ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEADER = re.compile(r"WEBVTT(?:[ \t].*)?")
# WebVTT has dots and three decimals, SubRip commas; players take hours or decimals left out too.
_TIME = re.compile(r"(-?)(?:(\d{1,4}):)?(\d{1,2}):(\d{1,3})(?:[.,:](\d{1,3})\d*)?")
_BLOCK = re.compile(r"(?:NOTE|STYLE|REGION|X-TIMESTAMP-MAP)\b")
_TAG = re.compile(r"</?[A-Za-z0-9][^<>]*>|</>|</?[A-Za-z][^<>]*$")
# What players would take for markup; an ordinary "<" or "&" is left as people wrote it.
_MARKUP = re.compile(r"<(?=[/A-Za-z0-9])")
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
_OVERRIDES = {chr(code) for code in (0x202D, 0x202E, *range(0x2066, 0x206A))}


@dataclass
class Reading:
    """What a file says. `mended` and `left_out` are sentences that begin with a line's number."""

    cues: list[Cue] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def remarks(self) -> list[str]:
        """What a person should know, at most `MOST_TOLD` sentences and a count of the others."""
        told = [*self.left_out, *self.mended]
        if len(told) <= MOST_TOLD:
            return told
        return [
            *told[:MOST_TOLD],
            Message("%(value)s more lines were like these.", value=len(told) - MOST_TOLD),
        ]


def read(data: bytes) -> Reading:
    """The cues of a WebVTT or SubRip file, whichever it is, sorted and without overlap.

    Markup is taken out, entities are decoded once; what is left is plain text.

    Raises:
        TooLarge: more than `MAX_BYTES`.
        Invalid: not Unicode, neither format, too many cues, or no usable one; names the line.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge("A caption file may have at most %(value)s MiB.", value=MAX_BYTES >> 20)
    lines = re.split(r"\r\n|\r|\n", text_of(data))
    vtt = _HEADER.fullmatch(lines[0]) is not None
    if not vtt and lines[0].startswith("WEBVTT"):
        raise Invalid("Line 1: a WebVTT file must begin with WEBVTT, alone or followed by a space.")
    if not any("-->" in line for line in lines):
        what = "The captions have no cue" if vtt else "Line 1: this is neither WebVTT nor SubRip"
        raise Invalid(
            "%(what)s: a cue needs a line such as 00:00:01.000 --> 00:00:04.000.", what=what
        )
    reading = Reading()
    found = list(_scan(lines, reading, ends_at_blank=vtt))
    if len(found) > MAX_CUES:
        raise Invalid(
            "The captions have %(count)s cues. The limit is %(max_cues)s.",
            count=f"{len(found):,}",
            max_cues=f"{MAX_CUES:,}",
        )
    reading.cues = _in_order(found, reading)
    if not reading.cues:
        told = " ".join(reading.left_out[:MOST_TOLD])
        raise Invalid(f"The captions have no usable cue. {told}".strip())
    return reading


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


def plain(text: str) -> str:
    """A cue's text without markup, entities decoded once, without empty lines."""
    return tidy(html.unescape(_TAG.sub("", _OVERRIDE.sub("", text))))


def tidy(text: str) -> str:
    """NFC, without control characters and empty lines; spaces at the ends of lines go."""
    kept = "".join(
        c
        for c in unicodedata.normalize("NFC", text)
        if c == "\n"
        or c == "\t"
        or not (unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in _OVERRIDES)
    )
    lines = (" ".join(line.split()) for line in kept.split("\n"))
    return "\n".join(line for line in lines if line)


def clock(seconds: float, point: str = ".") -> str:
    """`01:02:03.456`; SubRip wants a comma."""
    whole = round(seconds * 1000)
    minutes, ms = divmod(whole, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{ms // 1000:02}{point}{ms % 1000:03}"


def seconds_of(text: str) -> float | None:
    """The inverse, and what people write instead; None for what is no time."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    sign, hours, minutes, seconds, decimals = match.groups()
    fraction = float(f"0.{decimals}") if decimals else 0.0
    found = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + fraction
    return -found if sign else found


@dataclass
class _Found:
    """A cue as the file has it; `line` is that of its times."""

    line: int
    start_s: float
    end_s: float
    text: str


def _scan(lines: Sequence[str], reading: Reading, *, ends_at_blank: bool) -> list[_Found]:
    found: list[_Found] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if ends_at_blank and _BLOCK.match(line) and "-->" not in line:
            at = _next_blank(lines, at)
            continue
        if "-->" not in line:
            at += 1
            continue
        stop = _end_of_text(lines, at + 1)
        cue = _cue(at + 1, line, plain("\n".join(lines[at + 1 : stop])), reading)
        if cue is not None:
            found.append(cue)
        at = stop
    return found


def _next_blank(lines: Sequence[str], at: int) -> int:
    while at < len(lines) and lines[at].strip():
        at += 1
    return at


def _end_of_text(lines: Sequence[str], at: int) -> int:
    """Where the text of a cue ends: at an empty line, or where the next cue begins without one."""
    stop = at
    while stop < len(lines) and lines[stop].strip() and "-->" not in lines[stop]:
        stop += 1
    numbered = stop < len(lines) and "-->" in lines[stop]
    if numbered and stop > at and lines[stop - 1].strip().isdecimal():
        stop -= 1
    return stop


def _cue(number: int, line: str, text: str, reading: Reading) -> _Found | None:
    before, _, after = line.partition("-->")
    rest = after.split()
    start, end = seconds_of(before), seconds_of(rest[0]) if rest else None
    if start is None or end is None:
        reading.left_out.append(
            Message(
                "Line %(number)s: the time cannot be read, so the cue is left out.", number=number
            )
        )
    elif max(start, end) > _LONGEST_S:
        reading.left_out.append(f"Line {number}: no recording is that long; the cue is left out.")
    elif max(start, end) < 0:
        reading.left_out.append(
            Message("Line %(number)s: the cue ends before the recording begins.", number=number)
        )
    elif not text:
        reading.left_out.append(
            Message("Line %(number)s: the cue has no text, so it is left out.", number=number)
        )
    else:
        return _mended(_Found(number, start, end, text), reading)
    return None


def _mended(cue: _Found, reading: Reading) -> _Found:
    if cue.end_s < cue.start_s:
        cue.start_s, cue.end_s = cue.end_s, cue.start_s
        reading.mended.append(f"Line {cue.line}: the cue ended before it began; both were swapped.")
    if cue.start_s < 0:
        cue.start_s = 0.0
        reading.mended.append(
            Message("Line %(line)s: a time below zero became zero.", line=cue.line)
        )
    if cue.end_s - cue.start_s < _LEAST_S:
        cue.end_s = cue.start_s + _DEFAULT_S
        reading.mended.append(f"Line {cue.line}: the cue had no duration; it got two seconds.")
    return cue


def _in_order(found: Sequence[_Found], reading: Reading) -> list[Cue]:
    """Sorted by start; of two that overlap the first ends earlier, or both become one."""
    ordered = sorted(found, key=lambda cue: (cue.start_s, cue.line))
    if any(a.line > b.line for a, b in pairwise(ordered)):
        reading.mended.append("Some cues were not in the order of their times; they are now.")
    kept: list[_Found] = []
    for cue in ordered:
        last = kept[-1] if kept else None
        if last is None or last.end_s <= cue.start_s + 1e-6:
            kept.append(cue)
        elif cue.start_s - last.start_s >= _LEAST_S:
            reading.mended.append(
                Message("Line %(line)s: it now ends where the next cue begins.", line=last.line)
            )
            last.end_s = cue.start_s
            kept.append(cue)
        else:
            reading.mended.append(
                Message(
                    "Line %(line)s: shown at the same time as the one before it.", line=cue.line
                )
            )
            last.text += f"\n{cue.text}"
            last.end_s = max(last.end_s, cue.end_s)
    return [Cue(round(cue.start_s, 3), round(cue.end_s, 3), cue.text) for cue in kept]


def vtt(cues: Sequence[Cue]) -> str:
    """A whole WebVTT file, as the player reads it; what somebody wrote never becomes markup.

    Source: W3C WebVTT, https://www.w3.org/TR/webvtt1/.
    """
    return f"WEBVTT\n\n{_blocks(cues, '.', _escaped, numbered=False)}"


def srt(cues: Sequence[Cue]) -> str:
    """A whole SubRip file, with the line ends that programs for Windows expect.

    The format has no standard and no way to escape, so only what players take for markup changes.
    """
    return _blocks(cues, ",", _harmless, numbered=True).replace("\n", "\r\n")


def _blocks(
    cues: Sequence[Cue], point: str, escape: Callable[[str], str], *, numbered: bool
) -> str:
    """The cues as both formats write them: number, times, text, an empty line."""
    written = []
    for number, cue in enumerate(cues, start=1):
        head = f"{number}\n" if numbered else ""
        times = f"{clock(cue.start_s, point)} --> {clock(cue.end_s, point)}"
        written.append(f"{head}{times}\n{escape(cue.text)}\n")
    return "\n".join(written)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _harmless(text: str) -> str:
    # An "&" is escaped only where it would be read as an entity.
    whole = text if html.unescape(text) == text else text.replace("&", "&amp;")
    whole = _MARKUP.sub("&lt;", whole)
    return whole.replace("{\\", "{ \\").replace("-->", "→")
