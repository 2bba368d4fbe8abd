"""A course's chapters and lessons as a caller declares them, and the way from there to rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lectern import text
from lectern.courses import ending
from lectern.errors import Invalid, Message
from lectern.models import Chapter, Course, Lesson, Usage, UsageHistory
from lectern.people.principal import Principal

MOST_LESSONS = 2000
_Row = TypeVar("_Row", Chapter, Lesson)


@dataclass(frozen=True)
class LessonSpec:
    """A lesson; its ref is unique in the course."""

    ref: str
    title: str


@dataclass(frozen=True)
class ChapterSpec:
    """A chapter with its lessons in order; its ref is unique in the course."""

    ref: str
    title: str
    lessons: Sequence[LessonSpec] = ()


@dataclass(frozen=True)
class CourseSpec:
    """A whole course as it shall be."""

    title: str
    chapters: Sequence[ChapterSpec] = ()


def cleaned(spec: CourseSpec) -> CourseSpec:
    """The same with titles as they will be stored.

    Raises:
        Invalid: a title or ref is unusable, or a ref comes twice; the field says where.
    """
    chapters = []
    chapter_refs: set[str] = set()
    lesson_refs: set[str] = set()
    for index, chapter in enumerate(spec.chapters):
        here = f"chapters.{index}"
        lessons = [
            LessonSpec(
                _once(lesson.ref, lesson_refs, f"{here}.lessons.{number}.ref"),
                text.line(lesson.title, f"{here}.lessons.{number}.title"),
            )
            for number, lesson in enumerate(chapter.lessons)
        ]
        ref = _once(chapter.ref, chapter_refs, f"{here}.ref")
        chapters.append(ChapterSpec(ref, text.line(chapter.title, f"{here}.title"), lessons))
    if len(chapter_refs) + len(lesson_refs) > MOST_LESSONS:
        raise Invalid.of(
            "chapters",
            "A course has at most %(most_lessons)s chapters and lessons together.",
            most_lessons=MOST_LESSONS,
        )
    return CourseSpec(text.line(spec.title, "title"), chapters)


def snapshot(session: Session, course: Course) -> dict[str, Any]:
    """The course as it is, to compare: `{"title", "chapters": {ref: …}, "lessons": {ref: …}}`."""
    chapters = _rows(session, Chapter, course)
    refs = {chapter.id: chapter.ref for chapter in chapters.values()}
    return {
        "title": course.title,
        "chapters": {
            ref: {"title": chapter.title, "position": chapter.position}
            for ref, chapter in chapters.items()
        },
        "lessons": {
            ref: {
                "title": lesson.title,
                "chapter": refs[lesson.chapter_id],
                "position": lesson.position,
            }
            for ref, lesson in _rows(session, Lesson, course).items()
        },
    }


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What changed between two snapshots, with before and after; empty when nothing did."""
    found: dict[str, Any] = {}
    if before["title"] != after["title"]:
        found["title"] = {"before": before["title"], "after": after["title"]}
    for kind in ("chapters", "lessons"):
        old, new = before[kind], after[kind]
        changes = {
            ref: {"before": old.get(ref), "after": new.get(ref)}
            for ref in old.keys() | new.keys()
            if old.get(ref) != new.get(ref)
        }
        if changes:
            found[kind] = changes
    return found


def apply(
    session: Session, principal: Principal, course: Course, spec: CourseSpec
) -> list[UsageHistory]:
    """Make the rows as declared; returns the usages that ended, for the audit log.

    The caller holds the course's row, and writes the log last.
    """
    chapters, lessons = _rows(session, Chapter, course), _rows(session, Lesson, course)
    wanted = {lesson.ref for chapter in spec.chapters for lesson in chapter.lessons}
    gone_lessons = [lesson for ref, lesson in lessons.items() if ref not in wanted]
    stay = {chapter.ref for chapter in spec.chapters}
    gone_chapters = [chapter for ref, chapter in chapters.items() if ref not in stay]
    ended = end_below(session, principal, course, gone_chapters, gone_lessons)
    course.title = spec.title
    for position, chapter_spec in enumerate(spec.chapters):
        chapter = chapters.get(chapter_spec.ref)
        if chapter is None:
            chapter = Chapter(
                workspace_id=course.workspace_id, course_id=course.id, ref=chapter_spec.ref
            )
            session.add(chapter)
        chapter.title, chapter.position = chapter_spec.title, position
        session.flush()
        for number, lesson_spec in enumerate(chapter_spec.lessons):
            lesson = lessons.get(lesson_spec.ref)
            if lesson is None:
                lesson = Lesson(
                    workspace_id=course.workspace_id, course_id=course.id, ref=lesson_spec.ref
                )
                session.add(lesson)
            lesson.title = lesson_spec.title
            place(session, lesson, chapter, number)
    session.flush()
    remove(session, gone_lessons)
    remove(session, gone_chapters)
    return ended


def place(session: Session, lesson: Lesson, chapter: Chapter, position: int) -> None:
    """Put the lesson there; its usages stay its own, so they name the new chapter too."""
    lesson.position = position
    former, lesson.chapter_id = lesson.chapter_id, chapter.id
    if former in {None, chapter.id}:
        return
    session.flush()
    session.execute(
        update(Usage)
        .where(Usage.workspace_id == lesson.workspace_id, Usage.lesson_id == lesson.id)
        .values(chapter_id=chapter.id)
    )


def end_below(
    session: Session,
    principal: Principal,
    course: Course,
    chapters: Iterable[Chapter],
    lessons: Iterable[Lesson],
) -> list[UsageHistory]:
    """End the usages of these lessons, and of these chapters themselves."""
    in_lesson = Usage.lesson_id.in_([lesson.id for lesson in lessons])
    in_chapter = Usage.chapter_id.in_([chapter.id for chapter in chapters])
    query = select(Usage).where(
        Usage.workspace_id == course.workspace_id,
        Usage.course_id == course.id,
        in_lesson | (in_chapter & Usage.lesson_id.is_(None)),
    )
    return ending.end_all(session, principal, session.scalars(query).all())


def remove(session: Session, rows: Iterable[Chapter] | Iterable[Lesson]) -> None:
    """Delete rows whose usages have ended, now: the next ones may depend on it."""
    for row in rows:
        session.delete(row)
    session.flush()


def _rows(session: Session, table: type[_Row], course: Course) -> dict[str, _Row]:
    query = (
        select(table)
        .where(table.workspace_id == course.workspace_id, table.course_id == course.id)
        .order_by(table.position)
        .execution_options(populate_existing=True)
    )
    return {row.ref: row for row in session.scalars(query)}


def _once(ref: str, seen: set[str], field: str) -> str:
    clean = text.reference(ref, field)
    if clean in seen:
        problem = Message("The reference “%(clean)s” comes twice.", clean=clean)
        raise Invalid(problem, {field: problem})
    seen.add(clean)
    return clean
