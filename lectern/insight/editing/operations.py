"""What an editor does to cues, as changes of their list; pure.

A change names the cues that it is about as its author saw them. Where others have been changed
since, it still applies; where one of these has, it is refused, so that nobody's words are
overwritten unseen.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lectern.errors import Invalid, Message, Stale
from lectern.insight.cues import LINE_CHARS, Cue, spoken_by, width, wrap

CHANGED = Message("Someone changed these cues in the meantime.")
# Two cues out of one need a moment each.
LEAST_MS = 100
MOST_SHIFT_S = 86_400.0
LONGEST_SEARCH = 200


@dataclass(frozen=True)
class Splice:
    """The neighbours `before` become `after`; without `before` these are put in by their times."""

    before: tuple[Cue, ...]
    after: tuple[Cue, ...]

    def apply(self, cues: Sequence[Cue]) -> list[Cue]:
        """Raises Stale when `before` is not there as it was."""
        first = _run(cues, self.before) if self.before else _place(cues, self.after)
        return [*cues[:first], *self.after, *cues[first + len(self.before) :]]


@dataclass(frozen=True)
class Split:
    """One cue becomes two: its text at the character `at`, its time at `time_s` where it is known.

    Without a time, both get as much of it as they have of the text.
    """

    cue: Cue
    at: int
    time_s: float | None = None

    def apply(self, cues: Sequence[Cue]) -> list[Cue]:
        """Raises Stale; Invalid when nothing would be left on one side, or it is too short."""
        first, second = self.cue.text[: self.at].strip(), self.cue.text[self.at :].strip()
        if not first or not second:
            raise Invalid("To split the cue, put the cursor between two words.")
        start, end = round(self.cue.start_s * 1000), round(self.cue.end_s * 1000)
        if end - start < 2 * LEAST_MS:
            raise Invalid("This cue is too short to be split.")
        share = width(first) / max(1, width(first) + width(second))
        wanted = start + (end - start) * share if self.time_s is None else self.time_s * 1000
        cut = min(end - LEAST_MS, max(start + LEAST_MS, round(wanted))) / 1000
        halves = (
            replace(self.cue, end_s=cut, text=first),
            replace(self.cue, start_s=cut, text=second),
        )
        return Splice((self.cue,), halves).apply(cues)


@dataclass(frozen=True)
class Join:
    """Two neighbours become one, in lines that read well where their text fits."""

    first: Cue
    second: Cue

    def apply(self, cues: Sequence[Cue]) -> list[Cue]:
        """Raises Stale."""
        one, other = self.first.text, self.second.text
        speaker = self.first.speaker
        if self.first.speaker == self.second.speaker:
            text = wrap(" ".join(f"{one} {other}".split())) or f"{one}\n{other}"
        else:
            named = spoken_by(self.first.speaker, one), spoken_by(self.second.speaker, other)
            speaker, text = "", "\n".join(named)
        whole = replace(self.first, end_s=self.second.end_s, text=text, speaker=speaker)
        return Splice((self.first, self.second), (whole,)).apply(cues)


@dataclass(frozen=True)
class Shift:
    """A cue, or it and all `following` ones, come `by_s` seconds later, or earlier below zero."""

    cue: Cue
    by_s: float
    following: bool = False

    def apply(self, cues: Sequence[Cue]) -> list[Cue]:
        """Raises Stale; Invalid when they would meet a neighbour or begin before zero."""
        if abs(self.by_s) > MOST_SHIFT_S:
            raise Invalid("Cues can be shifted by at most one day.", {"ms": "A day at most."})
        first = _run(cues, (self.cue,))
        stop = len(cues) if self.following else first + 1
        free_s = cues[first - 1].end_s if first else 0.0
        room_s = cues[stop].start_s if stop < len(cues) else float("inf")
        moved = [_moved(cue, self.by_s) for cue in cues[first:stop]]
        if moved[0].start_s < free_s:
            most = round((cues[first].start_s - free_s) * 1000)
            raise _no_room(Message("These can come at most %(most)s ms earlier.", most=most))
        if moved[-1].end_s > room_s:
            most = round((room_s - cues[stop - 1].end_s) * 1000)
            raise _no_room(Message("This can come at most %(most)s ms later.", most=most))
        return [*cues[:first], *moved, *cues[stop:]]


@dataclass(frozen=True)
class Replace:
    """One text instead of another, in all cues; `case` and `words` make the search stricter."""

    find: str
    by: str
    case: bool = False
    words: bool = False

    def apply(self, cues: Sequence[Cue]) -> list[Cue]:
        """Raises Invalid when there is nothing to search for; a cue without text is refused."""
        pattern = self._pattern()
        return [self._in(cue, pattern) for cue in cues]

    def matches(self, cues: Sequence[Cue]) -> list[tuple[int, int]]:
        """Which cues have it, by their index from 0, and how often."""
        pattern = self._pattern()
        counts = ((index, len(pattern.findall(cue.text))) for index, cue in enumerate(cues))
        return [(index, count) for index, count in counts if count]

    def _pattern(self) -> re.Pattern[str]:
        words = self.find.split()
        if not words or len(self.find) > LONGEST_SEARCH:
            problem = Message(
                "Search for 1 to %(longest_search)s characters.", longest_search=LONGEST_SEARCH
            )
            raise Invalid(problem, {"find": problem})
        # A phrase is found over the end of a line too.
        text = r"\s+".join(map(re.escape, words))
        whole = rf"(?<!\w){text}(?!\w)" if self.words else text
        return re.compile(whole, 0 if self.case else re.IGNORECASE)

    def _in(self, cue: Cue, pattern: re.Pattern[str]) -> Cue:
        text = pattern.sub(lambda _: self.by, cue.text)
        if text == cue.text:
            return cue
        if any(width(line) > LINE_CHARS for line in text.split("\n")):
            text = wrap(" ".join(text.split())) or text
        return replace(cue, text=text)


Change = Splice | Split | Join | Shift | Replace


def apply(cues: Sequence[Cue], changes: Sequence[Change]) -> list[Cue]:
    """The cues after these changes, one after another.

    Raises:
        Stale: somebody changed what one of them is about.
        Invalid: one cannot be made.
    """
    changed = list(cues)
    for change in changes:
        changed = change.apply(changed)
    return changed


def difference(before: Sequence[Cue], after: Sequence[Cue]) -> tuple[int, int, int]:
    """What of two lists differs: where it begins, and how many cues of each it takes."""
    first = 0
    while first < min(len(before), len(after)) and before[first] == after[first]:
        first += 1
    last = 0
    while last < min(len(before), len(after)) - first and before[~last] == after[~last]:
        last += 1
    return first, len(before) - first - last, len(after) - first - last


def _run(cues: Sequence[Cue], wanted: Sequence[Cue]) -> int:
    """Where these neighbours are; no two cues begin at the same time."""
    first = bisect_left(cues, wanted[0].start_s, key=lambda cue: cue.start_s)
    if tuple(cues[first : first + len(wanted)]) != tuple(wanted):
        raise Stale(CHANGED)
    return first


def _place(cues: Sequence[Cue], new: Sequence[Cue]) -> int:
    if not new:
        raise Invalid("Say which cue to change.")
    return bisect_left(cues, new[0].start_s, key=lambda cue: cue.start_s)


def _moved(cue: Cue, by_s: float) -> Cue:
    return replace(cue, start_s=round(cue.start_s + by_s, 3), end_s=round(cue.end_s + by_s, 3))


def _no_room(problem: str) -> Invalid:
    return Invalid(problem, {"ms": problem})
