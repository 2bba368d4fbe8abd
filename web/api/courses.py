"""Courses and their usages in JSON, by the caller's own references."""

from typing import Any

from flask import Blueprint, g, jsonify
from flask.typing import ResponseReturnValue

from jobs import broker
from lectern.courses import courses, usages
from lectern.courses.courses import ChapterSpec, CourseSpec, LessonSpec
from lectern.courses.usages import Place, UsageSpec
from lectern.errors import Invalid
from lectern.models import Course
from lectern.people.rights import Action
from web.api import parsing
from web.api.representations import moment, usage_json
from web.auth import allow
from web.extensions import db

bp = Blueprint("courses", __name__, url_prefix="/api/v1/courses")

_COURSE = "/<string:ref>/usages"
_CHAPTER = "/<string:ref>/chapters/<string:chapter>/usages"
_LESSON = "/<string:ref>/lessons/<string:lesson>/usages"


@bp.get("")
@allow(Action.SEE_COURSES)
def index() -> ResponseReturnValue:
    """All courses, by title."""
    found = courses.list_courses(db.session(), g.principal)
    return jsonify(items=[_summary(course) for course in found], next=None)
