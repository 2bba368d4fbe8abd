"""What makes a cue hard to read, and what to do about it; pure. The limits are those of `cues`."""

from dataclasses import dataclass
from enum import StrEnum

from lectern.insight.cues import (
    LEAST_S,
    MOST_LINES,
    MOST_S,
    USUAL,
    Cue,
    Limits,
    width,
    wrap,
)


class Trouble(StrEnum):
    """Each has its words where it is shown."""

    FAST = "fast"
    LONG_LINE = "long_line"
    TOO_MUCH = "too_much"
    LINES = "lines"
    FLASH = "flash"
    STAYS = "stays"


@dataclass(frozen=True)
class Problem:
    """`measured` is what the cue has, in the unit of its limit; `needed_s` how long it should be.

    `needed_s` is None where another duration would not help.
    """

    trouble: Trouble
    measured: float
    needed_s: float | None = None


def rate(cue: Cue) -> float:
    """Columns a second that somebody has to read."""
    return width(cue.text.replace("\n", " ")) / max(0.001, cue.end_s - cue.start_s)


def problems(cue: Cue, limits: Limits = USUAL) -> list[Problem]:
    """What is hard to read in this cue, the worst first; empty when nothing is."""
    found: list[Problem] = []
    lasts = cue.end_s - cue.start_s
    text = " ".join(cue.text.split())
    # Times are kept in milliseconds: what misses a limit by less is at it.
    if rate(cue) > limits.per_s + 0.05:
        found.append(Problem(Trouble.FAST, rate(cue), round(width(text) / limits.per_s + 0.05, 1)))
    lines = cue.text.split("\n")
    longest = max(width(line) for line in lines)
    if wrap(text, limits.line) is None:
        found.append(Problem(Trouble.TOO_MUCH, width(text)))
    elif longest > limits.line:
        found.append(Problem(Trouble.LONG_LINE, longest))
    if len(lines) > MOST_LINES:
        found.append(Problem(Trouble.LINES, len(lines)))
    if lasts < LEAST_S - 0.0005:
        found.append(Problem(Trouble.FLASH, lasts, LEAST_S))
    if lasts > MOST_S + 0.0005:
        found.append(Problem(Trouble.STAYS, lasts, MOST_S))
    return found
