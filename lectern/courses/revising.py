"""Small steps through a course: one file of a lesson reworded or brought back, a row moved by one.

All else about the lesson or the course stays as it is.
"""

import uuid
from dataclasses import replace

from sqlalchemy.orm import Session

from lectern.courses import chapters, courses, lessons, places, usages
from lectern.courses.places import NO_CHAPTER, Place
from lectern.courses.terms import UsageSpec
from lectern.errors import Message, NotFound
from lectern.models import Chapter, Course, Lesson, Usage, UsageHistory, Version
from lectern.people.principal import Principal

MISSING = Message("This file is no longer used there.")


def reword(
    session: Session,
    principal: Principal,
    lesson: Lesson,
    usage_id: uuid.UUID,
    title: str,
    alt: str,
) -> None:
    """Give one use its title and its text for those who cannot see it; empty takes either away.

    Raises:
        NotFound: the lesson has no such usage any more.
        Invalid: a text is too long.
    """
    # Held before it is read: what somebody else adds meanwhile would be left out by the put below.
    places.lesson(session, principal, lesson.id)
    now = {usage.id: _spec(usage) for usage in usages.of_lesson(session, principal, lesson.id)}
    if usage_id not in now:
        raise NotFound(MISSING)
    now[usage_id] = replace(now[usage_id], title=title or None, alt=alt or None)
    usages.put(session, principal, _place(lesson), list(now.values()))


def bring_back(session: Session, principal: Principal, lesson: Lesson, past_id: uuid.UUID) -> None:
    """Use an asset again as an ended usage of this lesson did, at its old position.

    Doing it twice changes nothing more.

    Raises:
        NotFound: the lesson never had such a usage.
        Invalid: the asset is in the trash meanwhile.
    """
    past = session.get(UsageHistory, (principal.workspace_id, past_id))
    if past is None or past.lesson_id != lesson.id:
        raise NotFound(MISSING)
    places.lesson(session, principal, lesson.id)
    specs = [_spec(usage) for usage in usages.of_lesson(session, principal, lesson.id)]
    if any(spec.asset_id == past.asset_id and spec.slot == past.slot for spec in specs):
        return
    pinned = session.get(Version, (past.workspace_id, past.version_id)) if past.version_id else None
    again = replace(_spec(past), version=pinned.number if pinned else None)
    specs.insert(past.position, again)
    usages.put(session, principal, _place(lesson), specs)


def shift_usage(
    session: Session, principal: Principal, lesson_id: uuid.UUID, usage_id: uuid.UUID, by: int
) -> None:
    """Move a file of the lesson by so many places, as far as there are any.

    Raises:
        NotFound: the lesson has no such usage any more.
    """
    places.lesson(session, principal, lesson_id)
    order = [usage.id for usage in usages.of_lesson(session, principal, lesson_id)]
    if usage_id not in order:
        raise NotFound(MISSING)
    to = order.index(usage_id) + by
    order.remove(usage_id)
    order.insert(max(0, to), usage_id)
    usages.reorder(session, principal, lesson_id, order)


def shift_chapter(session: Session, principal: Principal, chapter_id: uuid.UUID, by: int) -> None:
    """Move a chapter by so many places, as far as there are any."""
    course = course_of(session, principal, chapter_id)
    at = [chapter.id for chapter in course.chapters].index(chapter_id)
    chapters.move(session, principal, chapter_id, at + by)


def shift_lesson(session: Session, principal: Principal, lesson_id: uuid.UUID, by: int) -> None:
    """Move a lesson by one place, up (-1) or down (1), over a chapter's edge into the next one."""
    lesson = lessons.get(session, principal, lesson_id)
    outline = courses.by_id(session, principal, lesson.course_id).chapters
    at = next(index for index, chapter in enumerate(outline) if chapter.id == lesson.chapter_id)
    place = [each.id for each in outline[at].lessons].index(lesson_id) + by
    if 0 <= place < len(outline[at].lessons):
        lessons.move(session, principal, lesson_id, lesson.chapter_id, place)
    elif 0 <= at + by < len(outline):
        beside = outline[at + by]
        lessons.move(session, principal, lesson_id, beside.id, len(beside.lessons) if by < 0 else 0)


def course_of(session: Session, principal: Principal, chapter_id: uuid.UUID) -> Course:
    """The course that has this chapter, with its outline.

    Raises:
        NotFound: no such chapter.
    """
    chapter = session.get(Chapter, (principal.workspace_id, chapter_id))
    if chapter is None:
        raise NotFound(NO_CHAPTER)
    return courses.by_id(session, principal, chapter.course_id)


def _spec(usage: Usage | UsageHistory) -> UsageSpec:
    return UsageSpec(
        asset_id=usage.asset_id,
        slot=usage.slot,
        policy=usage.policy,
        title=usage.title,
        alt=usage.alt,
        start_s=usage.start_s,
        end_s=usage.end_s,
    )


def _place(lesson: Lesson) -> Place:
    return Place(lesson.chapter.course.ref, lesson.chapter.ref, lesson.ref)
