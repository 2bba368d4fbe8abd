"""Sizes: an image in several widths, so that a phone loads a phone's worth of it."""

from dataclasses import dataclass
from pathlib import Path

from lectern.media.facts import Facts
from lectern.media.playable import Cancelled, Progress
from lectern.media.sandbox import sandbox
from lectern.media.sandbox.refusal import SandboxCrashed
from lectern.pipeline.registry import Step

_MOST = 6
_FORMATS = frozenset({"avif", "webp"})


@dataclass(frozen=True)
class Size:
    """One width of an image, upright and without metadata; `format` is `avif` or `webp`."""

    path: Path
    width: int
    height: int
    format: str


def make(
    source: Path,
    facts: Facts,
    scratch: Path,
    on_progress: Progress = None,
    cancelled: Cancelled = None,
) -> list[Size]:
    """The image in each width below its own, as files `out.N` in `scratch`; none for small ones.

    Raises:
        Refused: it cannot be decoded within the limits.
        Stopped: `cancelled` said so.
        SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    arguments = {
        "source": str(source.resolve()),
        "demuxer": facts.container,
        "scratch": str(scratch.resolve()),
    }
    answer = sandbox.run(
        "sizes",
        arguments,
        read=[source],
        scratch=scratch,
        limits=Step.SIZES.limits("sizes"),
        on_progress=on_progress,
        cancelled=cancelled,
    )
    with sandbox.described("sizes"):
        told = list(answer["sizes"])[:_MOST]
        made = [
            Size(
                sandbox.output(scratch, i), int(each["width"]), int(each["height"]), each["format"]
            )
            for i, each in enumerate(told)
        ]
    if not {each.format for each in made} <= _FORMATS:
        raise SandboxCrashed("The sizes came in a form that was not asked for.")
    return made
