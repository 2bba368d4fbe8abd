"""The audit log of a workspace, told in words."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import gettext

from lectern.people.audit import Line
from web.pages.assets import events


class Told(NamedTuple):
    """One line: what was done, to what, by whom. `details` are its members in words."""

    seq: int
    at: datetime
    by: str
    text: str
    icon: str
    object_type: str
    object_id: uuid.UUID | None
    name: str
    details: Sequence[tuple[str, str]]
    hash: str


def kind_words() -> dict[str, str]:
    """The kinds of things that lines are about, to choose from."""
    return {
        "asset": gettext("Files"),
        "usage": gettext("Uses in lessons"),
        "course": gettext("Courses"),
        "folder": gettext("Folders"),
        "tag": gettext("Tags"),
        "batch": gettext("Bulk changes"),
        "member": gettext("Members"),
        "session": gettext("Sign-ins"),
        "token": gettext("Tokens"),
        "field": gettext("Fields"),
        "captions": gettext("Captions"),
        "library": gettext("Exports, imports, restores"),
    }


# Kinds that hold others.
WIDER: Mapping[str, tuple[str, ...]] = {"course": ("course", "chapter", "lesson")}

_ICONS = {
    "usage": "book",
    "course": "book",
    "chapter": "book",
    "lesson": "book",
    "folder": "folder",
    "tag": "tag",
    "batch": "clock",
    "member": "users",
    "session": "user",
    "token": "key",
    "field": "edit",
    "library": "library",
}


def told(
    lines: Sequence[Line], names: Mapping[uuid.UUID, str], labels: Mapping[str, str]
) -> list[Told]:
    """The lines as a person reads them, in the same order."""
    return [
        Told(
            line.seq,
            line.at,
            event.by,
            _text(line, event.text),
            _icon(line, event.icon),
            line.object_type,
            line.object_id,
            names.get(line.object_id, "") if line.object_id else "",
            details(line.details),
            line.hash,
        )
        for line, event in zip(lines, events.events(lines, labels), strict=True)
    ]


def details(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each member and its value; lists and objects flattened to a line."""
    return [(name, word) for name, value in values.items() if (word := _word(value))]


def _word(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {word}" for name, word in details(value))
    if isinstance(value, list):
        return ", ".join(filter(None, (_word(each) for each in value)))
    return "" if value is None else str(value)


def _icon(line: Line, found: str) -> str:
    return _ICONS.get(line.action.partition(".")[0], found)


def _text(line: Line, found: str) -> str:
    if line.action.startswith(("asset.", "usage.")):
        return found
    return _plainly().get(line.action, found)


def _plainly() -> dict[str, str]:
    return {
        "session.start": gettext("Signed in"),
        "session.end": gettext("Signed out"),
        "session.refuse": gettext("A sign-in was refused"),
        "token.create": gettext("Made a token"),
        "token.revoke": gettext("Revoked a token"),
        "member.add": gettext("Added a member"),
        "member.change": gettext("Changed a member's role"),
        "member.remove": gettext("Removed a member"),
        "course.create": gettext("Made a course"),
        "course.change": gettext("Changed a course"),
        "course.remove": gettext("Removed a course"),
        "course.term_add": gettext("Added a term to a glossary"),
        "course.term_remove": gettext("Removed a term from a glossary"),
        "chapter.add": gettext("Added a chapter"),
        "chapter.change": gettext("Changed a chapter"),
        "chapter.remove": gettext("Removed a chapter"),
        "lesson.add": gettext("Added a lesson"),
        "lesson.change": gettext("Changed a lesson"),
        "lesson.move": gettext("Moved a lesson"),
        "lesson.remove": gettext("Removed a lesson"),
        "folder.create": gettext("Made a folder"),
        "folder.rename": gettext("Renamed a folder"),
        "folder.move": gettext("Moved a folder"),
        "folder.delete": gettext("Deleted a folder"),
        "tag.rename": gettext("Renamed a tag"),
        "tag.merge": gettext("Merged tags"),
        "tag.delete": gettext("Deleted a tag"),
        "field.create": gettext("Made a field"),
        "field.change": gettext("Changed a field"),
        "field.move": gettext("Moved a field"),
        "field.delete": gettext("Deleted a field"),
        "batch.undo": gettext("Undid a bulk change"),
        "batch.fail": gettext("A bulk change failed"),
        "library.export": gettext("Exported the library"),
        "library.import": gettext("Imported into the library"),
        "library.undo": gettext("Undid an import"),
        "library.restore": gettext("Restored from a backup"),
    }
