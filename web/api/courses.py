"""Courses and their usages in JSON, by the caller's own references."""

from typing import Any

from flask import Blueprint, g, jsonify, url_for
from flask.typing import ResponseReturnValue

from lectern.courses import courses, usages
from lectern.courses.courses import ChapterSpec, CourseSpec, LessonSpec
from lectern.courses.usages import Place, UsageSpec
from lectern.errors import Invalid
from lectern.models import Chapter, Course, Usage
from lectern.people.rights import Action
from web import changes
from web.api.representations import declared_json, moment, usage_json
from web.api.requests import paging, parsing
from web.api.requests.fields import Fields
from web.auth import allow
from web.extensions import db

bp = Blueprint("courses", __name__, url_prefix="/api/v1/courses")


@bp.get("")
@allow(Action.SEE_COURSES)
def index() -> ResponseReturnValue:
    """All courses, by title."""
    return jsonify(paging.whole(courses.list_courses(db.session(), g.principal), _course))


@bp.get("/<string:ref>")
@allow(Action.SEE_COURSES)
def show(ref: str) -> ResponseReturnValue:
    """A course with its chapters and lessons."""
    return jsonify(_course(courses.get(db.session(), g.principal, ref)))


@bp.put("/<string:ref>")
@allow(Action.EDIT_COURSES)
def put(ref: str) -> ResponseReturnValue:
    """Make the course what was sent: 201 when it is new, else 200."""
    session = db.session()
    spec = _spec(Fields(parsing.json_object()))
    course, created = courses.put(session, g.principal, ref, spec)
    changes.commit()
    return jsonify(_course(course)), 201 if created else 200


@bp.get("/<string:ref>/usages")
@bp.get("/<string:ref>/chapters/<string:chapter>/usages")
@bp.get("/<string:ref>/lessons/<string:lesson>/usages")
@allow(Action.SEE_COURSES)
def list_usages(
    ref: str, chapter: str | None = None, lesson: str | None = None
) -> ResponseReturnValue:
    """What exactly this place uses."""
    return _usages(usages.at(db.session(), g.principal, Place(ref, chapter, lesson)))


@bp.put("/<string:ref>/usages")
@bp.put("/<string:ref>/chapters/<string:chapter>/usages")
@bp.put("/<string:ref>/lessons/<string:lesson>/usages")
@allow(Action.EDIT_COURSES)
def put_usages(
    ref: str, chapter: str | None = None, lesson: str | None = None
) -> ResponseReturnValue:
    """Declare everything that this place uses; what is left out ends."""
    body = parsing.json_object()
    if "assets" not in body:
        raise Invalid("Send assets: a list of what this place uses.", {"assets": "Send a list."})
    items = [_usage(each) for each in Fields(body).objects("assets")]
    now = usages.put(db.session(), g.principal, Place(ref, chapter, lesson), items)
    changes.commit()
    return _usages(now)


def _spec(body: Fields) -> CourseSpec:
    chapters = [
        ChapterSpec(
            chapter.text("ref"),
            chapter.text("title"),
            [
                LessonSpec(lesson.text("ref"), lesson.text("title"))
                for lesson in chapter.objects("lessons")
            ],
        )
        for chapter in body.objects("chapters")
    ]
    return CourseSpec(body.text("title"), chapters)


def _usage(item: Fields) -> UsageSpec:
    return UsageSpec(
        item.id("id"),
        slot=item.text_or_none("slot") or "",
        policy=item.text_or_none("policy") or "follow",
        version=item.whole("version", 1, (1 << 31) - 1) if item.has("version") else None,
        title=item.text_or_none("title"),
        alt=item.text_or_none("alt"),
        start_s=item.number_or_none("start"),
        end_s=item.number_or_none("end"),
    )


def _usages(found: list[Usage]) -> ResponseReturnValue:
    # `assets` is what a PUT of the same place takes, so that it can be read, changed, sent back.
    body = paging.whole(found, usage_json)
    return jsonify(body | {"assets": [declared_json(usage) for usage in found]})


def _course(course: Course) -> dict[str, Any]:
    return {
        "id": str(course.id),
        "ref": course.ref,
        "title": course.title,
        "chapters": [_chapter(chapter) for chapter in course.chapters],
        "created_at": moment(course.created_at),
        "updated_at": moment(course.updated_at),
        "url": url_for("courses.show", course_id=course.id),
    }


def _chapter(chapter: Chapter) -> dict[str, Any]:
    lessons = [
        {
            "id": str(lesson.id),
            "ref": lesson.ref,
            "title": lesson.title,
            "url": url_for("lessons.show", lesson_id=lesson.id),
        }
        for lesson in chapter.lessons
    ]
    return {"ref": chapter.ref, "title": chapter.title, "lessons": lessons}
