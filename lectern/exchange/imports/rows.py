"""Lines of an export into rows: found here or added, by pieces, each in few statements."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lectern.errors import Message
from lectern.exchange import attached
from lectern.exchange.imports import contents, matching
from lectern.exchange.imports.inserts import Adding
from lectern.exchange.imports.recording import Item
from lectern.exchange.imports.report import Change, Left, Report
from lectern.exchange.imports.whole import Whole
from lectern.exchange.schema import Record
from lectern.models import Asset, AssetTag, Tombstone, UsageHistory, User
from lectern.people.audit import Fact
from lectern.people.principal import Principal
from lectern.search.syntax.folding import fold
from lectern.storage.blobs import Stored
from lectern.taxonomy import folders

# What an import changes of a thing that is here; all else stays as it is here.
CHANGES: Mapping[str, tuple[str, ...]] = {
    "custom_fields": ("label", "help", "options"),
    "assets": (
        *("name", "description", "language", "licence", "access", "custom", "folder_id"),
        "tags",
    ),
    "versions": ("note",),
    "scheduled_switches": ("at", "local", "zone"),
    "caption_tracks": (
        *("label", "cues", "state", "origin", "reviewed_by", "reviewed_at", "deleted_at"),
    ),
    "glossary_terms": ("term", "sounds_like"),
    "courses": ("title",),
    "chapters": ("title", "position"),
    "lessons": ("title", "position"),
    "usages": (*("slot", "position", "policy", "version_id", "title", "alt", "start_s", "end_s"),),
    "saved_searches": ("query", "shared"),
}
# An undo leaves them where they are: they go with their assets, for good and not before.
_WITH_OTHERS = {"versions", "usage_history", "caption_edits"}
# What belongs to a version: it comes with a new one, else it is looked at by itself.
_ATTACHED = {"scheduled_switches", "caption_tracks", "caption_edits"}
OTHER_VERSIONS = Message("The file in this library has its own versions, which stay as they are.")
IN_TRASH = Message("The file is in the trash in this library.")
ENDED = Message("This use has since ended in this library.")
NO_VERSION = Message("The version it shows is not in this library.")
OTHER_TERM = Message("It is a different term in this library.")
PURGED = Message("The file was permanently deleted from this library.")
NOBODY = Message("The person who created it is not a member of this library.")


class Merging:
    """One import under way. `facts` are what the audit log will say, `items` what an undo needs."""

    def __init__(
        self,
        session: Session,
        principal: Principal,
        whole: Whole,
        stored: Mapping[str, Stored],
        people: Mapping[uuid.UUID, uuid.UUID],
    ) -> None:
        self.report = Report()
        self.facts: list[Fact] = []
        self.items: list[Item] = []
        self._session = session
        self._home = principal.workspace_id
        self._people = people
        self._local: dict[str, dict[uuid.UUID, uuid.UUID]] = {}
        self._adding = Adding(session, self._home, whole, stored)
        self._stored = stored
        # Versions and assets of the export that do not come.
        self._lost: set[uuid.UUID] = set()
        # Of these nobody needs to be told again: what they belong to was left out, with a reason.
        self._unseen: set[uuid.UUID] = set()
        self._purged: set[uuid.UUID] = set()

    def take(self, record: Record, lines: Sequence[dict[str, Any]]) -> None:
        """Bring in a piece of one file; the files come in their order."""
        rows = [self._localized(record, line) for line in lines]
        found = matching.find(self._session, self._home, record, rows)
        if record.file == "assets":
            ids = [row["id"] for row in rows]
            mine = (Tombstone.workspace_id == self._home) & Tombstone.id.in_(ids)
            self._purged |= set(self._session.scalars(select(Tombstone.id).where(mine)))
        new: list[dict[str, Any]] = []
        for line, row in zip(lines, rows, strict=True):
            here = found.of(row)
            if here is not None:
                self._local.setdefault(record.file, {})[line["id"]] = here.id
                self._compare(record, here, row)
            elif self._may_be_added(record, row):
                new.append(row)
        if not new:
            return
        self._adding.add(record, new)
        self.report.added[record.file] += len(new)
        self.facts += self._adding.facts(record, new)
        if record.file not in _WITH_OTHERS:
            self.items += [
                Item(record.file, row["id"], after=_held(row))
                for row in new
                if record.file not in _ATTACHED or not self._adding.has_made(row)
            ]

    def finish(self) -> None:
        """What depends on several files: times of use, bytes that were awaited, tasks."""
        self._session.flush()
        self._adding.settle()
        came = contents.arrive(self._session, self._home, self._stored)
        if came:
            self.report.changed["versions"] += came
        self.report.without_bytes = self._adding.without_bytes

    def _localized(self, record: Record, line: dict[str, Any]) -> dict[str, Any]:
        """The line with the ids that what it names has here."""
        row = dict(line)
        for field in record.fields:
            if field.refers == "people":
                row[field.name] = self._people.get(row[field.name])
            elif field.refers is not None:
                known = self._local.get(field.refers, {})
                value = row[field.name]
                if isinstance(value, list):
                    row[field.name] = [known.get(each, each) for each in value]
                else:
                    row[field.name] = known.get(value, value)
        return row

    def _may_be_added(self, record: Record, row: dict[str, Any]) -> bool:
        reason = ""
        if record.file == "assets" and row["id"] in self._purged:
            reason = PURGED
        elif record.file == "versions" and row["asset_id"] in self._purged:
            self._lost.add(row["id"])
            self._unseen.add(row["id"])
            return False
        elif record.file == "versions" and not self._adding.is_new(row["asset_id"]):
            reason = OTHER_VERSIONS
            self._lost.add(row["id"])
        elif record.file in _ATTACHED:
            if row.get("version_id", row.get("track_id")) in self._unseen:
                self._unseen.add(row["id"])
                return False
            if not self._adding.has_made(row):
                reason = attached.why_not(self._session, self._home, record, row)
                self._unseen |= {row["id"]} if reason else set()
        elif record.file == "saved_searches" and row["created_by"] is None:
            reason = NOBODY
        elif record.file == "usages":
            reason = self._why_not_used(row)
        if reason:
            self.report.leave(Left(record.file, row["id"], self._name(row), reason))
        return not reason

    def _why_not_used(self, row: dict[str, Any]) -> str:
        if row["asset_id"] in self._purged:
            return PURGED
        if row["version_id"] in self._lost:
            return NO_VERSION
        asset_id = row["asset_id"]
        if not self._adding.is_new(asset_id):
            # Locked, so that nobody trashes it before our commit.
            asset = self._session.get(Asset, (self._home, asset_id), with_for_update=True)
            if asset is None or not asset.live:
                return IN_TRASH
        ended = self._session.get(UsageHistory, (self._home, row["id"]))
        return ENDED if ended is not None else ""

    def _compare(self, record: Record, here: Any, row: dict[str, Any]) -> None:
        if record.file == "usages" and row["version_id"] in self._lost:
            return
        if reason := _stays(record, here, row):
            self.report.leave(Left(record.file, here.id, self._name(row), reason))
            return
        fields: dict[str, Any] = {}
        for name in CHANGES.get(record.file, ()):
            before = self._tags_of(here) if name == "tags" else getattr(here, name)
            after = sorted(row["tags"]) if name == "tags" else row[name]
            if before != after:
                fields[name] = {"before": before, "after": after}
        if "reviewed_at" not in fields:
            # Whoever is no member here is nobody here; that is no news.
            fields.pop("reviewed_by", None)
        if not fields:
            self.report.same[record.file] += 1
            return
        for name, change in fields.items():
            if name == "tags":
                self._retag(here, change["before"], change["after"])
            else:
                setattr(here, name, change["after"])
        if hasattr(here, "lock_version"):
            here.lock_version += 1
        if hasattr(here, "updated_at"):
            here.updated_at = func.clock_timestamp()
        name = self._name(row)
        old, new = ({each: fields[each][when] for each in fields} for when in ("before", "after"))
        self.items.append(Item(record.file, here.id, old, new))
        shown = {name: self._shown(name, change) for name, change in fields.items()}
        self.report.change(Change(record.file, here.id, name, shown))
        if record.file in _ATTACHED:
            self.facts += attached.changed(self._session, here, row, fields)
        if record.file == "assets":
            self.facts += [
                Fact(f"asset.{name.removesuffix('_id')}", "asset", here.id, change)
                for name, change in shown.items()
            ]

    def _name(self, row: Mapping[str, Any]) -> str:
        """What people call it; captions and switches by their file."""
        for name in ("name", "title", "term"):
            if row.get(name):
                return str(row[name])
        if row.get("track_id") or row.get("version_id"):
            asset = attached.asset_of(self._session, self._home, row)
            words = [asset.name if asset else "", row.get("language") or row.get("local") or ""]
            return " · ".join(filter(None, words)) or str(row["id"])
        return str(row["id"])

    def _shown(self, name: str, change: Mapping[str, Any]) -> dict[str, Any]:
        """Before and after in words: tags and folders by their names, cues that differ."""
        if name == "cues":
            before, after = change["before"], change["after"]
            return {"before": attached.told(before, after), "after": attached.told(after, before)}
        return {when: self._word(name, value) for when, value in change.items()}

    def _word(self, name: str, value: Any) -> Any:
        if name == "folder_id":
            return folders.path_of(self._session, self._home, value)
        if name == "tags":
            return matching.tag_names(self._session, self._home, value)
        if name == "reviewed_by" and value is not None:
            return self._session.get_one(User, value).name
        return str(value) if isinstance(value, uuid.UUID) else value

    def _tags_of(self, asset: Asset) -> list[uuid.UUID]:
        query = select(AssetTag.tag_id).where(
            AssetTag.workspace_id == self._home, AssetTag.asset_id == asset.id
        )
        return sorted(self._session.scalars(query))

    def _retag(self, asset: Asset, before: list[uuid.UUID], after: list[uuid.UUID]) -> None:
        gone = set(before) - set(after)
        for row in self._session.scalars(
            select(AssetTag).where(
                AssetTag.workspace_id == self._home,
                AssetTag.asset_id == asset.id,
                AssetTag.tag_id.in_(gone),
            )
        ):
            self._session.delete(row)
        self._session.flush()
        self._adding.tag(asset.id, asset.created_at, sorted(set(after) - set(before)))


def _held(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """By what an undo sees whether somebody has changed a new row since."""
    return {"lock_version": row["lock_version"]} if "lock_version" in row else None


def _stays(record: Record, here: Any, row: Mapping[str, Any]) -> str:
    """Why a thing that is here stays as it is, whatever the line says."""
    if record.file == "scheduled_switches":
        return attached.differ(here, row)
    if record.file == "glossary_terms" and fold(row["term"]) != here.key:
        return OTHER_TERM
    return ""
