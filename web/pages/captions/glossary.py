"""The glossary of a course: the names and terms that captions should get right."""

import uuid

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lectern.courses import courses
from lectern.errors import NotFound
from lectern.insight import corrections, glossary
from lectern.models import Course, GlossaryTerm
from lectern.people.rights import Action
from web import changes, htmx
from web.auth import allow
from web.extensions import db
from web.forms import Form

bp = Blueprint("glossary", __name__, url_prefix="/courses/<uuid:course_id>/glossary")


@bp.app_template_global()
def glossary_terms(course: Course) -> list[GlossaryTerm]:
    """The terms of a course that the page has loaded."""
    return glossary.list_of(db.session(), course.workspace_id, course.id)


@bp.get("")
@allow(Action.SEE_COURSES)
def index(course_id: uuid.UUID) -> ResponseReturnValue:
    """The list of the course's page, alone."""
    course = courses.by_id(db.session(), g.principal, course_id)
    if not htmx.wants_fragment():
        return redirect(_place(course))
    return _list(course, Form())


@bp.post("")
@allow(Action.EDIT_COURSES)
def add(course_id: uuid.UUID) -> ResponseReturnValue:
    """Add a term."""
    session, form = db.session(), Form(request.form)
    course = courses.by_id(session, g.principal, course_id)
    given = (g.principal, course, form["term"], form["sounds_like"])
    term = form.attempt(lambda: glossary.add(session, *given))
    if term is None:
        return _list(courses.by_id(session, g.principal, course_id), form, status=422)
    corrections.refresh_course(session, course.id, term)
    return _changed(course)


@bp.post("/<uuid:term_id>/removal")
@allow(Action.EDIT_COURSES)
def remove(course_id: uuid.UUID, term_id: uuid.UUID) -> ResponseReturnValue:
    """Take a term out."""
    session = db.session()
    course = courses.by_id(session, g.principal, course_id)
    term = glossary.remove(session, g.principal, term_id)
    if term.course_id != course.id:
        raise NotFound("Term not found in this workspace.")
    corrections.refresh_course(session, course.id, term)
    return _changed(course)


def _changed(course: Course) -> ResponseReturnValue:
    changes.commit()
    if not htmx.wants_fragment():
        return redirect(_place(course), code=303)
    return _list(course, Form(), toast=gettext("Saved."))


def _list(course: Course, form: Form, *, status: int = 200, toast: str = "") -> ResponseReturnValue:
    values = {"course": course, "form": form, "whole": not htmx.wants_fragment()}
    name = "glossary/alone.html" if values["whole"] else "glossary/_terms.html"
    return htmx.fragment(render_template(name, **values), status=status, toast=toast)


def _place(course: Course) -> str:
    return url_for("courses.show", course_id=course.id, _anchor="glossary")
