"""Office documents: their text by their XML, and their pages by LibreOffice where there is one."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lectern.media.facts import Facts
from lectern.media.sandbox import sandbox
from lectern.pipeline.limits import Limits
from lectern.pipeline.registry import Step
from lectern.settings import Settings

PDF_MIME = "application/pdf"
# What its program is called in a search path, and where packages put it.
_PROGRAMS = ("soffice", "libreoffice")
_FOLDERS = (
    "/usr/lib/libreoffice/program",
    "/usr/lib64/libreoffice/program",
    "/opt/libreoffice*/program",
)
# Either is LibreOffice as a library; see `lectern.media.inside.shared.libreoffice`.
_LIBRARIES = ("libsofficeapp.so", "libmergedlo.so")
# Fonts and settings that it reads besides its own folder.
_SHARED = (
    *("/usr/share", "/usr/local/share/fonts", "/etc/fonts", "/etc/libreoffice"),
    *("/var/cache/fontconfig", "/var/lib/libreoffice", "/var/spool/libreoffice"),
)
NONE = "none"


@dataclass
class _Machine:
    soffice: str | None = None


_machine = _Machine()


def configure(settings: Settings) -> None:
    """Bind this process to its LibreOffice; workers call it once."""
    _machine.soffice = settings.soffice


def is_unwanted() -> bool:
    """True where LibreOffice is not to be used, rather than not there yet."""
    return _machine.soffice == NONE


def program() -> Path | None:
    """The folder of LibreOffice's program: `LECTERN_SOFFICE`, or where it is installed."""
    if _machine.soffice == NONE:
        return None
    if _machine.soffice:
        named = [Path(shutil.which(_machine.soffice) or _machine.soffice)]
    else:
        named = [Path(found) for name in _PROGRAMS if (found := shutil.which(name))]
        named += [each for folder in _FOLDERS for each in sorted(Path("/").glob(folder[1:]))]
    for path in named:
        folder = path.resolve() if path.is_dir() else path.resolve().parent
        if any((folder / name).is_file() for name in _LIBRARIES):
            return folder
    return None


@dataclass(frozen=True)
class Read:
    """What the XML of a document says.

    `path` is a JSON list of `{"page", "text"}`, `places` the titles of slides as places, `notes`
    are those of speakers, by page. `pages` is 0 where only a layout would tell.
    """

    path: Path
    places: Path
    notes: dict[int, str]
    pages: int
    letters: int


def limits(purpose: str) -> Limits:
    """What a run may cost: reading the `text`, or making the `pdf`."""
    return Step.POSTER.limits(f"office/{purpose}")


def text(source: Path, facts: Facts, scratch: Path) -> Read:
    """Read the text as files `out.1` and `out.2` in `scratch`.

    Raises:
        Refused: it is locked or damaged, or reading it takes more than the limits.
        SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    answer = _run(source, facts, scratch, "text", [source])
    with sandbox.described("text"):
        pages, letters = int(answer["pages"]), int(answer["letters"])
        notes = json.loads(sandbox.output(scratch, 3).read_bytes())
        by_page = {int(each["page"]): str(each["text"]) for each in notes}
    paths = (sandbox.output(scratch, 1), sandbox.output(scratch, 2))
    return Read(*paths, by_page, pages, letters)


def pdf(
    source: Path,
    facts: Facts,
    scratch: Path,
    program: Path,
    cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Have LibreOffice make a PDF of it, as file `out.0` in `scratch`, an empty folder.

    Raises:
        Stopped: `cancelled` said so.
        Refused: LibreOffice cannot open it, or takes more than the limits.
        SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    readable = [source, *_folders(program)]
    _run(source, facts, scratch, "pdf", readable, cancelled, program=str(program))
    return sandbox.output(scratch, 0)


def _folders(program: Path) -> list[Path]:
    """What LibreOffice reads: its own folder, and what distributions keep elsewhere for it."""
    home = program.parent
    links = [path for path in (*home.glob("share/*"), *home.glob("share/*/*")) if path.is_symlink()]
    shared = [Path(path) for path in _SHARED]
    found = (home, *links, *shared)
    return [path for path in found if path.is_dir() and os.access(path, os.R_OK)]


def _run(
    source: Path,
    facts: Facts,
    scratch: Path,
    purpose: str,
    read: list[Path],
    cancelled: Callable[[], bool] | None = None,
    **options: Any,
) -> dict[str, Any]:
    arguments = {
        "source": str(source.resolve()),
        "scratch": str(scratch.resolve()),
        "container": facts.container,
        "purpose": purpose,
        **options,
    }
    return sandbox.run(
        "office", arguments, read=read, scratch=scratch, limits=limits(purpose), cancelled=cancelled
    )
