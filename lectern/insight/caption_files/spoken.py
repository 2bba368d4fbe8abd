"""Transcripts as text: who speaks, when each begins, and paragraphs; as cues, pure.

Otter, Zoom, Descript, Premiere, Rev, Riverside and Teams export such text. It tells when a
paragraph begins and seldom when it ends; times of its cues are estimated from its letters.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lectern.errors import Message
from lectern.insight.caption_files import markup
from lectern.insight.caption_files.reading import Found, Reading, usable
from lectern.insight.cues import Word, from_words, width

# Letters that are spoken in a second, where nobody says when a paragraph ends.
_SPOKEN_PER_S = 14.0
_FRAMES = 30.0
_TIME = r"(?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?|\d{1,2}[:;]\d{2}[:;]\d{2}[:;]\d{2}"
_NAME = r"[^\s:\[\]()<>][^:\[\]()<>]{0,79}?"
_STARS = r"(?:\*\*|__)?"
# A line of its own: `Ann Lee  0:03`, `[Ann Lee] 10:04:05`, `Ann Lee (00:03):`, `00:03 - 00:09`.
_HEADS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_STARS}(?P<name>{_NAME}){_STARS}\s+{_STARS}(?P<start>{_TIME}){_STARS}",
        rf"\[(?P<clock>[^\[\]\d][^\[\]]{{0,79}})\]\s*(?P<start>{_TIME})",
        rf"{_STARS}(?P<name>{_NAME}){_STARS}:?\s*[\[(](?P<start>{_TIME})[\])]:?",
        rf"(?P<start>{_TIME})\s*(?:-|–|-->)\s*(?P<end>{_TIME})",
        rf"[\[(](?P<start>{_TIME})[\])]",
    )
)
# With the words on it: `[00:00:03] Ann: Hello`, `**Ann:** [00:03] Hello`, `00:03<tab>Ann: Hello`.
_LINES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"[\[(](?P<start>{_TIME})[\])]:?\s*(?:{_STARS}(?P<name>{_NAME}):{_STARS}\s+)?(?P<text>\S.*)",
        rf"{_STARS}(?P<name>{_NAME}):{_STARS}\s*[\[(](?P<start>{_TIME})[\])]\s*(?P<text>\S.*)",
        rf"(?P<start>{_TIME})\t\s*(?:{_STARS}(?P<name>{_NAME}):{_STARS}\s+)?(?P<text>\S.*)",
    )
)


@dataclass
class _Part:
    """A paragraph of one speaker, from when to when it was said."""

    line: int
    start_s: float
    end_s: float | None
    speaker: str
    texts: list[str] = field(default_factory=list)
    ranged: bool = False
    by_clock: bool = False


def is_transcript(lines: Sequence[str]) -> bool:
    """Whether lines that say a time divide the text, in order, nearly from its beginning on."""
    parts = _parts(lines)
    if not parts or not any(part.texts for part in parts):
        return False
    before = sum(1 for line in lines[: parts[0].line - 1] if line.strip())
    in_order = all(one.start_s <= other.start_s for one, other in pairwise(parts))
    return before <= 4 and in_order


def transcript(lines: Sequence[str], reading: Reading) -> list[Found]:
    """Cues of the paragraphs, with a remark about their times."""
    parts = [part for part in _parts(lines) if part.texts]
    first_s = parts[0].start_s if parts and parts[0].by_clock else 0.0
    if first_s:
        reading.noted.append(
            Message("The times were those of a clock. The first line now begins at 0:00.")
        )
    if not all(part.end_s for part in parts):
        reading.noted.append(
            Message("The file says only when each paragraph begins. Other times are estimated.")
        )
    found = []
    for number, part in enumerate(parts):
        after_s = parts[number + 1].start_s if number + 1 < len(parts) else None
        found += list(_cues(part, after_s, first_s, reading))
    return found


def _parts(lines: Sequence[str]) -> list[_Part]:
    parts: list[_Part] = []
    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        if not line:
            continue
        opened = _opened(number, line)
        if opened is not None:
            parts.append(opened)
        elif parts and parts[-1].ranged and not parts[-1].speaker and not parts[-1].texts:
            # Premiere has the speaker in a line of its own, below the times.
            parts[-1].speaker = markup.speaker_name(line)
        elif parts:
            parts[-1].texts.append(line)
    return [_without_speaker(part) for part in parts]


def _without_speaker(part: _Part) -> _Part:
    """One line below the times is what is said, not who says it."""
    if part.ranged and part.speaker and not part.texts:
        part.texts, part.speaker = [part.speaker], ""
    return part


def _opened(number: int, line: str) -> _Part | None:
    match = next((found for each in _HEADS if (found := each.fullmatch(line))), None)
    match = match or next((found for each in _LINES if (found := each.fullmatch(line))), None)
    if match is None:
        return None
    groups = match.groupdict()
    start, end = _seconds(groups["start"]), groups.get("end")
    part = _Part(number, start, _seconds(end) if end else None, "", ranged=bool(end))
    part.speaker = markup.speaker_name(groups.get("name") or groups.get("clock") or "")
    part.by_clock = bool(groups.get("clock"))
    part.texts = [groups["text"]] if groups.get("text") else []
    return part


def _seconds(text: str) -> float:
    """Hours where there are three parts; the fourth of a timeline is frames."""
    parts = [float(part.replace(",", ".")) for part in re.split(r"[:;]", text)]
    if len(parts) == 4:
        return parts[0] * 3600 + parts[1] * 60 + parts[2] + parts[3] / _FRAMES
    return sum(part * 60.0**power for power, part in enumerate(reversed(parts)))


def _cues(part: _Part, after_s: float | None, first_s: float, reading: Reading) -> Iterator[Found]:
    text = " ".join(markup.tidy("\n".join(part.texts)).split())
    words, start_s = text.split(" "), part.start_s - first_s
    guess_s = start_s + max(1.0, width(text) / _SPOKEN_PER_S)
    limits = [each - first_s for each in (part.end_s, after_s) if each is not None]
    end_s = min([guess_s, *limits]) if part.end_s is None else min(limits)
    end_s = max(end_s, start_s + 0.1)
    letters, clock_s, timed = max(1, sum(map(width, words))), start_s, []
    for word in words:
        lasts_s = (end_s - start_s) * width(word) / letters
        timed.append(Word(clock_s, clock_s + lasts_s, f" {word}"))
        clock_s += lasts_s
    for cue in from_words(timed):
        said = markup.Said(cue.text, part.speaker)
        found = usable(reading, part.line, (cue.start_s, cue.end_s), said)
        if found is not None:
            yield found
