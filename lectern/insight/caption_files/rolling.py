"""Rolling captions: each shows the line before once more, or grows word by word; pure.

YouTube's automatic captions and live captions are written so, as WebVTT and as SubRip. Read as they
are, each sentence would be said two or three times.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from lectern.insight.caption_files.reading import Found

# Of cues that follow each other directly, so many have to carry something over.
_SHARE = 0.5
_GAP_S = 0.25


def unrolled(found: Sequence[Found]) -> list[Found]:
    """Each line once, from when it came to when the next one did; other captions as they are."""
    if not _rolls(found):
        return list(found)
    kept: list[Found] = []
    before: Found | None = None
    for cue in found:
        lines = cue.text.split("\n")
        carried, grows = _carried(before, cue) if before is not None else (0, False)
        last = kept[-1] if kept else None
        new = lines[carried:]
        if last is not None and carried:
            if grows:
                last.text = "\n".join([*last.text.split("\n")[:-1], lines[carried - 1]])
            last.end_s = cue.start_s if new else max(last.end_s, cue.end_s)
        if new:
            kept.append(replace(cue, text="\n".join(new), settings=""))
        before = cue
    return kept


def _rolls(found: Sequence[Found]) -> bool:
    near = [(one, other) for one, other in pairwise(found) if _follows(one, other)]
    carried = [(_carried(one, other), other) for one, other in near]
    goes_on = sum(1 for (count, _), _ in carried if count)
    adds = sum(
        1 for (count, grows), other in carried if count and (grows or count < _height(other))
    )
    return adds > 0 and goes_on >= _SHARE * len(near) and adds >= min(2, len(near) // 4)


def _height(cue: Found) -> int:
    return cue.text.count("\n") + 1


def _follows(one: Found, other: Found) -> bool:
    return one.start_s <= other.start_s <= one.end_s + _GAP_S


def _carried(one: Found, other: Found) -> tuple[int, bool]:
    """How many lines of the other cue this one showed already, and whether the last one grew."""
    if not _follows(one, other):
        return 0, False
    old, new = one.text.split("\n"), other.text.split("\n")
    for count in range(min(len(old), len(new)), 0, -1):
        tail, head = old[-count:], new[:count]
        if tail == head:
            return count, False
        if tail[:-1] == head[:-1] and _grew(tail[-1], head[-1]):
            return count, True
    return 0, False


def _grew(line: str, longer: str) -> bool:
    return longer.startswith(line) and not longer[len(line) :][:1].isalnum()
