"""The audit log of one asset, told in words."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import gettext

from lectern.library import undo
from lectern.people.audit import Line
from lectern.people.audit_actions import ACTIONS
from web.pages.assets import fields
from web.pages.versions.diffs import Piece, diff

_MERGES = ("merge", "merged", "unmerge")


class Event(NamedTuple):
    """One line of the timeline: what happened, when, by whom; `icon` is a symbol's name.

    `pieces` show a changed text, `added` and `removed` changed tags. `seq` is the line's number,
    `undoable` whether it is a change that can be taken back, `many` that it was one of a batch;
    `merge` is the id of the merge that it tells of, which has an undo of its own.
    """

    text: str
    icon: str
    at: datetime
    by: str
    seq: int
    pieces: Sequence[Piece] = ()
    added: Sequence[str] = ()
    removed: Sequence[str] = ()
    undoable: bool = False
    many: bool = False
    merge: str = ""


def kinds() -> dict[str, str]:
    """The groups of actions that one may want alone, by what they are called."""
    return {
        "edits": gettext("Edits"),
        "tags": gettext("Tags"),
        "lessons": gettext("Lessons"),
        "versions": gettext("Uploads and versions"),
        "downloads": gettext("Downloads"),
        "trash": gettext("Trash"),
    }


def events(lines: Iterable[Line], labels: Mapping[str, str]) -> list[Event]:
    """The log's lines as a person reads them, in the same order; `labels` name custom fields."""
    return [_event(line, labels) for line in lines]


def _event(line: Line, labels: Mapping[str, str]) -> Event:
    action = ACTIONS.get(line.action)
    text, icon = sentence(line), action.icon if action else "edit"
    if line.details.get("undoes") is not None:
        text, icon = gettext("Undone: %(what)s", what=text), "restore"
    event = Event(text, icon, line.at, line.actor or gettext("Lectern"), line.seq)
    before, after = (line.details.get(when) for when in ("before", "after"))
    field = line.action.partition(".")[2]
    if line.action == "asset.tags":
        old, new = list(before or ()), list(after or ())
        event = event._replace(
            added=[tag for tag in new if tag not in old],
            removed=[tag for tag in old if tag not in new],
        )
    elif line.action in {"asset.name", "asset.description", "asset.note"}:
        event = event._replace(pieces=diff(str(before or ""), str(after or "")))
    elif line.action == "asset.custom":
        event = event._replace(pieces=_custom(before or {}, after or {}, labels))
    elif line.action.startswith("asset.") and field in undo.FIELDS:
        was, became = fields.words(field, before), fields.words(field, after)
        event = event._replace(pieces=_swap(was, became))
    merge = str(line.details.get("merge", "")) if field in _MERGES else ""
    return event._replace(undoable=undo.possible(line), many="batch" in line.details, merge=merge)


def sentence(line: Line) -> str:
    """What a line says; the log may hold actions of former versions that nobody declares now."""
    action = ACTIONS.get(line.action)
    if action is None:
        return str(gettext("Changed: %(what)s", what=line.action.partition(".")[2]))
    values = _values(line.details)
    return str(gettext(action.sentence(values)) % values)


def _values(details: Mapping[str, Any]) -> dict[str, Any]:
    """What the placeholders of sentences stand for."""
    at = str(details.get("at", "")).replace("T", " ")
    return {
        **details,
        "at": at,
        "due": at if details.get("late") else "",
        "place": place(details.get("place") or {}),
        "into": (details.get("into") or {}).get("name", ""),
        "names": ", ".join(asset.get("name", "") for asset in details.get("from") or ()),
    }


def place(titles: Mapping[str, str]) -> str:
    """A place in words; PostgreSQL keeps the keys of JSON in an order of its own."""
    levels = ("course", "chapter", "lesson")
    return " › ".join(titles[level] for level in levels if titles.get(level))


def _custom(
    before: Mapping[str, Any], after: Mapping[str, Any], labels: Mapping[str, str]
) -> list[Piece]:
    pieces: list[Piece] = []
    for key in sorted(before.keys() | after.keys()):
        old, new = (fields.words("line", each.get(key)) for each in (before, after))
        if old != new:
            gap = "\n" if pieces else ""
            pieces += [Piece("same", f"{gap}{labels.get(key, key)}: "), *_swap(old, new)]
    return pieces


def _swap(old: str, new: str) -> list[Piece]:
    pieces = [Piece("gone", old), Piece("new", new)]
    kept = [piece for piece in pieces if piece.text]
    return [kept[0], Piece("same", " → "), kept[1]] if len(kept) == 2 else kept
