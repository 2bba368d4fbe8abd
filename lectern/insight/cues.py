"""Cues that read well, out of timed words; pure.

The limits are those of the caption style guides (BBC Subtitle Guidelines, Netflix Timed Text Style
Guide): two lines of 42 characters, 20 characters a second, a second at least, seven at most.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

MOST_LINES = 2
LINE_CHARS = 42
CHARS_PER_S = 20.0
LEAST_S, MOST_S = 0.8, 7.0


@dataclass(frozen=True)
class Limits:
    """What reads well in a language: columns of a line and a second; `wide` letters take two."""

    line: int = LINE_CHARS
    per_s: float = CHARS_PER_S
    wide: bool = False


# Netflix Timed Text Style Guides: Japanese 16 letters a line and 4 a second, Chinese 16 and 9,
# Korean 16 and 12. Languages that are not here are read as the usual ones.
LIMITS = {
    "ja": Limits(32, 8.0, wide=True),
    "zh": Limits(32, 18.0, wide=True),
    "yue": Limits(32, 18.0, wide=True),
    "ko": Limits(32, 24.0, wide=True),
}
USUAL = Limits()

# A pause as long as this ends a cue: nobody is speaking any more.
PAUSE_S = 1.5
# So much later than it is said a cue may come, when speech is faster than reading.
LAG_S = 1.0
# How long a cue stays after its last word, where nothing follows.
TAIL_S = 0.3

# What a cue may have besides its times and text.
OPTIONAL = ("speaker", "settings")

_SENTENCE = re.compile(r"[.!?…。！？]['\"”’)\]]*$")
_PHRASE = re.compile(r"[,;:–—、，；：]['\"”’)\]]*$")


@dataclass(frozen=True)
class Word:
    """A word as it was heard; `text` begins with a space where its language has spaces.

    `confidence` is from 0 to 1, None where nobody estimated it.
    """

    start_s: float
    end_s: float
    text: str
    confidence: float | None = None


@dataclass(frozen=True)
class Cue:
    """What is shown from `start_s` to `end_s`; lines are separated by line feeds.

    `speaker` is who says it, where a file tells; `settings` are those of a WebVTT cue, such as its
    place or `vertical:rl`, kept for players.
    """

    start_s: float
    end_s: float
    text: str
    speaker: str = ""
    settings: str = ""

    def to_json(self) -> dict[str, Any]:
        """As `caption_track.cues` keeps it: without speaker and settings where there are none."""
        values = {"start": self.start_s, "end": self.end_s, "text": self.text}
        return values | {name: getattr(self, name) for name in OPTIONAL if getattr(self, name)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Cue":
        """The inverse of `to_json`."""
        more = [str(values.get(name, "")) for name in OPTIONAL]
        return cls(float(values["start"]), float(values["end"]), str(values["text"]), *more)


def spoken_by(speaker: str, text: str) -> str:
    """The text as it reads where it stands beside another's."""
    return f"{speaker}: {text}" if speaker else text


