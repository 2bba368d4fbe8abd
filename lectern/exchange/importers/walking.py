"""The files below a folder, one after the other; no link is followed, nothing is opened."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lectern.errors import Message
from lectern.text import N_

LINK = Message("It is a link, and links are not followed.")
HIDDEN = Message("It is a hidden or system file.")
SPECIAL = Message("It is not a regular file.")
NO_TEXT = Message("Its name is not valid UTF-8. Rename the file.")
TOO_LONG = Message("Its path is longer than 1,500 bytes.")
UNREADABLE = N_("It cannot be read: %(why)s.")
# A path is the key of a row, and PostgreSQL's index has a limit.
LONGEST_PATH = 1500
_SYSTEM = {
    *("thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "lost+found", "$recycle.bin"),
    *("system volume information", "@eadir"),
}


@dataclass(frozen=True)
class SourceFile:
    """A file as it is now. `path` is the way from the folder, its names joined by slashes.

    `ref` is how the place calls exactly this state of it, where it has a name for that.
    """

    path: str
    byte_size: int
    mtime_ns: int
    ref: str = ""


@dataclass(frozen=True)
class Skipped:
    """What is passed over, and why."""

    path: str
    reason: str


def walk(root: Path, leave_out: Path | None = None) -> Iterator[SourceFile | Skipped]:
    """Everything below `root`, in the order of names; memory holds one folder's names a level.

    `leave_out` is the table that came along, which is no file of the library.
    """
    yield from _below(root, "", leave_out.resolve() if leave_out else None)


def _below(folder: Path, prefix: str, leave_out: Path | None) -> Iterator[SourceFile | Skipped]:
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError as error:
        yield Skipped(prefix or ".", Message(UNREADABLE, why=error.strerror))
        return
    for entry in entries:
        path = f"{prefix}{entry.name}"
        reason = _reason(entry, path)
        if reason is not None:
            yield Skipped(_shown(path), reason)
        elif entry.is_dir(follow_symlinks=False):
            yield from _below(folder / entry.name, f"{path}/", leave_out)
        elif leave_out is None or folder.resolve() / entry.name != leave_out:
            try:
                is_now = entry.stat(follow_symlinks=False)
            except OSError:
                # Gone since its folder was read: a live system is at work.
                continue
            yield SourceFile(path, is_now.st_size, is_now.st_mtime_ns)


def hidden(name: str) -> bool:
    """True for the name of what belongs to a system and not to a person."""
    return name.startswith((".", "~$")) or name.lower() in _SYSTEM


def _reason(entry: "os.DirEntry[str]", path: str) -> str | None:
    """Why it is passed over; None when it is not."""
    name = entry.name
    if hidden(name):
        return HIDDEN
    try:
        size = len(path.encode("utf-8"))
    except UnicodeEncodeError:
        return NO_TEXT
    if size > LONGEST_PATH:
        return TOO_LONG
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except OSError as error:
        return Message(UNREADABLE, why=error.strerror)
    if stat.S_ISLNK(mode):
        return LINK
    return None if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else SPECIAL


def _shown(path: str) -> str:
    """A path that can be printed, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
