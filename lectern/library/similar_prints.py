"""Fingerprints as the database keeps them, and whether two are mostly of the same content.

Series share intros, black beginnings and slide templates. So two files count as near only when one
alignment explains almost everything in their overlap, and the overlap is most of both; pictures
that both films show all the time (the template) are left out of what decides.
"""

import struct
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import core_ext
from lectern.models import Fingerprint

# Raised when fingerprints are made otherwise: those of another recipe are made anew.
RECIPE = 1
_FRAME = struct.Struct("<d64s")
_HASH_BITS = 512

# Looks of about a second at changing sound; with fewer there is nothing to go by.
FEWEST_LOOKS = 6
# Of the overlap of two sounds; what coding spoils at worst is a tenth of it.
LEAST_MATCH = 0.8
# Of all that either has.
LEAST_OVERLAP = 0.5
# Bits that differ from the template, and different pictures that have so many, to tell a film by.
LEAST_BITS = 12
FEWEST_SCENES = 3
# A bit that so many pictures of both films have is their template's.
_USUAL = 0.8
# Bits set in both of those set in either, for two pictures of the same scene.
LEAST_ALIKE = 0.5
# As much of what sets them off from the template; between strangers it is below a quarter.
LEAST_DISTINCT = 0.55
# Two images have nothing but themselves.
LEAST_ALIKE_IMAGE = 0.85
_SHARPLY_ALIKE = 0.8
_OFFSETS_TRIED = 3
_SAME_MOMENT_S = 0.3


@dataclass(frozen=True)
class Print:
    """One file's fingerprint: pictures as (second, bits), sound as `core_ext` makes it."""

    kind: str
    duration_s: float
    frames: tuple[tuple[float, int], ...]
    sound: bytes


@dataclass(frozen=True)
class Match:
    """How two files are near. Second 0 of the second is second `offset_s` of the first.

    `by` is `both`, `sound` or `pictures`: what of them was compared.
    """

    share: float
    offset_s: float
    by: str


def pack(frames: Sequence[tuple[float, bytes]]) -> bytes:
    """Pictures as a column keeps them."""
    return b"".join(_FRAME.pack(at_s, hash_) for at_s, hash_ in frames)


def read(row: Fingerprint) -> Print:
    """The fingerprint in a row."""
    frames = tuple((at_s, int.from_bytes(hash_)) for at_s, hash_ in _FRAME.iter_unpack(row.frames))
    return Print(row.kind, row.duration_s, frames, row.sound)


def compare(first: Print, second: Print) -> Match | None:
    """How the two are near, or None when they are not."""
    if "image" in {first.kind, second.kind}:
        return _images(first, second) if first.kind == second.kind else None
    heard = core_ext.align_sounds(first.sound, second.sound)
    if min(heard.first, heard.second) >= FEWEST_LOOKS:
        return _by_sound(first, second, heard)
    # A film without sound may be one whose sound was taken off; there are only pictures to go by.
    return _by_pictures(first, second)


def _images(first: Print, second: Print) -> Match | None:
    (_, ours), (_, theirs) = first.frames[0], second.frames[0]
    if (ours | theirs).bit_count() < 2 * LEAST_BITS:
        return None
    share = _common(ours, theirs)
    return Match(share, 0.0, "pictures") if share >= LEAST_ALIKE_IMAGE else None


def _by_sound(first: Print, second: Print, heard: core_ext.SoundAlignment) -> Match | None:
    either = heard.first + heard.second - heard.compared
    if heard.matched < max(FEWEST_LOOKS, LEAST_MATCH * heard.compared, LEAST_OVERLAP * either):
        return None
    share = heard.matched / either
    if "audio" in {first.kind, second.kind}:
        return Match(share, heard.offset_s, "sound")
    seen = list(_told(_pairs(first, second, heard.offset_s)))
    alike = sum(_common(ours, theirs) >= LEAST_ALIKE for ours, theirs in seen)
    # The same talk, filmed by a camera and from the screen, is two different films.
    if alike < LEAST_ALIKE * len(seen):
        return None
    return Match(share, heard.offset_s, "both" if seen else "sound")


