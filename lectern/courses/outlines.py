"""What a page of courses shows: counts and a few stills, read in a fixed number of queries."""

import uuid
from collections import defaultdict
from typing import NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.models import Asset, Blob, Chapter, Course, Lesson, Usage
from lectern.people.principal import Principal
from lectern.people.rights import Action, require

STILLS = 4


class Still(NamedTuple):
    """A poster that stands for a course; `digest` is its first 12 digits, for the address."""

    asset_id: uuid.UUID
    version: int
    digest: str


class Overview(NamedTuple):
    """A course in the list; `files` counts each asset once, wherever the course uses it."""

    id: uuid.UUID
    ref: str
    title: str
    chapters: int
    lessons: int
    files: int
    stills: tuple[Still, ...]


def overview(session: Session, principal: Principal) -> list[Overview]:
    """All courses of the workspace, by title."""
    require(principal, Action.SEE_COURSES)
    workspace_id = principal.workspace_id

    def counted(
        what: ColumnElement[int], table: type[Chapter | Lesson | Usage]
    ) -> ScalarSelect[int]:
        within = (table.workspace_id == workspace_id) & (table.course_id == Course.id)
        return select(what).where(within).scalar_subquery()

    stills = _stills(session, workspace_id)
    rows = session.execute(
        select(
            Course.id,
            Course.ref,
            Course.title,
            counted(func.count(Chapter.id), Chapter),
            counted(func.count(Lesson.id), Lesson),
            counted(func.count(Usage.asset_id.distinct()), Usage),
        )
        .where(Course.workspace_id == workspace_id)
        .order_by(func.lower(Course.title), Course.id)
    )
    return [Overview(*row, stills=tuple(stills.get(row[0], ()))) for row in rows]


def files_by_lesson(
    session: Session, principal: Principal, course_id: uuid.UUID
) -> dict[uuid.UUID, int]:
    """How many usages each lesson of the course has; 0 where it has none."""
    require(principal, Action.SEE_COURSES)
    rows = session.execute(
        scoped(Lesson, principal, Lesson.id, func.count(Usage.id))
        .outerjoin(
            Usage, (Usage.workspace_id == Lesson.workspace_id) & (Usage.lesson_id == Lesson.id)
        )
        .where(Lesson.course_id == course_id)
        .group_by(Lesson.id)
    )
    return {lesson_id: number for lesson_id, number in rows}


def _stills(session: Session, workspace_id: uuid.UUID) -> dict[uuid.UUID, list[Still]]:
    """The posters of each course's first few assets, in the order they came into it."""
    first = (
        select(
            Usage.course_id,
            Usage.asset_id,
            Asset.version_number,
            Blob.digest,
            func.row_number()
            .over(partition_by=Usage.course_id, order_by=func.min(Usage.created_at))
            .label("place"),
        )
        .join(Asset, (Asset.workspace_id == Usage.workspace_id) & (Asset.id == Usage.asset_id))
        .join(Blob, (Blob.workspace_id == Asset.workspace_id) & (Blob.id == Asset.poster_blob_id))
        .where(Usage.workspace_id == workspace_id)
        .group_by(Usage.course_id, Usage.asset_id, Asset.version_number, Blob.digest)
        .subquery()
    )
    rows = session.execute(
        select(first).where(first.c.place <= STILLS).order_by(first.c.course_id, first.c.place)
    )
    found: dict[uuid.UUID, list[Still]] = defaultdict(list)
    for course_id, asset_id, version, digest, _place in rows:
        found[course_id].append(Still(asset_id, version, digest[:12]))
    return found
