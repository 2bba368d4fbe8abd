"""Courses: the list, the outline, and the changes a person makes to it."""

import uuid

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lectern.courses import chapters, courses, lessons, outlines, revising
from lectern.people.rights import Action, can
from web import changes, htmx
from web.auth import allow
from web.extensions import db

bp = Blueprint("courses", __name__)


@bp.get("/courses")
@allow(Action.SEE_COURSES)
def index() -> ResponseReturnValue:
    """All courses, with what they hold."""
    found = outlines.overview(db.session(), g.principal)
    return render_template("courses/index.html", courses=found)


@bp.post("/courses")
@allow(Action.EDIT_COURSES)
def create() -> ResponseReturnValue:
    """Begin a course and go to it."""
    session = db.session()
    course = courses.create(session, g.principal, _title())
    session.commit()
    return htmx.go_to(url_for(".show", course_id=course.id))


@bp.get("/courses/<uuid:course_id>")
@allow(Action.SEE_COURSES)
def show(course_id: uuid.UUID) -> ResponseReturnValue:
    """The outline of one course."""
    return render_template("courses/show.html", **_outline(course_id))


@bp.get("/courses/<uuid:course_id>/outline")
@allow(Action.SEE_COURSES)
def show_outline(course_id: uuid.UUID) -> ResponseReturnValue:
    """The outline alone."""
    return htmx.fragment(render_template("courses/_outline.html", **_outline(course_id)))


@bp.post("/courses/<uuid:course_id>/title")
@allow(Action.EDIT_COURSES)
def rename(course_id: uuid.UUID) -> ResponseReturnValue:
    """Give the course another title."""
    session = db.session()
    courses.rename(session, g.principal, course_id, _title())
    session.commit()
    return htmx.go_to(url_for(".show", course_id=course_id))


@bp.post("/courses/<uuid:course_id>/chapters")
@allow(Action.EDIT_COURSES)
def add_chapter(course_id: uuid.UUID) -> ResponseReturnValue:
    """Add a last chapter."""
    chapters.add(db.session(), g.principal, course_id, _title())
    return _written(course_id, focus="new-chapter")


@bp.post("/chapters/<uuid:chapter_id>/title")
@allow(Action.EDIT_COURSES)
def rename_chapter(chapter_id: uuid.UUID) -> ResponseReturnValue:
    """Give the chapter another title."""
    chapter = chapters.rename(db.session(), g.principal, chapter_id, _title())
    return _written(chapter.course_id)


@bp.post("/chapters/<uuid:chapter_id>/moves")
@allow(Action.EDIT_COURSES)
def move_chapter(chapter_id: uuid.UUID) -> ResponseReturnValue:
    """Swap the chapter with the one before or after it."""
    session = db.session()
    course = revising.course_of(session, g.principal, chapter_id)
    revising.shift_chapter(session, g.principal, chapter_id, _step())
    return _written(course.id)


@bp.post("/chapters/<uuid:chapter_id>/removal")
@allow(Action.EDIT_COURSES)
def remove_chapter(chapter_id: uuid.UUID) -> ResponseReturnValue:
    """Take the chapter out, with its lessons; their files stay in the library."""
    session = db.session()
    course = revising.course_of(session, g.principal, chapter_id)
    chapters.remove(session, g.principal, chapter_id)
    return _written(course.id, _("Chapter removed"))


@bp.post("/chapters/<uuid:chapter_id>/lessons")
@allow(Action.EDIT_COURSES)
def add_lesson(chapter_id: uuid.UUID) -> ResponseReturnValue:
    """Add a last lesson to the chapter."""
    lesson = lessons.add(db.session(), g.principal, chapter_id, _title())
    return _written(lesson.course_id, focus=f"new-lesson-{chapter_id}")


@bp.post("/lessons/<uuid:lesson_id>/outline-title")
@allow(Action.EDIT_COURSES)
def rename_lesson(lesson_id: uuid.UUID) -> ResponseReturnValue:
    """Give the lesson another title, from the outline."""
    lesson = lessons.rename(db.session(), g.principal, lesson_id, _title())
    return _written(lesson.course_id)


@bp.post("/lessons/<uuid:lesson_id>/moves")
@allow(Action.EDIT_COURSES)
def move_lesson(lesson_id: uuid.UUID) -> ResponseReturnValue:
    """Move the lesson by one place, over the chapter's edge too."""
    session = db.session()
    lesson = lessons.get(session, g.principal, lesson_id)
    revising.shift_lesson(session, g.principal, lesson_id, _step())
    return _written(lesson.course_id)


@bp.post("/lessons/<uuid:lesson_id>/removal")
@allow(Action.EDIT_COURSES)
def remove_lesson(lesson_id: uuid.UUID) -> ResponseReturnValue:
    """Take the lesson out; its files stay in the library."""
    session = db.session()
    lesson = lessons.get(session, g.principal, lesson_id)
    lessons.remove(session, g.principal, lesson_id)
    return _written(lesson.course_id, _("Lesson removed"))


def _written(course_id: uuid.UUID, toast: str = "", *, focus: str = "") -> ResponseReturnValue:
    """Commit, tell the open pages of the files concerned, and show the outline as it is now."""
    changes.commit()
    url = url_for(".show", course_id=course_id, _anchor="outline")

    def render() -> str:
        return render_template("courses/_outline.html", **_outline(course_id), focus=focus)

    return changes.reply(url, render, toast=toast)


def _outline(course_id: uuid.UUID) -> dict[str, object]:
    session = db.session()
    return {
        "course": courses.by_id(session, g.principal, course_id),
        "files": outlines.files_by_lesson(session, g.principal, course_id),
        "editable": can(g.principal, Action.EDIT_COURSES),
    }


def _title() -> str:
    return request.form.get("title", "")


def _step() -> int:
    return -1 if request.form.get("way") == "up" else 1