def _by_pictures(first: Print, second: Print) -> Match | None:
    usual = _usual([bits for film in (first, second) for _, bits in film.frames])
    found = [_laid_over(first, second, offset_s, usual) for offset_s in _offsets(first, second)]
    return max(filter(None, found), key=lambda match: match.share, default=None)


def _laid_over(first: Print, second: Print, offset_s: float, usual: int) -> Match | None:
    overlap_s = min(first.duration_s, second.duration_s + offset_s) - max(0.0, offset_s)
    either_s = max(first.duration_s, second.duration_s + offset_s) - min(0.0, offset_s)
    if overlap_s < LEAST_OVERLAP * either_s:
        return None
    pairs = [(ours ^ usual, theirs ^ usual) for ours, theirs in _pairs(first, second, offset_s)]
    told = list(_told(pairs))
    if _scenes([ours for ours, _ in pairs]) < FEWEST_SCENES:
        return None
    common = sum((ours & theirs).bit_count() for ours, theirs in told)
    distinct = common / sum((ours | theirs).bit_count() for ours, theirs in told)
    alike = sum(_common(ours, theirs) >= LEAST_ALIKE for ours, theirs in told) / len(told)
    if distinct < LEAST_DISTINCT or alike < LEAST_MATCH:
        return None
    return Match(distinct * overlap_s / either_s, offset_s, "pictures")


def _scenes(pictures: Sequence[int]) -> int:
    """How many clearly different ones there are; all that hardly differ from nothing are one."""
    kept: list[int] = []
    for bits in pictures:
        each = bits if bits.bit_count() >= LEAST_BITS else 0
        if all(_common(each, other) < LEAST_ALIKE for other in kept):
            kept.append(each)
    return len(kept)


def _told(
    pairs: Sequence[tuple[int, int]] | Iterator[tuple[int, int]],
) -> Iterator[tuple[int, int]]:
    """The pairs that show something: black ones are alike everywhere."""
    return (pair for pair in pairs if (pair[0] | pair[1]).bit_count() >= LEAST_BITS)


def _common(ours: int, theirs: int) -> float:
    either = (ours | theirs).bit_count()
    return (ours & theirs).bit_count() / either if either else 1.0


def _usual(hashes: Sequence[int]) -> int:
    """The bits that most of the pictures have: the template of a series."""
    most = len(hashes) * _USUAL
    return sum(
        1 << bit for bit in range(_HASH_BITS) if sum(each >> bit & 1 for each in hashes) > most
    )


def _pairs(first: Print, second: Print, offset_s: float) -> Iterator[tuple[int, int]]:
    """Each picture of the one with fewer beside the other's at that moment.

    Where the other was not looked at in that very moment, the better of those before and after.
    """
    if len(second.frames) < len(first.frames):
        first, second, offset_s = second, first, -offset_s
    times = [at_s for at_s, _ in second.frames]
    for at_s, ours in first.frames:
        there_s = at_s - offset_s
        if not 0 <= there_s < second.duration_s or not times:
            continue
        after = bisect_left(times, there_s)
        near = second.frames[max(0, after - 1) : after + 1]
        exact = [bits for time, bits in near if abs(time - there_s) <= _SAME_MOMENT_S]
        yield ours, max(exact or [bits for _, bits in near], key=lambda bits: _common(ours, bits))


def _offsets(first: Print, second: Print) -> list[float]:
    """Both beginnings together, both ends together, and what pictures that agree vote for."""
    votes: Counter[float] = Counter()
    for at_s, ours in first.frames:
        for there_s, theirs in second.frames:
            enough = (ours | theirs).bit_count() >= LEAST_BITS
            if enough and _common(ours, theirs) >= _SHARPLY_ALIKE:
                votes[round(at_s - there_s)] += 1
    likely = [offset_s for offset_s, _ in votes.most_common(_OFFSETS_TRIED)]
    return list(dict.fromkeys([0.0, first.duration_s - second.duration_s, *likely]))