def width(text: str) -> int:
    """Columns that a text takes: wide East Asian characters count twice, joining marks nothing."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def from_words(words: Sequence[Word]) -> list[Cue]:
    """Cues for these words, in order, every word in one of them.

    Breaks are chosen for the whole text at once: at the ends of sentences before those of phrases,
    in pauses before inside of them, never so that a cue is unreadably short. A cue may begin up to
    `LAG_S` late where people speak faster than others read.
    """
    whole = _pieces(words)
    texts = [
        (_joined(whole[first:stop]), whole[first].start_s, whole[stop - 1].end_s)
        for first, stop in _groups(whole)
    ]
    return _timed(texts)


def limits_of(language: str) -> Limits:
    """The limits for a BCP 47 tag."""
    return LIMITS.get(language.partition("-")[0].lower(), USUAL)


def wrap(text: str, line: int = LINE_CHARS) -> str | None:
    """One or two balanced lines of so many columns; None when it takes more."""
    if width(text) <= line:
        return text
    ways = [
        (left, right)
        for left, right in _splits(text)
        if width(left) <= line and width(right) <= line
    ]
    if not ways:
        return None
    return "\n".join(min(ways, key=lambda way: _unrest(*way)))


def _splits(text: str) -> list[tuple[str, str]]:
    if " " in text:
        spaces = [at for at, letter in enumerate(text) if letter == " "]
        return [(text[:at].rstrip(), text[at + 1 :].lstrip()) for at in spaces]
    return [(text[:at], text[at:]) for at in range(1, len(text))]


def _unrest(left: str, right: str) -> float:
    """How badly two lines look: uneven, or cut in the middle of a phrase."""
    uneven = abs(width(left) - width(right)) + (2 if width(left) > width(right) else 0)
    return uneven - (8 if _SENTENCE.search(left) or _PHRASE.search(left) else 0)


def _pieces(words: Sequence[Word]) -> list[Word]:
    """Words in order of time, those longer than a line cut, none without a letter."""
    found: list[Word] = []
    clock = 0.0
    for word in words:
        text = " ".join(word.text.split())
        if not text:
            continue
        start = max(clock, word.start_s)
        end = max(start, word.end_s)
        gap = " " if word.text[0].isspace() or not found else ""
        parts = _cut(text)
        for number, part in enumerate(parts):
            share = (end - start) / len(parts)
            begin = start + number * share
            lead = gap if number == 0 else ""
            found.append(replace(word, start_s=begin, end_s=begin + share, text=lead + part))
        clock = start
    return found


def _cut(text: str) -> list[str]:
    parts, part = [], ""
    for letter in text:
        if width(part + letter) > LINE_CHARS:
            parts.append(part)
            part = ""
        part += letter
    return [*parts, part]


def _joined(words: Sequence[Word]) -> str:
    return "".join(word.text for word in words).strip()


def _groups(words: Sequence[Word]) -> list[tuple[int, int]]:
    """First word and the one after the last of each cue: the cheapest way through all breaks."""
    count = len(words)
    best = [0.0] + [float("inf")] * count
    back = [0] * (count + 1)
    for first in range(count):
        text = ""
        for stop in range(first + 1, count + 1):
            text = (text + words[stop - 1].text).lstrip()
            if stop > first + 1 and not _fits(text, words, first, stop):
                break
            cost = best[first] + _cost(text, words, first, stop)
            if cost < best[stop]:
                best[stop], back[stop] = cost, first
    groups: list[tuple[int, int]] = []
    stop = count
    while stop > 0:
        groups.append((back[stop], stop))
        stop = back[stop]
    return groups[::-1]


def _fits(text: str, words: Sequence[Word], first: int, stop: int) -> bool:
    if words[stop - 1].start_s - words[stop - 2].end_s >= PAUSE_S:
        return False
    if max(words[stop - 1].end_s, words[stop - 1].start_s) - words[first].start_s > MOST_S:
        return False
    return width(text) <= LINE_CHARS or wrap(text) is not None


def _cost(text: str, words: Sequence[Word], first: int, stop: int) -> float:
    """Every cue costs something; so do breaks in phrases, haste and flashes."""
    last = words[stop - 1]
    after_s = words[stop].start_s - last.end_s if stop < len(words) else PAUSE_S
    room_s = min(MOST_S, last.end_s + after_s - words[first].start_s)
    cost = 2.0
    if not _SENTENCE.search(text):
        cost += 1.0 if _PHRASE.search(text) else 4.0
        cost -= min(3.0, 6.0 * max(0.0, after_s))
    cost += 12.0 * max(0.0, 1.0 - room_s) + (60.0 if room_s < LEAST_S else 0.0)
    return cost + 10.0 * max(0.0, width(text) / CHARS_PER_S - room_s)


def _timed(texts: Sequence[tuple[str, float, float]]) -> list[Cue]:
    cues: list[Cue] = []
    free_s = 0.0
    for number, (text, said_s, over_s) in enumerate(texts):
        start = _ms(max(free_s, said_s))
        needed = min(MOST_S, max(LEAST_S, width(text) / CHARS_PER_S))
        end = min(start + MOST_S, max(over_s + TAIL_S, start + needed))
        if number + 1 < len(texts):
            next_s = texts[number + 1][1]
            # The next one waits for this one to be read, but not for long.
            end = min(end, max(next_s, min(start + needed, next_s + LAG_S)))
        end = max(_ms(end), start + 0.001)
        cues.append(Cue(start, round(end, 3), wrap(text) or text))
        free_s = end
    return cues


def _ms(seconds: float) -> float:
    return round(seconds, 3)
