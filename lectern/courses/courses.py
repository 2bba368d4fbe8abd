"""Courses: declared as a whole by other programs, or begun by a person."""

import uuid

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, selectinload

from lectern import text
from lectern.courses import places, structure, writing
from lectern.courses.places import NO_COURSE, Place
from lectern.courses.structure import ChapterSpec, CourseSpec, LessonSpec
from lectern.database.scope import scoped
from lectern.errors import NotFound
from lectern.models import Chapter, Course, new_id
from lectern.people import audit
from lectern.people.audit import Fact
from lectern.people.principal import Principal
from lectern.people.rights import Action, require

__all__ = [
    "ChapterSpec",
    "CourseSpec",
    "LessonSpec",
    "by_id",
    "create",
    "get",
    "list_courses",
    "put",
]


def put(session: Session, principal: Principal, ref: str, spec: CourseSpec) -> tuple[Course, bool]:
    """Make the course `ref` what `spec` says; True when it is new.

    Chapters and lessons are known by their refs: a lesson that comes under another chapter keeps
    its id and usages, one left out is removed and its usages end, with history. Two callers at
    once are taken one after the other. See `lectern.courses.changed` for live pages.

    Raises:
        Invalid: a ref or title is unusable; nothing was changed.
    """
    require(principal, Action.EDIT_COURSES)
    wanted = structure.cleaned(spec)
    created = _insert(session, principal, text.reference(ref), wanted.title)
    course = places.find(session, principal, Place(ref), lock=True).course
    before = structure.snapshot(session, course)
    ended = structure.apply(session, principal, course, wanted)
    changes = structure.differences(before, structure.snapshot(session, course))
    if changes and not created:
        places.touch(course)
        session.flush()
    facts = writing.ends(ended)
    if created:
        details = {"ref": ref, "title": wanted.title, **changes}
        facts.append(Fact("course.create", "course", course.id, details))
    elif changes:
        facts.append(Fact("course.change", "course", course.id, changes))
    audit.record_all(session, principal, facts)
    return get(session, principal, ref), created


def create(session: Session, principal: Principal, title: str) -> Course:
    """An empty course; its ref is made from the title."""
    require(principal, Action.EDIT_COURSES)
    shown = text.line(title, "title")
    words = text.slug(shown, "course")
    ref, number = words, 2
    while not _insert(session, principal, ref, shown):
        ref, number = f"{words}-{number}", number + 1
    course = get(session, principal, ref)
    details = {"ref": ref, "title": shown}
    audit.record(session, principal, "course.create", "course", course.id, details)
    return course


def rename(session: Session, principal: Principal, course_id: uuid.UUID, title: str) -> Course:
    """Give the course another title.

    Raises:
        NotFound: no such course.
    """
    course = places.course(session, principal, course_id)
    before, after = course.title, text.line(title, "title")
    if before != after:
        course.title = after
        places.touch(course)
        session.flush()
        details = {"title": {"before": before, "after": after}}
        audit.record(session, principal, "course.change", "course", course.id, details)
    return course


def get(session: Session, principal: Principal, ref: str) -> Course:
    """The course with its chapters and lessons, in order.

    Raises:
        NotFound: no such course.
    """
    places.refuse_unusable(ref)
    return _get(session, principal, ref=ref)


def by_id(session: Session, principal: Principal, course_id: uuid.UUID) -> Course:
    """As `get`, by Lectern's own id."""
    return _get(session, principal, id=course_id)


def list_courses(session: Session, principal: Principal) -> list[Course]:
    """All courses of the workspace with chapters and lessons, by title."""
    require(principal, Action.SEE_COURSES)
    query = (
        scoped(Course, principal)
        .options(selectinload(Course.chapters).selectinload(Chapter.lessons))
        .order_by(func.lower(Course.title), Course.id)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(query))


def _get(session: Session, principal: Principal, **which: object) -> Course:
    require(principal, Action.SEE_COURSES)
    query = (
        select(Course)
        .filter_by(workspace_id=principal.workspace_id, **which)
        .options(selectinload(Course.chapters).selectinload(Chapter.lessons))
        .execution_options(populate_existing=True)
    )
    course = session.scalars(query).one_or_none()
    if course is None:
        raise NotFound(NO_COURSE)
    return course


def _insert(session: Session, principal: Principal, ref: str, title: str) -> bool:
    """Insert the course unless the ref is taken; waits for another who is just taking it."""
    statement = (
        insert(Course)
        .values(workspace_id=principal.workspace_id, id=new_id(), ref=ref, title=title)
        .on_conflict_do_nothing(index_elements=["workspace_id", "ref"])
        .returning(Course.id)
    )
    return session.execute(statement).one_or_none() is not None
