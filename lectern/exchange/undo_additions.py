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
    session: Session, principal: Principal, found: Asset, days: int, facts: list[Fact]
) -> str | None:
    """Into the trash for `days` days; why not, if something uses it. The caller holds its row."""
    session.refresh(found, ["usage_count"])
    if found.usage_count:
        places = found.usage_count
        return plural_message("It is used in one place.", "It is used in %(n)s places.", places)
    by = principal.user_id
    trash.put_in(session, found.workspace_id, [found.id], by=by, days=days, reason=REASON)
    session.refresh(found)
    facts.append(Fact("asset.trash", "asset", found.id, {"reason": REASON}))
    return None


def row(
    session: Session, workspace_id: uuid.UUID, item: ImportItem, facts: list[Fact]
) -> str | None:
    """Delete a row that is no file; why not, if something holds it."""
    file, row_id = item.file, item.object_id
    found = session.get(BY_FILE[file].model, (workspace_id, row_id), populate_existing=True)
    if found is None:
        return None
    if file == "caption_tracks" and found.lock_version != (item.after or {}).get("lock_version"):
        return EDITED
    if file == "scheduled_switches":
        return _called_off(session, found, facts)
    for held, reason in _HELD_BY.get(file, _nothing)(found).items():
        if session.scalar(select(select(1).where(held).exists())):
            return reason
    session.delete(found)
    session.flush()
    if file in _NOUN:
        noun = _NOUN[file]
        verb = "remove" if noun in {"course", "chapter", "lesson"} else "delete"
        facts.append(Fact(f"{noun}.{verb}", noun, row_id, {}))
    return None


def _called_off(session: Session, found: ScheduledSwitch, facts: list[Fact]) -> str | None:
    """End a switch: without its row, the version would become current by being the newest."""
    if found.state != SwitchState.WAITING:
        return SWITCHED
    found.state, found.reason, found.ended_at = (
        SwitchState.CANCELLED,
        REASON,
        func.clock_timestamp(),
    )
    version = session.get_one(Version, (found.workspace_id, found.version_id))
    session.get_one(Asset, (found.workspace_id, found.asset_id)).lock_version += 1
    session.flush()
    details = {"version": version.number, "at": found.local, "zone": found.zone}
    facts.append(Fact("asset.unschedule", "asset", found.asset_id, details))
    return None


Held = Mapping[ColumnElement[bool], str]


def _nothing(found: Any) -> Held:
    return {}


def _lesson(found: Any) -> Held:
    used = (Usage.workspace_id == found.workspace_id) & (Usage.lesson_id == found.id)
    return {used: IN_LESSON}


def _chapter(found: Any) -> Held:
    used = (Usage.workspace_id == found.workspace_id) & (Usage.chapter_id == found.id)
    inside = (Lesson.workspace_id == found.workspace_id) & (Lesson.chapter_id == found.id)
    return {used: IN_LESSON, inside: NOT_EMPTY}


def _course(found: Any) -> Held:
    used = (Usage.workspace_id == found.workspace_id) & (Usage.course_id == found.id)
    inside = (Chapter.workspace_id == found.workspace_id) & (Chapter.course_id == found.id)
    terms = (GlossaryTerm.workspace_id == found.workspace_id) & (GlossaryTerm.course_id == found.id)
    return {used: IN_LESSON, inside: NOT_EMPTY, terms: WITH_TERMS}


def _tag(found: Any) -> Held:
    on = (AssetTag.workspace_id == found.workspace_id) & (AssetTag.tag_id == found.id)
    return {on: ON_FILES}


def _folder(found: Any) -> Held:
    holds = (Asset.workspace_id == found.workspace_id) & (Asset.folder_id == found.id)
    below = (Folder.workspace_id == found.workspace_id) & (Folder.parent_id == found.id)
    return {holds: ON_FILES, below: NOT_EMPTY}


def _field(found: CustomField) -> Held:
    valued = (Asset.workspace_id == found.workspace_id) & Asset.custom.has_key(found.key)
    return {valued: ON_FILES}


_HELD_BY: Mapping[str, Callable[[Any], Held]] = {
    "lessons": _lesson,
    "chapters": _chapter,
    "courses": _course,
    "tags": _tag,
    "folders": _folder,
    "custom_fields": _field,
}
