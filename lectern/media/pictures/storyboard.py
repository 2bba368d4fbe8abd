"""Storyboards: a video's key frames as small pictures, for scrubbing and for hovering."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lectern.media.facts import Facts
from lectern.media.pictures import poster
from lectern.media.playable import Cancelled, Progress
from lectern.media.sandbox import sandbox
from lectern.pipeline.registry import Step

MIME = "image/jpeg"
# More sheets than this no video has.
_MOST_SHEETS = 20


@dataclass(frozen=True)
class Storyboard:
    """The sheets, in order. `facts` say how they are divided and which second each tile shows."""

    sheets: list[Path]
    facts: dict[str, Any]


def make(
    source: Path,
    facts: Facts,
    scratch: Path,
    on_progress: Progress = None,
    cancelled: Cancelled = None,
) -> Storyboard:
    """The storyboard of a video, as files `out.N` in `scratch`.

    Its cost grows with the number of tiles, which is bounded, and not with the length.

    Raises:
        Refused: no picture of it can be decoded within the limits.
        Stopped: `cancelled` said so.
        SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    arguments = poster.about(source, facts, scratch)
    answer = sandbox.run(
        "storyboard",
        arguments,
        read=[source],
        scratch=scratch,
        limits=Step.STORYBOARD.limits("storyboard"),
        on_progress=on_progress,
        cancelled=cancelled,
    )
    with sandbox.described("storyboard"):
        number = min(int(answer["sheets"]), _MOST_SHEETS)
        told = {name: int(answer[name]) for name in ("width", "height", "columns", "rows")}
        times = [float(at_s) for at_s in answer["times"]]
    sheets = [sandbox.output(scratch, i) for i in range(number)]
    return Storyboard(sheets, {**told, "times": times})
