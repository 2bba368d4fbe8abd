"""Places: the course, chapter or lesson that something is about, found and locked.

Whoever changes a course or its usages locks the course's row first, then assets in the order of
their ids, then (by `audit.record`) the audit log: in one order nobody waits for each other.
"""

import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lectern.errors import Message, NotFound
from lectern.models import Chapter, Course, Lesson, Usage
from lectern.people.principal import Principal
from lectern.people.rights import Action, require

NO_COURSE = Message("Course not found.")
NO_CHAPTER = Message("Chapter not found in this course.")
NO_LESSON = Message("Lesson not found in this course.")


@dataclass(frozen=True)
class Place:
    """A place by its owner's references. A lesson's is unique in its course, so it needs no
    chapter's beside it."""

    course_ref: str
    chapter_ref: str | None = None
    lesson_ref: str | None = None


@dataclass(frozen=True)
class Spot:
    """A place as rows; a lesson comes with its chapter."""

    course: Course
    chapter: Chapter | None = None
    lesson: Lesson | None = None

    @property
    def titles(self) -> dict[str, str]:
        """What the place is called now: `{"course": …, "chapter": …, "lesson": …}`."""
        named = {"course": self.course, "chapter": self.chapter, "lesson": self.lesson}
        return {kind: row.title for kind, row in named.items() if row is not None}

    @property
    def the_chapter(self) -> Chapter:
        """The chapter of a spot that was asked for as one, or as a lesson."""
        if self.chapter is None:
            raise ValueError("This spot is a course.")
        return self.chapter

    @property
    def the_lesson(self) -> Lesson:
        """The lesson of a spot that was asked for as one."""
        if self.lesson is None:
            raise ValueError("This spot is no lesson.")
        return self.lesson

    @property
    def here(self) -> ColumnElement[bool]:
        """Usages at exactly this place, not below it."""
        return (
            (Usage.workspace_id == self.course.workspace_id)
            & (Usage.course_id == self.course.id)
            & Usage.chapter_id.is_not_distinct_from(self.chapter.id if self.chapter else None)
            & Usage.lesson_id.is_not_distinct_from(self.lesson.id if self.lesson else None)
        )


def find(session: Session, principal: Principal, place: Place, *, lock: bool = False) -> Spot:
    """The rows of a place; with `lock` nobody else changes the course until the commit.

    Raises:
        NotFound: the course, chapter or lesson does not exist in this workspace.
    """
    require(principal, Action.EDIT_COURSES if lock else Action.SEE_COURSES)
    for ref in (place.course_ref, place.chapter_ref or "", place.lesson_ref or ""):
        refuse_unusable(ref)
    course = _course(session, principal, Course.ref == place.course_ref, lock=lock)
    if place.lesson_ref is not None:
        lesson = session.scalars(
            select(Lesson)
            .where(*_of(Lesson, course), Lesson.ref == place.lesson_ref)
            .execution_options(populate_existing=True)
        ).one_or_none()
        if lesson is None:
            raise NotFound(NO_LESSON)
        return Spot(
            course, session.get_one(Chapter, (course.workspace_id, lesson.chapter_id)), lesson
        )
    if place.chapter_ref is not None:
        chapter = session.scalars(
            select(Chapter).where(*_of(Chapter, course), Chapter.ref == place.chapter_ref)
        ).one_or_none()
        if chapter is None:
            raise NotFound(NO_CHAPTER)
        return Spot(course, chapter)
    return Spot(course)


def course(session: Session, principal: Principal, course_id: uuid.UUID) -> Course:
    """The course by its id, locked for a change."""
    require(principal, Action.EDIT_COURSES)
    return _course(session, principal, Course.id == course_id, lock=True)


def chapter(session: Session, principal: Principal, chapter_id: uuid.UUID) -> Spot:
    """The chapter by its id, its course locked for a change."""
    require(principal, Action.EDIT_COURSES)
    key = (principal.workspace_id, chapter_id)
    found = session.get(Chapter, key)
    if found is None:
        raise NotFound(NO_CHAPTER)
    locked = _course(session, principal, Course.id == found.course_id, lock=True)
    # It may have gone while we waited.
    again = session.get(Chapter, key, populate_existing=True)
    if again is None:
        raise NotFound(NO_CHAPTER)
    return Spot(locked, again)


def lesson(session: Session, principal: Principal, lesson_id: uuid.UUID) -> Spot:
    """The lesson by its id, its course locked for a change."""
    require(principal, Action.EDIT_COURSES)
    key = (principal.workspace_id, lesson_id)
    found = session.get(Lesson, key)
    if found is None:
        raise NotFound(NO_LESSON)
    locked = _course(session, principal, Course.id == found.course_id, lock=True)
    again = session.get(Lesson, key, populate_existing=True)
    if again is None:
        raise NotFound(NO_LESSON)
    above = session.get_one(Chapter, (again.workspace_id, again.chapter_id))
    return Spot(locked, above, again)


def refuse_unusable(ref: str) -> None:
    """Nothing has a reference that the database could not even be asked for.

    Raises:
        NotFound: the ref holds a NUL character or half a surrogate pair.
    """
    if "\0" in ref or any("\ud800" <= letter <= "\udfff" for letter in ref):
        raise NotFound(NO_COURSE)


def touch(course: Course) -> None:
    """Say that the course has changed now."""
    course.updated_at = func.clock_timestamp()


def _course(
    session: Session, principal: Principal, which: ColumnElement[bool], *, lock: bool
) -> Course:
    query = select(Course).where(Course.workspace_id == principal.workspace_id, which)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    course = session.scalars(query).one_or_none()
    if course is None:
        raise NotFound(NO_COURSE)
    return course


def _of(
    table: type[Chapter] | type[Lesson], course: Course
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.workspace_id == course.workspace_id, table.course_id == course.id
