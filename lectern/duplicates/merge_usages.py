"""Usages that change their file and nothing else: id, place, since when and by whom stay.

What is written of each, for the way back: `{"id", "was": the version pinned before, "now": its
terms after}`.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from lectern.courses import changed
from lectern.duplicates.merge_plan import Move
from lectern.models import Asset, Course, Lesson, Usage, UsageHistory

# Rows of one statement: PostgreSQL takes 65,535 values.
_AT_ONCE = 2_000
_COLUMNS = tuple(column.key for column in Usage.__table__.columns)
_TERMS = (
    *("course_id", "chapter_id", "lesson_id", "slot", "policy", "version_id", "title", "alt"),
    *("start_s", "end_s"),
)
_HISTORY = tuple(key for key in _COLUMNS if key != "live")
Row = dict[str, Any]


def move(session: Session, moves: Sequence[Move], kept_id: uuid.UUID) -> dict[uuid.UUID, list[Any]]:
    """Let the usages name the kept file; returns what is to be written, by the file they named."""
    written: dict[uuid.UUID, list[Any]] = {}
    rows = []
    for usage, version_id in moves:
        row = {**row_of(usage), "asset_id": kept_id, "version_id": version_id}
        was = str(usage.version_id) if usage.version_id else None
        entry = {"id": str(usage.id), "was": was, "now": terms(row)}
        written.setdefault(usage.asset_id, []).append(entry)
        rows.append(row)
    replace(session, rows)
    return written


def replace(session: Session, rows: Sequence[Row]) -> None:
    """Write these usages anew under their ids: triggers count what goes and comes.

    The caller holds their courses and all files they name or named.
    """
    if not rows:
        return
    session.flush()
    workspace_id, ids = rows[0]["workspace_id"], [row["id"] for row in rows]
    mine = (Usage.workspace_id == workspace_id) & Usage.id.in_(ids)
    session.execute(delete(Usage).where(mine), execution_options={"synchronize_session": False})
    for start in range(0, len(rows), _AT_ONCE):
        session.execute(insert(Usage).values(list(rows[start : start + _AT_ONCE])))
    touch(session, workspace_id, rows)
    changed.note(session, {row["asset_id"] for row in rows})


def touch(session: Session, workspace_id: uuid.UUID, rows: Iterable[Mapping[str, Any]]) -> None:
    """Tell the places of these usages that they have changed."""
    found = list(rows)
    quiet = {"synchronize_session": False}
    lessons = {row["lesson_id"] for row in found if row["lesson_id"]}
    courses = {row["course_id"] for row in found}
    session.execute(
        update(Lesson)
        .where(Lesson.workspace_id == workspace_id, Lesson.id.in_(lessons))
        .values(lock_version=Lesson.lock_version + 1),
        execution_options=quiet,
    )
    session.execute(
        update(Course)
        .where(Course.workspace_id == workspace_id, Course.id.in_(courses))
        .values(updated_at=func.clock_timestamp()),
        execution_options=quiet,
    )


def now(session: Session, workspace_id: uuid.UUID, ids: Iterable[uuid.UUID]) -> dict[str, Row]:
    """These usages as they are, by id as text; what has ended is not among them."""
    table = Usage.__table__
    query = select(table).where(table.c.workspace_id == workspace_id, table.c.id.in_(list(ids)))
    return {str(row["id"]): dict(row) for row in session.execute(query).mappings()}


def ended(session: Session, workspace_id: uuid.UUID, ids: Iterable[uuid.UUID]) -> list[Row]:
    """Ended usages, as they would be if they had not."""
    table = UsageHistory.__table__
    columns = [table.c[key] for key in _HISTORY]
    query = select(*columns).where(table.c.workspace_id == workspace_id, table.c.id.in_(list(ids)))
    return [{**row, "live": True} for row in session.execute(query).mappings()]


def bring_back(session: Session, rows: Sequence[Row]) -> None:
    """Let ended usages be again, and forget that they ended."""
    if not rows:
        return
    workspace_id, ids = rows[0]["workspace_id"], [row["id"] for row in rows]
    past = (UsageHistory.workspace_id == workspace_id) & UsageHistory.id.in_(ids)
    session.execute(
        delete(UsageHistory).where(past), execution_options={"synchronize_session": False}
    )
    replace(session, rows)


def date_use(
    session: Session, workspace_id: uuid.UUID, dates: Mapping[uuid.UUID, datetime | None]
) -> None:
    """Say when files were last put into a place, where triggers took a change for a new use."""
    session.flush()
    for asset_id, at in sorted(dates.items()):
        session.execute(
            update(Asset)
            .where(Asset.workspace_id == workspace_id, Asset.id == asset_id)
            .values(last_used_at=at),
            execution_options={"synchronize_session": False},
        )


def terms(row: Mapping[str, Any]) -> Row:
    """What a usage says, as JSON: two are the same use if it is equal."""
    return {key: str(row[key]) if isinstance(row[key], uuid.UUID) else row[key] for key in _TERMS}


def row_of(usage: Usage) -> Row:
    """The usage as a row."""
    return {key: getattr(usage, key) for key in _COLUMNS}


def slot(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """A place and the slot in it; a file is there at most once."""
    return tuple(row[key] for key in ("course_id", "chapter_id", "lesson_id", "slot"))


def slots(session: Session, workspace_id: uuid.UUID, asset_id: uuid.UUID) -> set[tuple[Any, ...]]:
    """Where a file is used now."""
    query = select(Usage.course_id, Usage.chapter_id, Usage.lesson_id, Usage.slot).where(
        Usage.workspace_id == workspace_id, Usage.asset_id == asset_id
    )
    return {tuple(row) for row in session.execute(query)}
