"""Whether two films show the same, by the hashes of pictures taken all over them.

Lectures of a series share a slide template, and much of each picture is its. So pictures are
compared by what sets them off from what both films show all the time.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_HASH_BITS = 512

# Of all that either film has.
LEAST_OVERLAP = 0.5
# Set bits by which a picture tells something.
LEAST_BITS = 12
# Clearly different pictures that it takes to tell a film by.
FEWEST_SCENES = 3
# Bits set in both of those set in either, for two pictures of the same scene, and of pictures.
LEAST_ALIKE = 0.5
MOSTLY = 0.8
# As much of what sets them off from the template, all along and in each third of the overlap.
# Between strangers with one template and one intro it was at most 0.54, between copies 0.9 and up.
LEAST_DISTINCT = 0.7
LEAST_DISTINCT_THIRD = 0.5
# A bit that so many pictures of both films have is their template's.
_USUAL = 0.8
_SHARPLY_ALIKE = 0.8
_OFFSETS_TRIED = 3
_SAME_MOMENT_S = 0.3

Both = tuple[int, int]


@dataclass(frozen=True)
class Film:
    """Pictures as (second, bits), in the order of time."""

    duration_s: float
    frames: tuple[tuple[float, int], ...]


def common(ours: int, theirs: int) -> float:
    """The share of the bits set in either picture that is set in both; 1 for two blank ones."""
    either = (ours | theirs).bit_count()
    return (ours & theirs).bit_count() / either if either else 1.0


def same(first: Film, second: Film, offset_s: float) -> bool:
    """Whether two films that sound the same under this offset show the same, or show nothing.

    Pictures of the very same moments have to be the same; where there are too few of these, those
    nearby have to be of the same scene.
    """
    usual = _usual(first, second)
    exact = _off(_pairs(first, second, offset_s, exact=True), usual)
    if _scenes(ours for ours, _ in exact) >= FEWEST_SCENES:
        return _distinct(exact) >= LEAST_DISTINCT
    seen = _told(_pairs(first, second, offset_s))
    return not seen or _alike(seen) >= LEAST_ALIKE


def best(first: Film, second: Film) -> tuple[float, float] | None:
    """The share that is common under the best offset, and that offset; None when not near."""
    usual = _usual(first, second)
    found = []
    for offset_s in _offsets(first, second):
        share = _laid_over(first, second, offset_s, usual)
        if share:
            found.append((share, offset_s))
    # The first of equals: the offsets come in the order of their likelihood.
    return max(found, key=lambda each: each[0], default=None)


def _laid_over(first: Film, second: Film, offset_s: float, usual: int) -> float | None:
    overlap_s = min(first.duration_s, second.duration_s + offset_s) - max(0.0, offset_s)
    either_s = max(first.duration_s, second.duration_s + offset_s) - min(0.0, offset_s)
    if overlap_s < LEAST_OVERLAP * either_s:
        return None
    pairs = _off(_pairs(first, second, offset_s), usual)
    if _scenes(ours for ours, _ in pairs) < FEWEST_SCENES or _alike(_told(pairs)) < MOSTLY:
        return None
    third = -(-len(pairs) // 3)
    thirds = [_distinct(pairs[start : start + third]) for start in range(0, len(pairs), third)]
    distinct = _distinct(pairs)
    if distinct < LEAST_DISTINCT or min(thirds) < LEAST_DISTINCT_THIRD:
        return None
    return distinct * overlap_s / either_s


def _pairs(first: Film, second: Film, offset_s: float, *, exact: bool = False) -> list[Both]:
    """Each picture of the one with fewer beside the other's at that moment.

    Where the other was not looked at in that very moment, the better of those before and after,
    or with `exact` none.
    """
    if len(second.frames) < len(first.frames):
        first, second, offset_s = second, first, -offset_s
    times = [at_s for at_s, _ in second.frames]
    found = []
    for at_s, ours in first.frames:
        there_s = at_s - offset_s
        if not times or not 0 <= there_s < second.duration_s:
            continue
        after = bisect_left(times, there_s)
        near = second.frames[max(0, after - 1) : after + 1]
        there = [bits for time, bits in near if abs(time - there_s) <= _SAME_MOMENT_S]
        if there or not exact:
            choice = there or [bits for _, bits in near]
            found.append((ours, max(choice, key=lambda bits: common(ours, bits))))
    return found


def _off(pairs: Sequence[Both], usual: int) -> list[Both]:
    return [(ours ^ usual, theirs ^ usual) for ours, theirs in pairs]


def _told(pairs: Sequence[Both]) -> list[Both]:
    """The pairs that show something: black ones are alike everywhere."""
    return [(ours, theirs) for ours, theirs in pairs if (ours | theirs).bit_count() >= LEAST_BITS]


def _alike(pairs: Sequence[Both]) -> float:
    if not pairs:
        return 1.0
    return sum(common(ours, theirs) >= LEAST_ALIKE for ours, theirs in pairs) / len(pairs)


def _distinct(pairs: Sequence[Both]) -> float:
    either = sum((ours | theirs).bit_count() for ours, theirs in pairs)
    return sum((ours & theirs).bit_count() for ours, theirs in pairs) / either if either else 1.0


def _scenes(pictures: Iterable[int]) -> int:
    """How many clearly different ones there are; all that hardly show anything are one."""
    kept: list[int] = []
    for bits in pictures:
        each = bits if bits.bit_count() >= LEAST_BITS else 0
        if all(common(each, other) < LEAST_ALIKE for other in kept):
            kept.append(each)
    return len(kept)


def _usual(first: Film, second: Film) -> int:
    """The bits that most of the pictures of both have: the template of a series."""
    hashes = [bits for film in (first, second) for _, bits in film.frames]
    most = len(hashes) * _USUAL
    return sum(
        1 << bit for bit in range(_HASH_BITS) if sum(each >> bit & 1 for each in hashes) > most
    )


def _offsets(first: Film, second: Film) -> list[float]:
    """Both beginnings together, both ends together, and what pictures that agree vote for."""
    votes: Counter[float] = Counter()
    for at_s, ours in first.frames:
        for there_s, theirs in second.frames:
            enough = (ours | theirs).bit_count() >= LEAST_BITS
            if enough and common(ours, theirs) >= _SHARPLY_ALIKE:
                votes[round(at_s - there_s)] += 1
    likely = [offset_s for offset_s, _ in votes.most_common(_OFFSETS_TRIED)]
    return list(dict.fromkeys([0.0, first.duration_s - second.duration_s, *likely]))
