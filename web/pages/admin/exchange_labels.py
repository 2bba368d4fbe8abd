"""Exports and imports for the templates: what they are called, and what they change, in words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask_babel import gettext

from lectern.exchange.schema import RECORDS
from lectern.exchange.undo import Kept
from lectern.models import Batch, BatchState, ExchangeFile

_BUSY = (BatchState.QUEUED, BatchState.RUNNING, BatchState.UNDOING)


class Count(NamedTuple):
    """Of one kind of things: how many come, change, are the same, and stay out."""

    word: str
    added: int
    changed: int
    same: int
    left: int


class Field(NamedTuple):
    """One field of a thing that changes."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Shown:
    """One run; `waits` says that an import was looked at and nobody has begun it."""

    batch: Batch
    by: str
    archive: ExchangeFile | None
    share: float
    waits: bool
    can_undo: bool
    mine: bool
    stays: Sequence[Kept]

    @property
    def busy(self) -> bool:
        """Whether a worker has it, or will."""
        return self.batch.state in _BUSY and not self.waits

    @property
    def report(self) -> Mapping[str, Any] | None:
        """What an import would change, or has changed."""
        return self.archive.report if self.archive is not None else None

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        report = self.report or {}
        return bool(report.get("added") or report.get("changed"))

    @property
    def counts(self) -> list[Count]:
        """The numbers by kind, without kinds that do not come up."""
        report, words = self.report or {}, kind_words()
        columns = [report.get(name, {}) for name in ("added", "changed", "same", "left")]
        return [
            Count(words[record.file], *(column.get(record.file, 0) for column in columns))
            for record in RECORDS
            if any(record.file in column for column in columns)
        ]

    @property
    def more_changes(self) -> int:
        """How many changed things are not told one by one."""
        report = self.report or {}
        return int(sum(report.get("changed", {}).values()) - len(report.get("changes", [])))

    def fields(self, change: Mapping[str, Any]) -> list[Field]:
        """The fields of one changed thing."""
        words = field_words()
        return [
            Field(words.get(name, name), _value(value["before"]), _value(value["after"]))
            for name, value in change["fields"].items()
        ]

    def kind(self, file: str) -> str:
        """What the things of a file of the archive are called."""
        return kind_words().get(file, file)


def kind_words() -> dict[str, str]:
    """What an archive holds."""
    return {
        "people": gettext("People"),
        "folders": gettext("Folders"),
        "tags": gettext("Tags"),
        "custom_fields": gettext("Fields"),
        "assets": gettext("Files"),
        "versions": gettext("Versions"),
        "scheduled_switches": gettext("Version schedule"),
        "caption_tracks": gettext("Captions"),
        "caption_edits": gettext("Caption changes"),
        "courses": gettext("Courses"),
        "chapters": gettext("Chapters"),
        "lessons": gettext("Lessons"),
        "glossary_terms": gettext("Glossary terms"),
        "usages": gettext("Uses in lessons"),
        "usage_history": gettext("Past uses"),
        "saved_searches": gettext("Saved searches"),
        "audit": gettext("Audit log"),
    }


def field_words() -> dict[str, str]:
    """What fields are called, where their own name says it badly."""
    return {
        "name": gettext("Name"),
        "title": gettext("Title"),
        "description": gettext("Description"),
        "language": gettext("Language"),
        "licence": gettext("License"),
        "access": gettext("Access"),
        "custom": gettext("Fields"),
        "folder_id": gettext("Folder"),
        "tags": gettext("Tags"),
        "position": gettext("Position"),
        "note": gettext("Note"),
        "policy": gettext("Current version"),
        "version_id": gettext("Version"),
        "start_s": gettext("Start"),
        "end_s": gettext("End"),
        "slot": gettext("Slot"),
        "alt": gettext("Alternative text"),
        "shared": gettext("Shared"),
        "query": gettext("Filters"),
        "label": gettext("Label"),
        "help": gettext("Help"),
        "options": gettext("Options"),
        "at": gettext("Time"),
        "local": gettext("Date and time"),
        "zone": gettext("Time zone"),
        "cues": gettext("Changed captions"),
        "state": gettext("Status"),
        "origin": gettext("Source"),
        "reviewed_by": gettext("Reviewed by"),
        "reviewed_at": gettext("Reviewed"),
        "deleted_at": gettext("Deleted"),
        "term": gettext("Term"),
        "sounds_like": gettext("Common misspellings"),
    }


def _value(value: Any) -> str:
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
