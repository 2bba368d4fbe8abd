"""The audit log of a workspace, told in words."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import gettext

from lectern.people.audit import Line
from web.pages.assets import events


class Entry(NamedTuple):
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


def kinds() -> dict[str, str]:
    """The kinds of things that lines are about, to choose from."""
    return {
        "asset": gettext("Files"),
        "usage": gettext("Uses in lessons"),
        "course": gettext("Courses"),
        "folder": gettext("Folders"),
        "tag": gettext("Tags"),
        "batch": gettext("Bulk changes"),
        "member": gettext("Members"),
        "session": gettext("Sign-ins and passwords"),
        "token": gettext("Tokens"),
        "field": gettext("Fields"),
        "captions": gettext("Captions"),
        "proposal": gettext("Proposals"),
        "search": gettext("Saved searches"),
        "library": gettext("Exports, imports, restores"),
    }


# Kinds that hold others.
WIDER: Mapping[str, tuple[str, ...]] = {
    "course": ("course", "chapter", "lesson"),
    "session": ("session", "password"),
}


def entries(
    lines: Sequence[Line], names: Mapping[uuid.UUID, str], labels: Mapping[str, str]
) -> list[Entry]:
    """The lines as a person reads them, in the same order."""
    return [
        Entry(
            line.seq,
            line.at,
            event.by,
            event.text,
            event.icon,
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
    return [(name, text) for name, value in values.items() if (text := _text(value))]


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {text}" for name, text in details(value))
    if isinstance(value, list):
        return ", ".join(filter(None, (_text(item) for item in value)))
    return "" if value is None else str(value)
