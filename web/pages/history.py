"""The audit log of one asset, told in words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import gettext

from lectern.people.audit import Line


class Event(NamedTuple):
    """One line of the timeline: what happened, when, by whom; `icon` is a symbol's name."""

    text: str
    icon: str
    at: datetime
    by: str


def events(lines: Sequence[Line]) -> list[Event]:
    """The log's lines as a person reads them, in the same order."""
    return [Event(*_told(line), line.at, line.actor or gettext("Lectern")) for line in lines]


def _told(line: Line) -> tuple[str, str]:
    details = line.details
    change = {"before": details.get("before"), "after": details.get("after")}
    where = place(details.get("place") or {})
    match line.action:
        case "asset.upload":
            return gettext("Uploaded"), "upload"
        case "asset.replace" | "asset.version":
            return gettext("A new version was uploaded"), "upload"
        case "asset.name":
            return gettext("Renamed from “%(before)s” to “%(after)s”", **change), "edit"
        case "asset.tags":
            return _tags(change), "tag"
        case "asset.folder":
            return _moved(change), "folder"
        case "asset.description":
            return gettext("Description changed"), "edit"
        case "asset.poster":
            return gettext("Chose another poster"), "image"
        case "asset.trash":
            return gettext("Moved to the trash"), "trash"
        case "asset.restore":
            return gettext("Restored from the trash"), "restore"
        case "asset.retry":
            return gettext("Tried to prepare it again"), "refresh"
        case "asset.download":
            return gettext("Downloaded the original"), "download"
        case "usage.add":
            return gettext("Put into %(place)s", place=where), "book"
        case "usage.end":
            return gettext("Taken out of %(place)s", place=where), "book"
        case "usage.change" | "usage.reorder":
            return gettext("Changed in %(place)s", place=where), "book"
    return gettext("Changed: %(what)s", what=line.action.partition(".")[2]), "edit"


def place(titles: Mapping[str, str]) -> str:
    """A place in words; PostgreSQL keeps the keys of JSON in an order of its own."""
    levels = ("course", "chapter", "lesson")
    return " › ".join(titles[level] for level in levels if titles.get(level))


def _tags(change: dict[str, Any]) -> str:
    before, after = set(change["before"] or ()), set(change["after"] or ())
    parts = []
    if after - before:
        parts.append(gettext("Tagged %(tags)s", tags=", ".join(sorted(after - before))))
    if before - after:
        parts.append(gettext("Removed the tag %(tags)s", tags=", ".join(sorted(before - after))))
    return ". ".join(parts) or gettext("Tags changed")


def _moved(change: dict[str, Any]) -> str:
    if change["after"]:
        told = gettext("Moved to the folder %(folder)s", folder=change["after"])
    else:
        told = gettext("Taken out of the folder %(folder)s", folder=change["before"])
    return str(told)
