"""Pages: what a PDF's first page looks like, and the words on all of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lectern.media.sandbox import sandbox
from lectern.pipeline.registry import Step

TEXT_MIME = "application/json"


@dataclass(frozen=True)
class Texts:
    """A JSON list of `{"page", "text"}` as a file; `facts` count pages and letters."""

    path: Path
    facts: dict[str, Any]


def first(source: Path, scratch: Path) -> dict[str, Any]:
    """Draw the first page as file `out.0` in `scratch`; its size, and the number of `pages`.

    Raises:
        Refused: it is locked or broken, or drawing it takes more than the limits.
        SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    return _run(source, scratch, "poster")


def texts(source: Path, scratch: Path) -> Texts:
    """The text of each page that has any, as file `out.1` in `scratch`.

    Raises:
        Refused: it is locked or broken, or reading it takes more than the limits.
        SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    answer = _run(source, scratch, "text")
    with sandbox.described("text"):
        told = {name: int(answer[name]) for name in ("pages", "letters")}
    return Texts(sandbox.output(scratch, 1), told)


def _run(source: Path, scratch: Path, purpose: str) -> dict[str, Any]:
    arguments = {
        "source": str(source.resolve()),
        "scratch": str(scratch.resolve()),
        "purpose": purpose,
    }
    return sandbox.run(
        "pages", arguments, read=[source], scratch=scratch, limits=Step.POSTER.limits("pages")
    )
