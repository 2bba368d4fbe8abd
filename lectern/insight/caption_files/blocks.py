"""WebVTT and SubRip: blocks of a line of times and lines of text; pure."""

import re
from collections.abc import Sequence

from lectern.insight.caption_files import markup
from lectern.insight.caption_files.clock import seconds_of
from lectern.insight.caption_files.markup import Markup
from lectern.insight.caption_files.reading import Found, Reading, usable

_REVERSED = re.compile(r"[^\r\n]*\n\r")
_NUMBER = re.compile(r"\s*[0-9]{1,9}\s*")
_BLOCK = re.compile(r"(?:NOTE|STYLE|REGION|X-TIMESTAMP-MAP)\b")


def lines_of(text: str) -> list[str]:
    """The lines, whatever ends them; where every end was doubled, the empty ones in between go."""
    text = text.replace("\ufeff", "")
    if _REVERSED.match(text):
        text = text.replace("\n\r", "\n")
    lines = re.split(r"\r*\n|\r", text)
    between = lines[1::2]
    if len(lines) >= 6 and not any(line.strip() for line in between):
        return lines[::2]
    return lines


def scan(lines: Sequence[str], reading: Reading, form: Markup) -> list[Found]:
    """The cues in the order of the file."""
    found: list[Found] = []
    at, number = 0, 0
    while at < len(lines):
        line = lines[at]
        if form is Markup.VTT and _BLOCK.match(line) and "-->" not in line:
            at = _next_blank(lines, at)
            continue
        if "-->" not in line:
            number = int(line) if _NUMBER.fullmatch(line) else number
            at += 1
            continue
        stop = (
            _end_of_vtt(lines, at + 1)
            if form is Markup.VTT
            else _end_of_srt(lines, at + 1, number + 1)
        )
        cue = _cue(at + 1, line, "\n".join(lines[at + 1 : stop]), reading, form)
        if cue is not None:
            found.append(cue)
        at = stop
    return found


def _next_blank(lines: Sequence[str], at: int) -> int:
    while at < len(lines) and lines[at].strip():
        at += 1
    return at


def _end_of_vtt(lines: Sequence[str], at: int) -> int:
    """An empty line ends a cue, or the next one does; a line of only spaces does not (YouTube)."""
    stop = at
    while stop < len(lines) and lines[stop] != "" and "-->" not in lines[stop]:
        stop += 1
    return _before_number(lines, at, stop)


def _end_of_srt(lines: Sequence[str], at: int, following: int) -> int:
    """A cue goes on over empty lines until the next one, or the number that it should have."""
    stop = at
    while stop < len(lines) and "-->" not in lines[stop]:
        if stop > at and not lines[stop - 1].strip() and lines[stop].strip() == str(following):
            return stop
        stop += 1
    return _before_number(lines, at, stop)


def _before_number(lines: Sequence[str], at: int, stop: int) -> int:
    """Where a cue ends that another one follows without an empty line: before its number."""
    numbered = stop < len(lines) and "-->" in lines[stop] and stop > at
    return stop - 1 if numbered and lines[stop - 1].strip().isdecimal() else stop


def _cue(number: int, line: str, text: str, reading: Reading, form: Markup) -> Found | None:
    before, _, after = line.partition("-->")
    rest = after.split()
    times = seconds_of(before), seconds_of(rest[0]) if rest else None
    settings = markup.settings_of(rest[1:]) if form is Markup.VTT else ""
    return usable(reading, number, times, markup.said(text, form), settings)
