"""Task `slides`: find where a video stands still to be read, and write those pictures.

Key frames are compared in cells of a small grey picture. Cells that never rest, such as the
speaker's, say nothing; a slide is what stays for two looks and differs in enough of the others.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream

from lectern.media.inside import frames
from lectern.media.inside.container import decoded, open_container
from lectern.media.inside.shared.shaping import FrameShaper

_LOOK_EVERY_S = 2.0
_MOST_LOOKS = 3_600
_AN_HOUR = 200
_AT_LEAST = 40
MOST_SLIDES = 400
# Small letters are legible in a picture so wide; a larger one costs more than it tells.
_READ_SIDE = 1280
_THUMB_SIDE = 320
# The grey picture that looks are compared by, and its cells.
_WIDTH, _HEIGHT, _CELL = 160, 90, 5
# A cell differs by so many of 255 shades on average; so many differing cells are another slide.
_SHADES, _CELLS = 6.0, 4
# Cells that differ in more looks than this share belong to a camera; if it has all but so little
# of the picture, it shows slides at most in between.
_RESTLESS = 0.15
_MOST_RESTLESS = 0.3
# A key frame less often than this misses slides; then the frames between are decoded.
_SPARSE_S = 6.0
# What never stands still is looked at so often all the same.
_MOVING_S = 30.0

_Grey = np.ndarray[Any, np.dtype[np.float32]]


@dataclass
class _Look:
    at_s: float
    cells: _Grey


@dataclass
class _Shown:
    """A slide from when to when, and a second at which it certainly is there."""

    start_s: float
    end_s: float
    seen_s: float
    cells: _Grey
    # The second of the look before, which showed something else.
    before_s: float | None = None
    picture: int = -1


def perform(arguments: dict[str, Any], tell: Callable[[float], None]) -> dict[str, Any]:
    """`arguments`: source, demuxer, stream, duration_s, shown, rotation, hdr, scratch.

    Writes for each different picture `out.2N`, grey samples row by row for a reader, and
    `out.2N+1`, a small WebP. Returns `width`, `height`, `pictures` and `slides`, of
    `[start_s, end_s, picture]` in order.
    """
    duration_s = float(arguments["duration_s"] or 0)
    width, height = arguments["shown"]
    share = min(1.0, _READ_SIDE / max(width, height))
    size = max(2, round(width * share)), max(2, round(height * share))
    with open_container(Path(arguments["source"]), str(arguments["demuxer"])) as container:
        stream = frames.select(container, int(arguments["stream"]))
        start_s = container.start_time / 1e6 if container.start_time else 0.0
        looks = list(_looks(container, stream, start_s, duration_s, tell))
        resting = _resting(looks)
        shown = _fewest(_slides(looks, resting, duration_s), duration_s)
        deadline = time.process_time() + 60 + duration_s / 60
        for each in shown:
            _begin_exactly(container, stream, start_s, each, resting, deadline)
        for each, following in pairwise(shown):
            each.end_s = min(each.end_s, following.start_s)
        shaper = FrameShaper(stream, (width, height), arguments["rotation"], arguments["hdr"], size)
        pictures = _different(shown, resting)
        for number, each in enumerate(pictures):
            _write(container, stream, start_s + each.seen_s, shaper, arguments["scratch"], number)
            tell(0.7 + 0.3 * (number + 1) / len(pictures))
    return {
        "width": size[0],
        "height": size[1],
        "pictures": len(pictures),
        "slides": [[round(s.start_s, 3), round(s.end_s, 3), s.picture] for s in shown],
    }


def _looks(
    container: InputContainer,
    stream: VideoStream,
    start_s: float,
    duration_s: float,
    tell: Callable[[float], None],
) -> Iterator[_Look]:
    count = int(min(_MOST_LOOKS, max(1.0, duration_s / _LOOK_EVERY_S)))
    times = [start_s + duration_s * i / count for i in range(count)]
    found: dict[float, _Look] = {}
    for at_s, frame in frames.key_frames(container, stream, times):
        shown_s = max(0.0, at_s - start_s)
        found[shown_s] = _Look(shown_s, _cells(frame))
        tell(min(0.35, 0.35 * shown_s / max(1.0, duration_s)))
    if len(found) < duration_s / _SPARSE_S:
        frames.seek(container, stream, start_s)
        deadline = time.process_time() + 60 + duration_s / 10
        wanted = iter(times)
        due = next(wanted, None)
        for frame in decoded(container, stream):
            if due is None or time.process_time() > deadline:
                break
            if frame.time is None or frame.time < due:
                continue
            shown_s = max(0.0, frame.time - start_s)
            found[shown_s] = _Look(shown_s, _cells(frame))
            tell(min(0.7, 0.35 + 0.35 * shown_s / max(1.0, duration_s)))
            due = next((at_s for at_s in wanted if at_s > frame.time), None)
    yield from (found[at_s] for at_s in sorted(found))


def _cells(frame: VideoFrame) -> _Grey:
    small = frame.reformat(
        width=_WIDTH, height=_HEIGHT, format="gray", interpolation=Interpolation.AREA, threads=1
    )
    return small.to_ndarray().astype(np.float32)


def _differing(one: _Grey, other: _Grey) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which cells of the two differ."""
    apart = np.abs(one - other)
    shape = (_HEIGHT // _CELL, _CELL, _WIDTH // _CELL, _CELL)
    far: np.ndarray[Any, np.dtype[np.bool_]] = apart.reshape(shape).mean(axis=(1, 3)) > _SHADES
    return far


def _resting(looks: list[_Look]) -> Any:
    """The cells that tell slides apart: all, unless some are restless and others are not.

    Restless is what differs between two looks that show the same slide, for all that is known:
    those in which no more differs than usual.
    """
    everything = np.ones((_HEIGHT // _CELL, _WIDTH // _CELL), dtype=bool)
    pairs = np.array([_differing(a.cells, b.cells) for a, b in pairwise(looks)])
    if len(pairs) < 4:
        return everything
    numbers = pairs.sum(axis=(1, 2))
    usual = pairs[numbers <= 2 * np.median(numbers) + _CELLS]
    restless = np.pad(usual.mean(axis=0) > _RESTLESS, 1)
    # What is beside such a cell moves at times as well.
    near = restless | np.roll(restless, 1, 0) | np.roll(restless, -1, 0)
    near = near | np.roll(near, 1, 1) | np.roll(near, -1, 1)
    still = ~near[1:-1, 1:-1]
    return still if still.mean() > _MOST_RESTLESS else everything


def _another(one: _Grey, other: _Grey, resting: Any) -> bool:
    return int((_differing(one, other) & resting).sum()) >= _CELLS


def _slides(looks: list[_Look], resting: Any, duration_s: float) -> list[_Shown]:
    found: list[_Shown] = []
    since: float = 0.0
    for number, look in enumerate(looks):
        after = looks[number + 1] if number + 1 < len(looks) else None
        if found and not _another(found[-1].cells, look.cells, resting):
            found[-1].end_s = after.at_s if after else max(duration_s, look.at_s)
            since = look.at_s
            continue
        stays = after is None or not _another(look.cells, after.cells, resting)
        if not stays and look.at_s - since < _MOVING_S and found:
            continue
        before_s = looks[number - 1].at_s if number else None
        end_s = after.at_s if after else max(duration_s, look.at_s)
        found.append(_Shown(look.at_s, end_s, look.at_s, look.cells, before_s))
        since = look.at_s
    return found


def _fewest(shown: list[_Shown], duration_s: float) -> list[_Shown]:
    """Those shown longest, where there are more than anybody shows slides."""
    most = min(MOST_SLIDES, max(_AT_LEAST, int(_AN_HOUR * duration_s / 3600)))
    longest = sorted(shown, key=lambda each: each.start_s - each.end_s)[:most]
    return sorted(longest, key=lambda each: each.start_s)


def _begin_exactly(
    container: InputContainer,
    stream: VideoStream,
    start_s: float,
    shown: _Shown,
    resting: Any,
    deadline: float,
) -> None:
    """Between the look before and the first of the slide lies the frame that it begins with."""
    if shown.before_s is None or time.process_time() > deadline:
        return
    if not frames.seek(container, stream, start_s + shown.before_s):
        return
    for frame in decoded(container, stream):
        at_s = (frame.time or 0.0) - start_s
        if at_s >= shown.start_s or time.process_time() > deadline:
            return
        if at_s > shown.before_s and not _another(_cells(frame), shown.cells, resting):
            shown.start_s = at_s
            return


def _different(shown: list[_Shown], resting: Any) -> list[_Shown]:
    """One of each picture; slides that come again share theirs."""
    kept: list[_Shown] = []
    for each in shown:
        same = (n for n, k in enumerate(kept) if not _another(k.cells, each.cells, resting))
        each.picture = next(same, len(kept))
        if each.picture == len(kept):
            kept.append(each)
    return kept


def _write(
    container: InputContainer,
    stream: VideoStream,
    at_s: float,
    shaper: FrameShaper,
    scratch: str,
    number: int,
) -> None:
    frames.seek(container, stream, at_s)
    last = None
    for frame in decoded(container, stream):
        last = frame
        if frame.time is None or frame.time >= at_s - 1e-3:
            break
    if last is None:
        return
    picture = shaper.picture(last)
    folder = Path(scratch)
    (folder / f"out.{2 * number}").write_bytes(picture.convert("L").tobytes())
    picture.thumbnail((_THUMB_SIDE, _THUMB_SIDE))
    picture.save(folder / f"out.{2 * number + 1}", "WEBP", quality=75, method=4)
