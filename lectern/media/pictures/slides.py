"""The slides of a video: from when to when each is shown, and what there is to read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lectern.insight.slides import Line, Shown
from lectern.media.facts import Facts
from lectern.media.pictures import poster
from lectern.media.playable import Cancelled, Progress
from lectern.media.sandbox import sandbox
from lectern.media.sandbox.refusal import SandboxCrashed
from lectern.pipeline.registry import Step

MIME = "image/webp"
_MOST_SLIDES = 400
_LONGEST_SIDE = 1280


@dataclass(frozen=True)
class Slides:
    """`greys` are files of `width` × `height` samples, one a byte; `thumbs` are WebP files."""

    shown: list[Shown]
    width: int
    height: int
    greys: list[Path]
    thumbs: list[Path]


class Reader(Protocol):
    """What reads text off a picture. `name` tells what read it."""

    name: str

    def read(self, grey: Path, width: int, height: int) -> list[Line]:
        """The lines, from top to bottom."""
        ...


def find(
    source: Path,
    facts: Facts,
    scratch: Path,
    on_progress: Progress = None,
    cancelled: Cancelled = None,
) -> Slides:
    """The slides of a video, their pictures as files `out.N` in `scratch`.

    Raises:
        Refused: a limit was reached.
        Stopped: `cancelled` said so.
        SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    answer = sandbox.run(
        "slides",
        poster.about(source, facts, scratch),
        read=[source],
        scratch=scratch,
        limits=Step.SLIDES.limits("slides", facts.duration_s or 0.0),
        on_progress=on_progress,
        cancelled=cancelled,
    )
    with sandbox.described("slides"):
        width, height = int(answer["width"]), int(answer["height"])
        number = int(answer["pictures"])
        shown = [Shown(float(a), float(b), int(picture)) for a, b, picture in answer["slides"]]
    within = 0 < width <= _LONGEST_SIDE and 0 < height <= _LONGEST_SIDE
    known = all(0 <= s.picture < number and 0 <= s.start_s <= s.end_s for s in shown)
    if not (within and known and 0 <= number <= len(shown) <= _MOST_SLIDES):
        raise SandboxCrashed("The slides came with a description that makes no sense.")
    greys = [sandbox.output(scratch, 2 * i) for i in range(number)]
    if any(grey.stat().st_size != width * height for grey in greys):
        raise SandboxCrashed("The slides came in another size than they say.")
    thumbs = [sandbox.output(scratch, 2 * i + 1) for i in range(number)]
    return Slides(shown, width, height, greys, thumbs)


def read(
    slides: Slides,
    reader: Reader,
    on_progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> list[list[Line]]:
    """The lines on each picture. Stops between two when `cancelled` says so, with those it has."""
    found: list[list[Line]] = []
    for number, grey in enumerate(slides.greys, start=1):
        if cancelled():
            break
        found.append(reader.read(grey, slides.width, slides.height))
        on_progress(number / len(slides.greys))
    return found
