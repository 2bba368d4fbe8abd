"""What an export holds: its files, their fields, and what each field may be. docs/exchange.md.

A field is a column of the same name; its type and whether it may be empty are the column's. What
only this installation knows (states of work, counts, places of bytes) is left out.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, DateTime, LargeBinary, Text, Uuid, inspect
from sqlalchemy.dialects.postgresql import JSONB

from lectern.models import (
    Asset,
    AuditEntry,
    CaptionEdit,
    CaptionTrack,
    Chapter,
    Course,
    CustomField,
    Folder,
    GlossaryTerm,
    Lesson,
    SavedSearch,
    ScheduledSwitch,
    Tag,
    Usage,
    UsageHistory,
    User,
    Version,
)
from lectern.models.base import MessageText

FORMAT = "lectern-export"
VERSION = 2
# Exports of earlier releases come in as before; a record's `since` says what they lack.
READS = (1, VERSION)
MANIFEST = "manifest.json"
FILES = "files/"


@dataclass(frozen=True)
class Field:
    """One field: `type` is of JSON, or `id`, `time` or `hex`; `refers` names a file by its ids."""

    name: str
    type: str
    null: bool
    refers: str | None = None


@dataclass(frozen=True)
class Record:
    """One file of JSON Lines: a model, its exported columns, and fields that are no columns.

    `left_out` are the columns that an export does not have; together they are all of the model.
    `since` is the version of the format that has it first, `longest` the bytes of a line at most,
    `at_once` how many lines are read, compared and written together.
    """

    file: str
    model: Any
    columns: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    refers: Mapping[str, str] = field(default_factory=dict)
    also: tuple[Field, ...] = ()
    since: int = 1
    longest: int = 1 << 20
    at_once: int = 500

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields of a line, in order."""
        known = inspect(self.model).columns
        own = [
            Field(name, _type(known[name].type), bool(known[name].nullable), self.refers.get(name))
            for name in self.columns
        ]
        return (*own, *self.also)


def _type(kind: Any) -> str:
    for sql, name in (
        (Uuid, "id"),
        (DateTime, "time"),
        (JSONB, "json"),
        (Boolean, "boolean"),
        (LargeBinary, "hex"),
        ((Text, MessageText), "text"),
    ):
        if isinstance(kind, sql):
            return name
    return "integer" if kind.python_type is int else "number"


_PLACE = {"asset_id": "assets", "course_id": "courses", "version_id": "versions"}
_IN_COURSE = {"course_id": "courses", "chapter_id": "chapters", "lesson_id": "lessons"}
_USE = (
    *("id", "asset_id", "course_id", "chapter_id", "lesson_id", "slot", "position", "policy"),
    *("version_id", "title", "alt", "start_s", "end_s", "created_by", "created_at"),
)
_HOME = ("workspace_id",)
# Lines that hold all cues of a recording: up to 20,000, out of a file of 1 MiB.
_ALL_CUES, _FEW = 8 << 20, 20

