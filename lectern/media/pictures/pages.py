"""Pages of a PDF: what they look like, the words on them, and the places to jump to."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lectern.media.sandbox import sandbox
from lectern.pipeline.registry import Step

TEXT_MIME = "application/json"
PICTURE_MIME = "image/webp"
# Drawn of one document; the text of the pages after these is read all the same.
MOST_PICTURES = 200
# Then the pages that are drawn already are all there are.
_DRAWING_CPU_S = 240


@dataclass(frozen=True)
class Texts:
    """A JSON list of `{"page", "text"}` and the places, `{"bookmarks", "links"}`, as files.

    `facts` count pages and letters; `notes` in them say what could not be read.
    """

    path: Path
    places: Path
    facts: dict[str, Any]


@dataclass(frozen=True)
class Pictures:
    """A picture of each of the first pages, in their order; `pages` is how many there are."""

    paths: list[Path]
    pages: int


def first(source: Path, scratch: Path) -> dict[str, Any]:
    """Draw the first page as file `out.0` in `scratch`; its size, and the number of `pages`.

    Raises:
        Refused: it is locked or broken, or drawing it takes more than the limits.
        SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    return _run(source, scratch, Step.POSTER, purpose="poster")


def texts(source: Path, scratch: Path) -> Texts:
    """The text of each page that has any as file `out.1` in `scratch`, the places as `out.2`.

    Raises:
        Refused: it is locked or broken, or reading it takes more than the limits.
        SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    answer = _run(source, scratch, Step.POSTER, purpose="text")
    with sandbox.described("text"):
        facts: dict[str, Any] = {name: int(answer[name]) for name in ("pages", "letters")}
        facts["notes"] = [str(note)[:500] for note in answer["notes"]][:5]
    return Texts(sandbox.output(scratch, 1), sandbox.output(scratch, 2), facts)


def pictures(
    source: Path,
    scratch: Path,
    on_progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Pictures:
    """Draw the first pages, at most `MOST_PICTURES` of them, as files `out.1` … in `scratch`.

    Raises:
        Refused: it is locked or broken, or drawing it takes more than the limits.
        Stopped: `cancelled` said so.
        SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    options = {"purpose": "pictures", "most": MOST_PICTURES, "cpu_s": _DRAWING_CPU_S}
    answer = _run(source, scratch, Step.PAGES, on_progress, cancelled, **options)
    with sandbox.described("drawing"):
        drawn, count = min(int(answer["drawn"]), MOST_PICTURES), int(answer["pages"])
    return Pictures([sandbox.output(scratch, number) for number in range(1, drawn + 1)], count)


def _run(
    source: Path,
    scratch: Path,
    step: Step,
    on_progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    **options: Any,
) -> dict[str, Any]:
    arguments = {"source": str(source.resolve()), "scratch": str(scratch.resolve()), **options}
    return sandbox.run(
        "pages",
        arguments,
        read=[source],
        scratch=scratch,
        limits=step.limits("pages"),
        on_progress=on_progress,
        cancelled=cancelled,
    )
