"""Fingerprints as the database keeps them, and whether two are mostly of the same content.

Series share intros, black beginnings and slide templates. So two files are near only when one
alignment explains almost everything in their overlap, and the overlap is most of both.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import core_ext
from lectern.duplicates import frames
from lectern.duplicates.frames import Film
from lectern.models import Fingerprint, Kind

# Raised when fingerprints are made otherwise: those of another recipe are made anew.
RECIPE = 1
_FRAME = struct.Struct("<d64s")

# Looks of about a second at changing sound; with fewer there is nothing to go by.
FEWEST_LOOKS = 6
# Of the looks at the overlap. Strangers came to 0.1, those with a third of intro to 0.37.
LEAST_MATCH = 0.8
# Of the looks at all that either has.
LEAST_OVERLAP = 0.5
# Two images have nothing but themselves: slides of one template came to 0.77, copies to 0.85.
LEAST_ALIKE_IMAGE = 0.82


@dataclass(frozen=True)
class Print:
    """One file's fingerprint; its sound is as `core_ext` makes it."""

    kind: str
    film: Film
    sound: bytes


@dataclass(frozen=True)
class Match:
    """How two files are near. Second 0 of the second is second `offset_s` of the first.

    `by` is `both`, `sound` or `pictures`: what of them was compared.
    """

    share: float
    offset_s: float
    by: str


def pack(hashes: Sequence[tuple[float, bytes]]) -> bytes:
    """Pictures as a column keeps them."""
    return b"".join(_FRAME.pack(at_s, hash_) for at_s, hash_ in hashes)


def read(row: Fingerprint) -> Print:
    """The fingerprint in a row."""
    hashes = _FRAME.iter_unpack(row.frames)
    told = tuple((at_s, int.from_bytes(hash_)) for at_s, hash_ in hashes)
    return Print(row.kind, Film(row.duration_s, told), row.sound)


def compare(first: Print, second: Print) -> Match | None:
    """How the two are near, or None when they are not."""
    if Kind.IMAGE in {first.kind, second.kind}:
        return _images(first, second) if first.kind == second.kind else None
    heard = core_ext.align_sounds(first.sound, second.sound)
    if min(heard.first, heard.second) >= FEWEST_LOOKS:
        return _by_sound(first, second, heard)
    # A film without sound may be one whose sound was taken off; there are only pictures to go by.
    found = frames.best(first.film, second.film)
    return Match(*found, by="pictures") if found else None


def _images(first: Print, second: Print) -> Match | None:
    ((_, ours),), ((_, theirs),) = first.film.frames, second.film.frames
    if (ours | theirs).bit_count() < 2 * frames.LEAST_BITS:
        return None
    share = frames.common(ours, theirs)
    return Match(share, 0.0, "pictures") if share >= LEAST_ALIKE_IMAGE else None


def _by_sound(first: Print, second: Print, heard: core_ext.SoundAlignment) -> Match | None:
    either = heard.first + heard.second - heard.compared
    if heard.matched < max(FEWEST_LOOKS, LEAST_MATCH * heard.compared, LEAST_OVERLAP * either):
        return None
    share = heard.matched / either
    if Kind.AUDIO in {first.kind, second.kind}:
        return Match(share, heard.offset_s, "sound")
    # The same talk filmed by a camera and from the screen is two films, and so are two slide
    # shows with the same music under them.
    alike = frames.same(first.film, second.film, heard.offset_s)
    return Match(share, heard.offset_s, "both") if alike else None
