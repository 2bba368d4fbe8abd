"""What was read of a caption file, before and after it is put in order; pure."""

from dataclasses import dataclass, field

from lectern.errors import Message
from lectern.insight.caption_files import markup
from lectern.insight.cues import Cue

# Beyond this many, sentences about lines are counted, not listed.
MOST_TOLD = 20
# Recordings cut out of a longer stream keep its clock; beyond this it is a slip.
LONGEST_S = 1000 * 3600.0
# For a cue without any duration.
DEFAULT_S = 2.0
# Half a millisecond less than 50: times are compared as they are written.
LEAST_S = 0.0495


@dataclass
class Reading:
    """What a file says. `mended` and `left_out` name a line; `noted` is about the whole file."""

    cues: list[Cue] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)

    @property
    def remarks(self) -> list[str]:
        """What a person should know, at most `MOST_TOLD` sentences and a count of the others."""
        told = [*self.noted, *self.left_out, *self.mended]
        if len(told) <= MOST_TOLD:
            return told
        return [
            *told[:MOST_TOLD],
            Message("%(value)s more lines were like these.", value=len(told) - MOST_TOLD),
        ]


@dataclass
class Found:
    """A cue as the file has it: `line` is that of its times, `settings` are those of WebVTT."""

    line: int
    start_s: float
    end_s: float
    text: str
    speaker: str = ""
    settings: str = ""


def usable(
    reading: Reading, line: int, times: tuple[float | None, float | None], said: markup.Said,
    settings: str = "",
) -> Found | None:  # fmt: skip
    """The cue, mended where its meaning is clear; None, with a remark, where it cannot be used."""
    start, end = times
    if start is None or end is None:
        problem = Message(
            "Line %(number)s: the time cannot be read, so the cue is left out.", number=line
        )
    elif max(start, end) > LONGEST_S:
        problem = Message(
            "Line %(number)s: no recording is that long; the cue is left out.", number=line
        )
    elif max(start, end) < 0:
        problem = Message("Line %(number)s: the cue ends before the recording begins.", number=line)
    elif not said.text:
        problem = Message("Line %(number)s: the cue has no text, so it is left out.", number=line)
    else:
        cue = Found(line, start, end, said.text, said.speaker, settings or said.settings)
        return _mended(cue, reading)
    reading.left_out.append(problem)
    return None


def _mended(cue: Found, reading: Reading) -> Found:
    if cue.end_s < cue.start_s:
        cue.start_s, cue.end_s = cue.end_s, cue.start_s
        reading.mended.append(
            Message(
                "Line %(line)s: the cue ended before it began; both were swapped.", line=cue.line
            )
        )
    if cue.start_s < 0:
        cue.start_s = 0.0
        reading.mended.append(
            Message("Line %(line)s: a time below zero became zero.", line=cue.line)
        )
    if cue.end_s - cue.start_s < LEAST_S:
        cue.end_s = cue.start_s + DEFAULT_S
        reading.mended.append(
            Message("Line %(line)s: the cue had no duration; it got two seconds.", line=cue.line)
        )
    return cue
