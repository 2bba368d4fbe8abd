"""Lessons, changed one at a time by a person."""

import uuid

from sqlalchemy import func
from sqlalchemy.orm import Session, joinedload

from lectern import text
from lectern.courses import places, structure, writing
from lectern.courses.places import NO_CHAPTER, NO_LESSON
from lectern.database.scope import scoped
from lectern.errors import NotFound, Stale
from lectern.models import Chapter, Lesson, new_id
from lectern.people import audit
from lectern.people.audit import Fact
from lectern.people.principal import Principal
from lectern.people.rights import Action, require


def get(session: Session, principal: Principal, lesson_id: uuid.UUID) -> Lesson:
    """The lesson, with its chapter and course.

    Raises:
        NotFound: no such lesson.
    """
    require(principal, Action.SEE_COURSES)
    query = (
        scoped(Lesson, principal)
        .where(Lesson.id == lesson_id)
        .options(joinedload(Lesson.chapter).joinedload(Chapter.course))
        .execution_options(populate_existing=True)
    )
    lesson = session.scalars(query).one_or_none()
    if lesson is None:
        raise NotFound(NO_LESSON)
    return lesson


def add(session: Session, principal: Principal, chapter_id: uuid.UUID, title: str) -> Lesson:
    """A new last lesson of the chapter.

    Raises:
        NotFound: no such chapter.
    """
    spot = places.chapter(session, principal, chapter_id)
    shown = text.line(title, "title")
    last = session.scalar(
        scoped(Lesson, spot.course, func.max(Lesson.position)).where(
            Lesson.chapter_id == chapter_id
        )
    )
    identity = new_id()
    lesson = Lesson(
        workspace_id=spot.course.workspace_id,
        id=identity,
        course_id=spot.course.id,
        chapter_id=chapter_id,
        ref=identity.hex,
        title=shown,
        position=0 if last is None else last + 1,
    )
    session.add(lesson)
    places.touch(spot.course)
    session.flush()
    details = {"course": spot.course.id, "chapter": chapter_id, "title": shown}
    audit.record(session, principal, "lesson.add", "lesson", lesson.id, details)
    return lesson


def rename(
    session: Session,
    principal: Principal,
    lesson_id: uuid.UUID,
    title: str,
    *,
    seen: int | None = None,
) -> Lesson:
    """Give the lesson another title; `seen` is the `lock_version` that the person looked at.

    Raises:
        NotFound: no such lesson.
        Stale: somebody changed it since.
    """
    spot = places.lesson(session, principal, lesson_id)
    lesson, after = spot.the_lesson, text.line(title, "title")
    if seen is not None and lesson.lock_version != seen:
        raise Stale("Someone changed this lesson after you opened it. Reload to see the changes.")
    before = lesson.title
    if before != after:
        lesson.title = after
        lesson.lock_version += 1
        places.touch(spot.course)
        session.flush()
        details = {"title": {"before": before, "after": after}}
        audit.record(session, principal, "lesson.change", "lesson", lesson.id, details)
    return lesson


def move(
    session: Session,
    principal: Principal,
    lesson_id: uuid.UUID,
    chapter_id: uuid.UUID,
    position: int,
) -> Lesson:
    """Put the lesson at a position (from 0) of a chapter of the same course; usages go with it.

    Raises:
        NotFound: no such lesson, or no such chapter in its course.
    """
    spot = places.lesson(session, principal, lesson_id)
    lesson = spot.the_lesson
    chapter = session.get(Chapter, (lesson.workspace_id, chapter_id), populate_existing=True)
    if chapter is None or chapter.course_id != spot.course.id:
        raise NotFound(NO_CHAPTER)
    before = {"chapter": lesson.chapter_id, "position": lesson.position}
    query = (
        scoped(Lesson, lesson)
        .where(Lesson.chapter_id == chapter_id)
        .order_by(Lesson.position, Lesson.id)
    )
    order = [other for other in session.scalars(query) if other is not lesson]
    order.insert(max(0, position), lesson)
    for number, other in enumerate(order):
        structure.place(session, other, chapter, number)
    after = {"chapter": lesson.chapter_id, "position": lesson.position}
    if before != after:
        lesson.lock_version += 1
        places.touch(spot.course)
        session.flush()
        details = {"before": before, "after": after}
        audit.record(session, principal, "lesson.move", "lesson", lesson.id, details)
    return lesson


def remove(session: Session, principal: Principal, lesson_id: uuid.UUID) -> None:
    """Take the lesson out of its course; its usages end, with history.

    Raises:
        NotFound: no such lesson.
    """
    spot = places.lesson(session, principal, lesson_id)
    lesson = spot.the_lesson
    ended = structure.end_below(session, principal, spot.course, [], [lesson])
    details = {"course": spot.course.id, "title": lesson.title, "ref": lesson.ref}
    structure.remove(session, [lesson])
    places.touch(spot.course)
    session.flush()
    fact = Fact("lesson.remove", "lesson", lesson_id, details)
    audit.record_all(session, principal, [*writing.ends(ended), fact])
