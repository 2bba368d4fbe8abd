"""The audit log of one asset, told in words."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import gettext

from lectern.library import undo
from lectern.people.audit import Line
from web.pages.assets import fields
from web.pages.versions.diffs import Piece, diff

# Kinds of events that one may want alone, with the actions of each.
KINDS: Mapping[str, tuple[str, ...]] = {
    "lessons": ("usage",),
    "edits": (
        *("asset.name", "asset.description", "asset.folder", "asset.language", "asset.licence"),
        *("asset.access", "asset.custom", "asset.tags", "asset.poster"),
    ),
    "tags": ("asset.tags",),
    "versions": (
        *("asset.schedule", "asset.unschedule", "asset.switch"),
        *("asset.upload", "asset.import", "asset.replace", "asset.version"),
        *("asset.rollback", "asset.note"),
    ),
    "downloads": ("asset.download",),
    "trash": (
        *("asset.trash", "asset.restore", "asset.purge"),
        *("asset.merge", "asset.merged", "asset.unmerge"),
    ),
}


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


def kind_words() -> dict[str, str]:
    """What the kinds are called."""
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
    text, icon = _told(line)
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


def _told(line: Line) -> tuple[str, str]:
    where = place(line.details.get("place") or {})
    match line.action:
        case "usage.add":
            return gettext("Put into %(place)s", place=where), "book"
        case "usage.end":
            return gettext("Taken out of %(place)s", place=where), "book"
        case "usage.change" | "usage.reorder":
            return gettext("Changed in %(place)s", place=where), "book"
        case "asset.name":
            change = {when: line.details.get(when) for when in ("before", "after")}
            return gettext("Renamed from “%(before)s” to “%(after)s”", **change), "edit"
        case "asset.folder":
            return _moved(line.details), "folder"
        case "asset.rollback" if line.details.get("restores"):
            numbers = {"old": line.details["restores"], "new": line.details.get("version")}
            words = gettext("Version %(old)s was brought back as version %(new)s", **numbers)
            return words, "restore"
        case "asset.note":
            number = line.details.get("version")
            return gettext("Wrote a note to version %(number)s", number=number), "edit"
        case "asset.replace" if line.details.get("version"):
            number = line.details["version"]
            return gettext("Version %(number)s was uploaded", number=number), "upload"
        case "asset.merged":
            name = (line.details.get("into") or {}).get("name", "")
            return gettext("Merged into “%(name)s”", name=name), "merge"
        case "asset.merge":
            names = ", ".join(each.get("name", "") for each in line.details.get("from") or ())
            return gettext("Merged with its copies: %(names)s", names=names), "merge"
        case "asset.schedule" | "asset.unschedule" | "asset.switch":
            return _switched(line)
        case "asset.trash" if line.details.get("reason"):
            why = line.details["reason"]
            return gettext("Moved to the trash: %(why)s", why=why), "trash"
    found = _plainly().get(line.action)
    what = line.action.partition(".")[2]
    return found or (gettext("Changed: %(what)s", what=what), "edit")


def _switched(line: Line) -> tuple[str, str]:
    said = line.details
    values = {"number": said.get("version"), "zone": said.get("zone")}
    values["at"] = str(said.get("at", "")).replace("T", " ")
    match line.action:
        case "asset.schedule":
            words = gettext(
                "Version %(number)s is to become current on %(at)s (%(zone)s)", **values
            )
        case "asset.unschedule":
            words = gettext("Called off: version %(number)s on %(at)s (%(zone)s)", **values)
        case _ if said.get("late"):
            words = gettext("Version %(number)s, due %(at)s (%(zone)s), became current", **values)
        case _:
            words = gettext(
                "Version %(number)s became current on time, %(at)s (%(zone)s)", **values
            )
    return words, "clock"


def _plainly() -> dict[str, tuple[str, str]]:
    """Actions that need no details to tell."""
    return {
        "asset.upload": (gettext("Uploaded"), "upload"),
        "asset.import": (gettext("Came with an import"), "download"),
        "asset.replace": (gettext("A new version was uploaded"), "upload"),
        "asset.version": (gettext("A new version was uploaded"), "upload"),
        "asset.rollback": (gettext("An earlier version was brought back"), "restore"),
        "asset.tags": (gettext("Tags changed"), "tag"),
        "asset.description": (gettext("Description changed"), "edit"),
        "asset.language": (gettext("Language changed"), "edit"),
        "asset.licence": (gettext("Licence changed"), "edit"),
        "asset.access": (gettext("Access changed"), "edit"),
        "asset.custom": (gettext("Fields changed"), "edit"),
        "asset.poster": (gettext("Chose another poster"), "image"),
        "asset.trash": (gettext("Moved to the trash"), "trash"),
        "asset.restore": (gettext("Restored from the trash"), "restore"),
        "asset.unmerge": (gettext("The merge was undone"), "restore"),
        "asset.different": (gettext("Called different from another file"), "check"),
        "asset.alike": (gettext("No longer called different from another file"), "restore"),
        "asset.purge": (gettext("Deleted for good"), "trash"),
        "asset.retry": (gettext("Tried to prepare it again"), "refresh"),
        "asset.cancel": (gettext("Stopped a step"), "close"),
        "asset.download": (gettext("Downloaded the original"), "download"),
        "captions.save": (gettext("Captions changed"), "edit"),
        "captions.review": (gettext("Captions reviewed"), "check"),
        "captions.delete": (gettext("Captions deleted"), "trash"),
        "captions.restore": (gettext("Captions restored"), "restore"),
        "captions.import": (gettext("Captions taken from the file"), "document"),
        "captions.again": (gettext("Captions are made again"), "refresh"),
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


def _moved(details: Mapping[str, Any]) -> str:
    if details.get("after"):
        told = gettext("Moved to the folder %(folder)s", folder=details["after"])
    else:
        told = gettext("Taken out of the folder %(folder)s", folder=details.get("before"))
    return str(told)
