"""Which frames make a good poster, in numbers and in words; knows scores, not pictures."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import takewhile
from statistics import median

from lectern.text import N_

# Differing bits of two 64-bit difference hashes from which frames look like two pictures; slides
# of one template differ in fewer, and then in how much is written on them.
_DIFFERENT_BITS = 10
_TEMPLATE_BITS = 3
_TEMPLATE_SHARPNESS = 0.08
# Titles and end cards live in the first and last part of a recording.
_EDGE_SHARE = 0.03
# The first slide names the talk. A later one with more on it is sharper, and comes so far after it.
_OPENING_LEAD = 0.01
# A drawn picture has few greys, a filmed one many.
_DRAWN_ENTROPY = 4.5
# How far luma of one slide differs, of which a speaker in a corner moves a little.
_SAME_MEAN = 3.0
# A face that looks at the learner says more than a sharper slide.
_FACE_QUALITY = 0.15


@dataclass(frozen=True)
class Sample:
    """One frame's scores as `core_ext.score_frame` gives them; luma 0 to 255.

    `face` says that somebody's face is seen in it, the eyes open.
    """

    at_s: float
    sharpness: float
    mean: float
    deviation: float
    dark_share: float
    bright_share: float
    entropy: float
    colourfulness: float
    difference_hash: int
    face: bool = False

    @property
    def flat(self) -> bool:
        """True for one colour, or nearly so: black, white, a fade."""
        return self.deviation < 3

    @property
    def drawn(self) -> bool:
        """True for a slide or a screen rather than a scene."""
        return self.entropy < _DRAWN_ENTROPY and not self.face

    @property
    def black(self) -> bool:
        """True when next to nothing shows on black; white words on black do show."""
        return self.dark_share > 0.985 and self.deviation < 14


@dataclass(frozen=True)
class Choice:
    """A sample worth showing: its place in what was given, its quality and why."""

    index: int
    quality: float
    reasons: tuple[str, ...]


def usable(samples: Sequence[Sample]) -> list[bool]:
    """For each sample whether it is neither blank, black nor blurred beside the others."""
    shown = [not (sample.flat or sample.black) for sample in samples]
    sharp = [s.sharpness for s, ok in zip(samples, shown, strict=True) if ok]
    least = 0.1 * median(sharp) if sharp else 0.0
    return [ok and s.sharpness >= least for s, ok in zip(samples, shown, strict=True)]


def choose(samples: Sequence[Sample], duration_s: float | None, most: int = 5) -> list[Choice]:
    """The best samples, best first, each unlike those before it.

    Blank, black and blurred ones come only when there is nothing else.
    """
    if not samples:
        return []
    good = usable(samples)
    sharpest = max(sample.sharpness for sample in samples)
    opening = _opening(samples, good)
    quality = [_quality(sample, sharpest, duration_s) for sample in samples]
    _put_before_slides(opening, quality, samples)
    pool = [i for i, ok in enumerate(good) if ok] or list(range(len(samples)))
    pool.sort(key=lambda i: -quality[i])
    chosen: list[int] = []
    # Where a recording has few pictures, lesser differences make up the number.
    for differs in (_unlike, _distinct):
        for index in pool:
            if all(differs(samples[index], samples[other]) for other in chosen):
                chosen.append(index)
    return [
        Choice(
            index,
            round(quality[index], 4),
            _reasons(samples[index], sharpest, good[index], opening=index in opening),
        )
        for index in chosen[:most]
    ]


def _opening(samples: Sequence[Sample], good: Sequence[bool]) -> set[int]:
    """The places of the slide that a recording begins with; none where it begins otherwise."""
    order = sorted((i for i, ok in enumerate(good) if ok), key=lambda i: samples[i].at_s)
    if not order or not samples[order[0]].drawn:
        return set()
    first = samples[order[0]]
    return set(takewhile(lambda i: _same(samples[i], first), order))


def _put_before_slides(
    opening: Collection[int], quality: list[float], samples: Sequence[Sample]
) -> None:
    """Let the first slide come before the others; a face or a filmed scene keeps its place."""
    slides = [quality[i] for i, sample in enumerate(samples) if sample.drawn and i not in opening]
    best = max((quality[i] for i in opening), default=0.0)
    lift = max(slides, default=0.0) + _OPENING_LEAD - best
    for i in opening if lift > 0 else ():
        quality[i] = min(1.0, quality[i] + lift)


def _same(one: Sample, other: Sample) -> bool:
    return (
        not _distinct(one, other)
        and abs(one.sharpness - other.sharpness)
        <= _TEMPLATE_SHARPNESS * max(one.sharpness, other.sharpness)
        and abs(one.mean - other.mean) <= _SAME_MEAN
    )


def _unlike(one: Sample, other: Sample) -> bool:
    bits = (one.difference_hash ^ other.difference_hash).bit_count()
    apart = abs(one.sharpness - other.sharpness)
    written = apart > _TEMPLATE_SHARPNESS * max(one.sharpness, other.sharpness)
    return bits >= _DIFFERENT_BITS or (bits >= _TEMPLATE_BITS and written)


def _distinct(one: Sample, other: Sample) -> bool:
    return (one.difference_hash ^ other.difference_hash).bit_count() >= _TEMPLATE_BITS


def _quality(sample: Sample, sharpest: float, duration_s: float | None) -> float:
    """0 to 1: sharp before all, then lit, contrasty, rich; weights set on the test lectures."""
    sharp = math.log1p(sample.sharpness) / math.log1p(sharpest) if sharpest else 0.0
    # Slides are bright and dark rooms are dark; only the extremes cost.
    lit = min(1.0, sample.mean / 60, (255 - sample.mean) / 12)
    contrast = min(1.0, sample.deviation / 55)
    rich = 0.5 * sample.entropy / 8 + 0.5 * min(1.0, sample.colourfulness / 50)
    quality = 0.45 * sharp + 0.2 * lit + 0.2 * contrast + 0.15 * rich
    if sample.face:
        quality += _FACE_QUALITY
    if duration_s:
        place = sample.at_s / duration_s
        quality -= 0.08 * (place < _EDGE_SHARE or place > 1 - _EDGE_SHARE)
    return min(1.0, max(0.0, quality))


def _reasons(
    sample: Sample, sharpest: float, good: bool, *, opening: bool = False
) -> tuple[str, ...]:
    if not good:
        return (N_("The video shows nothing clearer"),)
    sharp = sample.sharpness >= 0.4 * sharpest
    # A screen full of text has few greys and colours, strong edges, and contrast.
    slide = (
        sample.sharpness >= max(100, 0.4 * sharpest)
        and sample.entropy < 4.5
        and sample.deviation >= 20
        and sample.colourfulness < 60
    )
    lit = 60 <= sample.mean <= 215 and sample.dark_share < 0.35
    reasons = {
        N_("The first slide"): opening,
        N_("A face, eyes open"): sample.face,
        N_("Shows a full slide"): slide,
        N_("Sharp"): sharp,
        N_("Well lit"): lit and not slide,
        N_("Colourful"): sample.colourfulness >= 30,
    }
    return tuple(reason for reason, holds in reasons.items() if holds)
