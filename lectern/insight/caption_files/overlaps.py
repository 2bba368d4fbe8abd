"""Cues in the order of their times, one at a time, each long enough to be read; pure."""

from collections.abc import Sequence
from itertools import pairwise

from lectern.errors import Message
from lectern.insight.caption_files.reading import LEAST_S, Found, Reading
from lectern.insight.cues import CHARS_PER_S, LAG_S, Cue, spoken_by, width
from lectern.insight.cues import LEAST_S as SHORTEST_S

_SAME_S = 1e-6
# So much on one picture is read by nobody.
_LONGEST = 2_000


def in_order(found: Sequence[Found], reading: Reading) -> list[Cue]:
    """Sorted by start. Of two that overlap the first ends earlier where it has been read by then.

    Else the other one comes up to `LAG_S` later, or both become one. None that overlapped another
    is shown for less than `cues.LEAST_S`.
    """
    ordered = sorted(found, key=lambda cue: (cue.start_s, cue.line))
    if any(a.line > b.line for a, b in pairwise(ordered)):
        reading.mended.append(
            Message("Some cues were not in the order of their times; they are now.")
        )
    kept: list[Found] = []
    for cue in ordered:
        last = kept[-1] if kept else None
        if last is None or last.end_s <= cue.start_s + _SAME_S:
            kept.append(cue)
        elif not _apart(last, cue, reading):
            _join(last, cue, reading)
        else:
            kept.append(cue)
    return [
        Cue(round(c.start_s, 3), round(c.end_s, 3), c.text, c.speaker, c.settings) for c in kept
    ]


def _needed(cue: Found) -> float:
    """How long a cue has to be seen, as far as its file let it."""
    reads = min(width(cue.text.replace("\n", " ")) / CHARS_PER_S, cue.end_s - cue.start_s)
    return max(SHORTEST_S, reads)


def _apart(last: Found, cue: Found, reading: Reading) -> bool:
    """Have the first end where the other begins; False where one of them would not be read."""
    if cue.start_s - last.start_s < LEAST_S:
        return False
    over_s = last.end_s
    cut_s = max(cue.start_s, last.start_s + min(_needed(last), over_s - last.start_s))
    if cut_s - last.start_s < SHORTEST_S - _SAME_S or cut_s - cue.start_s > LAG_S:
        return False
    end_s = max(cue.end_s, min(over_s, cut_s + SHORTEST_S))
    left_s = end_s - cut_s
    if left_s < SHORTEST_S - _SAME_S and (cut_s > cue.start_s or left_s < LEAST_S):
        return False
    reading.mended.append(
        Message("Line %(line)s: it now ends where the next cue begins.", line=last.line)
    )
    last.end_s, cue.start_s, cue.end_s = cut_s, cut_s, end_s
    return True


def _join(last: Found, cue: Found, reading: Reading) -> None:
    """Both are shown together for as long as one of them was."""
    reading.mended.append(
        Message("Line %(line)s: shown at the same time as the one before it.", line=cue.line)
    )
    last.end_s = max(last.end_s, cue.end_s)
    if len(last.text) > _LONGEST:
        return
    same = last.speaker == cue.speaker
    if not (same and cue.text in last.text.split("\n")) and (cue.text, same) != (last.text, True):
        named = [spoken_by("" if same else each.speaker, each.text) for each in (last, cue)]
        last.text = "\n".join(named)
        last.speaker = last.speaker if same else ""
    last.settings = last.settings if last.settings == cue.settings else ""
