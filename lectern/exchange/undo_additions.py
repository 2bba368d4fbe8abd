"""What an import added goes again, unless something holds it by now."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lectern.errors import Message, plural_message
from lectern.exchange.schema import BY_FILE
from lectern.library import trash
from lectern.models import (
    Asset,
    AssetTag,
    Chapter,
    CustomField,
    Folder,
    GlossaryTerm,
    ImportItem,
    Lesson,
    ScheduledSwitch,
    SwitchState,
    Usage,
    Version,
)
from lectern.people.audit import Fact
from lectern.people.principal import Principal

REASON = Message("An import was undone.")
IN_LESSON = Message("Files have been added to it since then.")
NOT_EMPTY = Message("It is not empty.")
WITH_TERMS = Message("Its glossary has terms.")
EDITED = Message("Someone has changed these captions since then.")
SWITCHED = Message("This scheduled change has since ended.")
ON_FILES = Message("Files still use it, including files in the trash.")
_NOUN = {
    "courses": "course",
    "chapters": "chapter",
    "lessons": "lesson",
    "folders": "folder",
    "tags": "tag",
    "custom_fields": "field",
}


def asset(
    session: Session, principal: Principal, row: Asset, days: int, facts: list[Fact]
) -> str | None:
    """Into the trash for `days` days; why not, if something uses it. The caller holds its row."""
    session.refresh(row, ["usage_count"])
    if row.usage_count:
        places = row.usage_count
        return plural_message("It is used in one place.", "It is used in %(n)s places.", places)
    by = principal.user_id
    trash.put_in(session, row.workspace_id, [row.id], by=by, days=days, reason=REASON)
    session.refresh(row)
    facts.append(Fact("asset.trash", "asset", row.id, {"reason": REASON}))
    return None


def row(
    session: Session, workspace_id: uuid.UUID, item: ImportItem, facts: list[Fact]
) -> str | None:
    """Delete a row that is no file; why not, if something holds it."""
    file, row_id = item.file, item.object_id
    row = session.get(BY_FILE[file].model, (workspace_id, row_id), populate_existing=True)
    if row is None:
        return None
    if file == "caption_tracks" and row.lock_version != (item.after or {}).get("lock_version"):
        return EDITED
    if file == "scheduled_switches":
        return _called_off(session, row, facts)
    for condition, reason in _HELD_BY.get(file, _nothing)(row).items():
        if session.scalar(select(select(1).where(condition).exists())):
            return reason
    session.delete(row)
    session.flush()
    if file in _NOUN:
        noun = _NOUN[file]
        verb = "remove" if noun in {"course", "chapter", "lesson"} else "delete"
        facts.append(Fact(f"{noun}.{verb}", noun, row_id, {}))
    return None


def _called_off(session: Session, row: ScheduledSwitch, facts: list[Fact]) -> str | None:
    """End a switch: without its row, the version would become current by being the newest."""
    if row.state != SwitchState.WAITING:
        return SWITCHED
    row.state, row.reason, row.ended_at = (
        SwitchState.CANCELLED,
        REASON,
        func.clock_timestamp(),
    )
    version = session.get_one(Version, (row.workspace_id, row.version_id))
    session.get_one(Asset, (row.workspace_id, row.asset_id)).lock_version += 1
    session.flush()
    details = {"version": version.number, "at": row.local, "zone": row.zone}
    facts.append(Fact("asset.unschedule", "asset", row.asset_id, details))
    return None


Held = Mapping[ColumnElement[bool], str]


def _nothing(row: Any) -> Held:
    return {}


def _lesson(row: Any) -> Held:
    used = (Usage.workspace_id == row.workspace_id) & (Usage.lesson_id == row.id)
    return {used: IN_LESSON}


def _chapter(row: Any) -> Held:
    used = (Usage.workspace_id == row.workspace_id) & (Usage.chapter_id == row.id)
    inside = (Lesson.workspace_id == row.workspace_id) & (Lesson.chapter_id == row.id)
    return {used: IN_LESSON, inside: NOT_EMPTY}


def _course(row: Any) -> Held:
    used = (Usage.workspace_id == row.workspace_id) & (Usage.course_id == row.id)
    inside = (Chapter.workspace_id == row.workspace_id) & (Chapter.course_id == row.id)
    terms = (GlossaryTerm.workspace_id == row.workspace_id) & (GlossaryTerm.course_id == row.id)
    return {used: IN_LESSON, inside: NOT_EMPTY, terms: WITH_TERMS}


def _tag(row: Any) -> Held:
    on = (AssetTag.workspace_id == row.workspace_id) & (AssetTag.tag_id == row.id)
    return {on: ON_FILES}


def _folder(row: Any) -> Held:
    holds = (Asset.workspace_id == row.workspace_id) & (Asset.folder_id == row.id)
    below = (Folder.workspace_id == row.workspace_id) & (Folder.parent_id == row.id)
    return {holds: ON_FILES, below: NOT_EMPTY}


def _field(row: CustomField) -> Held:
    valued = (Asset.workspace_id == row.workspace_id) & Asset.custom.has_key(row.key)
    return {valued: ON_FILES}


_HELD_BY: Mapping[str, Callable[[Any], Held]] = {
    "lessons": _lesson,
    "chapters": _chapter,
    "courses": _course,
    "tags": _tag,
    "folders": _folder,
    "custom_fields": _field,
}