# In the order in which they refer to each other; a record refers only to earlier files, a folder
# to others of its own, and an asset to its current version.
RECORDS = (
    Record(
        "people", User, ("id", "name", "email"), ("password_hash", "zone", "language", "created_at")
    ),
    Record(
        "folders",
        Folder,
        ("id", "parent_id", "name", "created_at"),
        _HOME,
        {"parent_id": "folders"},
    ),
    Record("tags", Tag, ("id", "name", "created_at"), (*_HOME, "key")),
    Record(
        "custom_fields",
        CustomField,
        ("id", "key", "label", "type", "options", "help", "position", "created_at"),
        _HOME,
    ),
    Record(
        "assets",
        Asset,
        (
            *("id", "name", "original_name", "kind", "description", "language", "licence"),
            *("custom", "folder_id", "access", "created_by", "created_at", "updated_at"),
            *("current_version_id", "duration_s", "width", "height", "mime", "last_used_at"),
            *("trashed_at", "trashed_by", "trash_reason", "purge_after"),
        ),
        (
            *(*_HOME, "state", "lock_version", "version_number", "version_count", "digest"),
            *("byte_size", "poster_blob_id", "poster_chosen_by", "usage_count", "live"),
        ),
        {"folder_id": "folders", "created_by": "people", "trashed_by": "people"},
        (Field("tags", "ids", False, "tags"),),
    ),
    Record(
        "versions",
        Version,
        (
            *("id", "asset_id", "number", "origin", "original_name", "note", "facts"),
            *("created_by", "created_at"),
        ),
        (*_HOME, "blob_id"),
        {"asset_id": "assets", "created_by": "people"},
        (
            Field("digest", "digest", False),
            Field("byte_size", "integer", False),
            Field("blob_mime", "text", False),
        ),
    ),
    Record(
        "scheduled_switches",
        ScheduledSwitch,
        (
            *("id", "asset_id", "version_id", "at", "local", "zone", "state", "reason"),
            *("created_by", "created_at", "ended_at"),
        ),
        (*_HOME, "upload_id"),
        {"asset_id": "assets", "version_id": "versions", "created_by": "people"},
        since=2,
    ),
    # The version that captions were carried on from may be gone: it is not looked up.
    Record(
        "caption_tracks",
        CaptionTrack,
        (
            *("id", "version_id", "language", "label", "cues", "state", "origin", "lock_version"),
            *("edited_by", "edited_at", "reviewed_by", "reviewed_at", "carried_from"),
            *("deleted_at", "created_at"),
        ),
        _HOME,
        {"version_id": "versions", "edited_by": "people", "reviewed_by": "people"},
        since=2,
        longest=_ALL_CUES,
        at_once=_FEW,
    ),
    Record(
        "caption_edits",
        CaptionEdit,
        ("id", "track_id", "number", "cues", "edited_by", "created_at"),
        _HOME,
        {"track_id": "caption_tracks", "edited_by": "people"},
        since=2,
        longest=_ALL_CUES,
        at_once=_FEW,
    ),
    Record("courses", Course, ("id", "ref", "title", "created_at", "updated_at"), _HOME),
    Record(
        "chapters",
        Chapter,
        ("id", "course_id", "ref", "title", "position", "created_at"),
        _HOME,
        {"course_id": "courses"},
    ),
    Record(
        "lessons",
        Lesson,
        ("id", "course_id", "chapter_id", "ref", "title", "position", "created_at"),
        (*_HOME, "lock_version"),
        {"course_id": "courses", "chapter_id": "chapters"},
    ),
    Record(
        "glossary_terms",
        GlossaryTerm,
        ("id", "course_id", "term", "sounds_like", "created_by", "created_at"),
        (*_HOME, "key"),
        {"course_id": "courses", "created_by": "people"},
        since=2,
    ),
    Record(
        "usages",
        Usage,
        _USE,
        (*_HOME, "live"),
        {**_PLACE, **_IN_COURSE, "created_by": "people"},
    ),
    # What it names may be gone: only people are looked up.
    Record(
        "usage_history",
        UsageHistory,
        (*_USE, "place", "ended_at", "ended_by"),
        _HOME,
        {"created_by": "people", "ended_by": "people"},
    ),
    Record(
        "saved_searches",
        SavedSearch,
        ("id", "name", "query", "created_by", "shared", "position", "created_at"),
        _HOME,
        {"created_by": "people"},
    ),
    # Evidence: an import checks its form and leaves it where it is.
    Record(
        "audit",
        AuditEntry,
        (
            *("seq", "at", "actor_id", "action", "object_type", "object_id", "details"),
            *("previous_hash", "hash"),
        ),
        _HOME,
    ),
)
BY_FILE = {record.file: record for record in RECORDS}

_OF_INSTALLATION = "It is about this installation: work under way, sign-ins and counts."
_DERIVED = "It is derived from files or other rows, and made again."
_MACHINES = "A machine makes it again; what a person made of it is exported where it belongs."
_BRIEF = "It serves an undo or a page for a limited time."
_OWN_HISTORY = "It tells of this workspace's own rows, which an import does not touch."
# Every other table of a workspace, and why an export does not have it.
NOT_EXPORTED: Mapping[str, str] = {
    "asset_said": _DERIVED,
    "asset_tag": "It is the field `tags` of an asset.",
    "asset_text": _DERIVED,
    "batch": _BRIEF,
    "batch_item": _BRIEF,
    "blob": "Its digest and size are fields of a version, its bytes are files of the archive.",
    "code_delta": _DERIVED,
    "code_listing": _DERIVED,
    "collection": _OF_INSTALLATION,
    "difference": _OWN_HISTORY,
    "digest_count": _DERIVED,
    "exchange_file": _BRIEF,
    "fingerprint": _DERIVED,
    "fingerprint_band": _DERIVED,
    "idempotent_reply": _BRIEF,
    "import_item": _BRIEF,
    "learner": "People who watch are exported by themselves, never with a library.",
    "legacy_file": _OF_INSTALLATION,
    "listing": _DERIVED,
    "member": "An import grants nothing.",
    "merge": _OWN_HISTORY,
    "merged_asset": _OWN_HISTORY,
    "near_pair": _DERIVED,
    "notice": _OF_INSTALLATION,
    "playback_event": "Figures of learners stay with the installation that measured them.",
    "proposal": _MACHINES,
    "rendition": _DERIVED,
    "said": _DERIVED,
    "selection": _BRIEF,
    "session": _OF_INSTALLATION,
    "slide": _MACHINES,
    "still_request": _OF_INSTALLATION,
    "storage_count": _DERIVED,
    "stream_plan": _OF_INSTALLATION,
    "task": _OF_INSTALLATION,
    "token": _OF_INSTALLATION,
    "tombstone": _OWN_HISTORY,
    "transcript": _MACHINES,
    "upload": _OF_INSTALLATION,
    "vocabulary": _DERIVED,
}


def written(value: Any) -> Any:
    """A column's value as a line of an export has it; times are in UTC, to the microsecond."""
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, bytes):
        return value.hex()
    return value
