"""Lessons: their media in order, and what an editor does with it."""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from lectern.courses import courses, lessons, revising, usages
from lectern.errors import Invalid
from lectern.models import Lesson
from lectern.people.rights import Action, can
from lectern.search import cards
from web import changes, htmx
from web.auth import allow
from web.extensions import db

bp = Blueprint("lessons", __name__, url_prefix="/lessons")


@bp.get("/<uuid:lesson_id>")
@allow(Action.SEE_COURSES)
def show(lesson_id: uuid.UUID) -> ResponseReturnValue:
    """The lesson with its media, each playable in place."""
    lesson = lessons.get(db.session(), g.principal, lesson_id)
    before, after = _neighbours(lesson)
    return render_template("lessons/show.html", **_media(lesson), before=before, after=after)


@bp.get("/<uuid:lesson_id>/media")
@allow(Action.SEE_COURSES)
def show_media(lesson_id: uuid.UUID) -> ResponseReturnValue:
    """The media alone, as it is now."""
    lesson = lessons.get(db.session(), g.principal, lesson_id)
    return htmx.fragment(render_template("lessons/_media.html", **_media(lesson)))


@bp.get("/<uuid:lesson_id>/usages/<uuid:usage_id>")
@allow(Action.SEE_COURSES)
def show_usage(lesson_id: uuid.UUID, usage_id: uuid.UUID) -> ResponseReturnValue:
    """One file of the lesson, asked for while it is being prepared."""
    media = _media(lessons.get(db.session(), g.principal, lesson_id))
    ids = [usage.id for usage, _card in media["items"]]
    if usage_id not in ids:
        return htmx.fragment("")
    at = ids.index(usage_id)
    usage, card = media["items"][at]
    ends = {"first": at == 0, "last": at == len(ids) - 1}
    return htmx.fragment(
        render_template("lessons/_usage.html", usage=usage, card=card, **ends, **media)
    )


@bp.post("/<uuid:lesson_id>/usages")
@allow(Action.EDIT_COURSES)
def add_usages(lesson_id: uuid.UUID) -> ResponseReturnValue:
    """Insert what was picked: the tray and the file that was clicked, or the ticked ones."""
    asked = [*request.form.getlist("tray"), *request.form.getlist("insert")]
    wanted = _ids(asked or request.form.getlist("asset"))
    if not wanted:
        raise Invalid(_("Choose at least one file."))
    session = db.session()
    had = {usage.asset_id for usage in usages.of_lesson(session, g.principal, lesson_id)}
    usages.add(session, g.principal, lesson_id, wanted)
    new = len(set(wanted) - had)
    toast = (
        ngettext("%(num)d file inserted", "%(num)d files inserted", new)
        if new
        else _("This lesson already uses this file.")
    )
    return _written(session, lesson_id, toast, event="picked")


@bp.post("/<uuid:lesson_id>/usages/<uuid:usage_id>/wording")
@allow(Action.EDIT_COURSES)
def edit_usage(lesson_id: uuid.UUID, usage_id: uuid.UUID) -> ResponseReturnValue:
    """Give a file its title and description in this lesson."""
    session = db.session()
    lesson = lessons.get(session, g.principal, lesson_id)
    wording = {name: request.form.get(name, "").strip() for name in ("title", "alt")}
    revising.reword(session, g.principal, lesson, usage_id, **wording)
    return _written(session, lesson_id, _("Saved"))


@bp.post("/<uuid:lesson_id>/usages/<uuid:usage_id>/moves")
@allow(Action.EDIT_COURSES)
def move_usage(lesson_id: uuid.UUID, usage_id: uuid.UUID) -> ResponseReturnValue:
    """Swap a file with the one before or after it."""
    session = db.session()
    by = -1 if request.form.get("way") == "up" else 1
    revising.shift_usage(session, g.principal, lesson_id, usage_id, by)
    return _written(session, lesson_id)


@bp.post("/<uuid:lesson_id>/usages/<uuid:usage_id>/end")
@allow(Action.EDIT_COURSES)
def end_usage(lesson_id: uuid.UUID, usage_id: uuid.UUID) -> ResponseReturnValue:
    """Take a file out of the lesson; it stays in the library."""
    session = db.session()
    lessons.get(session, g.principal, lesson_id)
    past = usages.end(session, g.principal, usage_id)
    undo = url_for(".bring_back", lesson_id=lesson_id, past_id=past.id)
    return _written(session, lesson_id, _("Removed from the lesson"), undo=undo)


@bp.post("/<uuid:lesson_id>/past-usages/<uuid:past_id>/return")
@allow(Action.EDIT_COURSES)
def bring_back(lesson_id: uuid.UUID, past_id: uuid.UUID) -> ResponseReturnValue:
    """Undo the removal of a file. A toast asks, so the answer finds its place by itself."""
    session = db.session()
    lesson = lessons.get(session, g.principal, lesson_id)
    revising.bring_back(session, g.principal, lesson, past_id)
    return _written(session, lesson_id, oob=True)


@bp.post("/<uuid:lesson_id>/title")
@allow(Action.EDIT_COURSES)
def rename(lesson_id: uuid.UUID) -> ResponseReturnValue:
    """Give the lesson another title."""
    session = db.session()
    lessons.rename(session, g.principal, lesson_id, request.form.get("title", ""))
    changes.commit()
    return redirect(url_for(".show", lesson_id=lesson_id), code=303)


def _written(
    session: Session,
    lesson_id: uuid.UUID,
    toast: str = "",
    *,
    undo: str | None = None,
    event: str | None = None,
    oob: bool = False,
) -> ResponseReturnValue:
    """Commit, and show the lesson's media as they are now; an answer `oob` finds its own place."""
    changes.commit()

    def render() -> str:
        lesson = lessons.get(session, g.principal, lesson_id)
        return render_template("lessons/_media.html", **_media(lesson), oob=oob)

    if oob:
        return htmx.fragment(render())
    url = url_for(".show", lesson_id=lesson_id)
    return changes.reply(url, render, toast=toast, undo=undo, event=event)


def _media(lesson: Lesson) -> dict[str, Any]:
    session = db.session()
    used = usages.of_lesson(session, g.principal, lesson.id)
    found = cards.several(session, g.principal, {usage.asset_id for usage in used})
    by_id = {card.id: card for card in found}
    return {
        "lesson": lesson,
        "items": [(usage, by_id[usage.asset_id]) for usage in used],
        "editable": can(g.principal, Action.EDIT_COURSES),
    }


def _neighbours(lesson: Lesson) -> tuple[Lesson | None, Lesson | None]:
    course = courses.by_id(db.session(), g.principal, lesson.course_id)
    all_lessons = [each for chapter in course.chapters for each in chapter.lessons]
    at = [each.id for each in all_lessons].index(lesson.id)
    return (
        all_lessons[at - 1] if at else None,
        all_lessons[at + 1] if at + 1 < len(all_lessons) else None,
    )


def _ids(texts: Sequence[str]) -> list[uuid.UUID]:
    try:
        return list(dict.fromkeys(uuid.UUID(text) for text in texts))
    except ValueError as error:
        raise Invalid(_("One of the file IDs is not valid.")) from error
