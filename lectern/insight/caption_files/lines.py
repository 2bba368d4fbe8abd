"""SBV and LRC: a time and words, line by line; pure."""

import re
from itertools import pairwise

from lectern.insight.caption_files import markup
from lectern.insight.caption_files.clock import seconds_of
from lectern.insight.caption_files.reading import Found, Reading, usable
from lectern.insight.cues import CHARS_PER_S, MOST_S, width

_SBV = re.compile(r"\s*(\d+:\d{1,2}:\d{1,2}\.\d{1,3})\s*,\s*(\d+:\d{1,2}:\d{1,2}\.\d{1,3})\s*")
_LRC = re.compile(r"\s*((?:\[\d{1,3}:\d{1,2}(?::\d{1,2})?(?:[.,:]\d{1,3})?\])+)(.*)")
_LRC_TIME = re.compile(r"\[(\d{1,3}):(\d{1,2})(?::(\d{1,2}))?(?:[.,:](\d{1,3}))?\]")
_LRC_WORD = re.compile(r"<\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?>")
_LRC_OFFSET = re.compile(r"\s*\[offset:\s*([+-]?\d+)\s*\]", re.IGNORECASE)


def is_sbv(lines: list[str]) -> bool:
    """Whether this is SBV, YouTube's own format: a line of two times, then text."""
    first = next((line for line in lines if line.strip()), "")
    return _SBV.fullmatch(first) is not None


def sbv(lines: list[str], reading: Reading) -> list[Found]:
    """Its cues; each goes on until the next line of times."""
    starts = [at for at, line in enumerate(lines) if _SBV.fullmatch(line)]
    found = []
    for at, stop in pairwise([*starts, len(lines)]):
        match = _SBV.fullmatch(lines[at])
        assert match is not None, "these are the lines of times"  # noqa: S101
        said = markup.Said(markup.tidy("\n".join(lines[at + 1 : stop]).replace("[br]", "\n")))
        cue = usable(reading, at + 1, (seconds_of(match[1]), seconds_of(match[2])), said)
        if cue is not None:
            found.append(cue)
    return found


def is_lrc(lines: list[str]) -> bool:
    """Whether this is LRC: most lines begin with a time in square brackets, with hundredths."""
    full = [line for line in lines if line.strip()]
    timed = [line for line in full if (match := _LRC.fullmatch(line)) and "." in match[1]]
    tags = [line for line in full if re.match(r"\s*\[[a-z#]+:", line, re.IGNORECASE)]
    return bool(timed) and len(timed) + len(tags) >= 0.8 * len(full)


def lrc(lines: list[str], reading: Reading) -> list[Found]:
    """Its lines, each until the next one comes; an empty one ends what is shown."""
    later_s = 0.0
    timed: list[tuple[float, int, str]] = []
    for number, line in enumerate(lines, start=1):
        if offset := _LRC_OFFSET.match(line):
            later_s = -int(offset[1]) / 1000
        elif match := _LRC.fullmatch(line):
            words = markup.tidy(_LRC_WORD.sub("", match[2]))
            timed += [(_lrc_s(time), number, words) for time in _LRC_TIME.findall(match[1])]
    timed.sort(key=lambda each: each[:2])
    found = []
    for (start_s, number, words), (next_s, _, _) in pairwise([*timed, (float("inf"), 0, "")]):
        if not words:
            continue
        end_s = min(next_s, start_s + max(MOST_S, width(words) / CHARS_PER_S))
        times = max(0.0, start_s + later_s), max(0.0, end_s + later_s)
        cue = usable(reading, number, times, markup.Said(words))
        if cue is not None:
            found.append(cue)
    return found


def _lrc_s(time: tuple[str, str, str, str]) -> float:
    """Minutes and seconds, or hours before them, and a fraction."""
    first, second, third, decimals = time
    fraction = float(f"0.{decimals}") if decimals else 0.0
    if third:
        return int(first) * 3600 + int(second) * 60 + int(third) + fraction
    return int(first) * 60 + int(second) + fraction
