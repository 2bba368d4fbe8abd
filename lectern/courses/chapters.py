"""Chapters, changed one at a time by a person."""

import uuid

from sqlalchemy import func
from sqlalchemy.orm import Session

from lectern import text
from lectern.courses import places, structure, writing
from lectern.database.scope import scoped
from lectern.models import Chapter, Lesson, new_id
from lectern.people import audit
from lectern.people.audit import Fact
from lectern.people.principal import Principal


def add(session: Session, principal: Principal, course_id: uuid.UUID, title: str) -> Chapter:
    """A new last chapter of the course.

    Raises:
        NotFound: no such course.
    """
    course = places.course(session, principal, course_id)
    shown = text.line(title, "title")
    last = session.scalar(
        scoped(Chapter, course, func.max(Chapter.position)).where(Chapter.course_id == course.id)
    )
    identity = new_id()
    chapter = Chapter(
        workspace_id=course.workspace_id,
        id=identity,
        course_id=course.id,
        # A caller that declares the course later may know it by this.
        ref=identity.hex,
        title=shown,
        position=0 if last is None else last + 1,
    )
    session.add(chapter)
    places.touch(course)
    session.flush()
    details = {"course": course.id, "title": shown}
    audit.record(session, principal, "chapter.add", "chapter", chapter.id, details)
    return chapter


def rename(session: Session, principal: Principal, chapter_id: uuid.UUID, title: str) -> Chapter:
    """Give the chapter another title.

    Raises:
        NotFound: no such chapter.
    """
    spot = places.chapter(session, principal, chapter_id)
    chapter, after = spot.the_chapter, text.line(title, "title")
    before = chapter.title
    if before != after:
        chapter.title = after
        places.touch(spot.course)
        session.flush()
        details = {"title": {"before": before, "after": after}}
        audit.record(session, principal, "chapter.change", "chapter", chapter.id, details)
    return chapter


def move(session: Session, principal: Principal, chapter_id: uuid.UUID, position: int) -> Chapter:
    """Put the chapter at a position among its course's chapters, counted from 0.

    Raises:
        NotFound: no such chapter.
    """
    spot = places.chapter(session, principal, chapter_id)
    chapter = spot.the_chapter
    query = (
        scoped(Chapter, chapter)
        .where(Chapter.course_id == spot.course.id)
        .order_by(Chapter.position, Chapter.id)
    )
    order = [other for other in session.scalars(query) if other is not chapter]
    order.insert(max(0, position), chapter)
    before = chapter.position
    for number, other in enumerate(order):
        other.position = number
    if chapter.position != before:
        places.touch(spot.course)
        session.flush()
        details = {"position": {"before": before, "after": chapter.position}}
        audit.record(session, principal, "chapter.change", "chapter", chapter.id, details)
    return chapter


def remove(session: Session, principal: Principal, chapter_id: uuid.UUID) -> None:
    """Take the chapter out of its course with its lessons; their usages end, with history.

    Raises:
        NotFound: no such chapter.
    """
    spot = places.chapter(session, principal, chapter_id)
    chapter = spot.the_chapter
    lessons = session.scalars(scoped(Lesson, chapter).where(Lesson.chapter_id == chapter.id)).all()
    ended = structure.end_below(session, principal, spot.course, [chapter], lessons)
    details = {"course": spot.course.id, "title": chapter.title, "lessons": len(lessons)}
    structure.remove(session, lessons)
    structure.remove(session, [chapter])
    places.touch(spot.course)
    session.flush()
    fact = Fact("chapter.remove", "chapter", chapter_id, details)
    audit.record_all(session, principal, [*writing.ends(ended), fact])
