"""The picker: choose assets for a lesson, as a dialog over the lesson or as a page of its own."""

import uuid
from typing import Any

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from lectern.courses import lessons, usages
from lectern.errors import NotFound
from lectern.models import Lesson
from lectern.people.rights import Action
from lectern.search import Query, cards
from web import htmx
from web.auth import allow
from web.extensions import db

bp = Blueprint("picker", __name__, url_prefix="/picker")
PAGE = 36


@bp.get("")
@allow(Action.EDIT_COURSES)
def show() -> ResponseReturnValue:
    """The whole picker for one lesson."""
    listing = _listing()
    if htmx.wants_fragment():
        return htmx.fragment(render_template("picker/_picker.html", **listing))
    return render_template("picker/index.html", **listing)


@bp.get("/results")
@allow(Action.EDIT_COURSES)
def results() -> ResponseReturnValue:
    """What fits the search; with `cursor`, only the items that follow."""
    listing = _listing()
    template = "picker/_items.html" if listing["cursor"] else "picker/_results.html"
    return htmx.fragment(render_template(template, **listing))


@bp.get("/preview/<uuid:asset_id>")
@allow(Action.EDIT_COURSES)
def preview(asset_id: uuid.UUID) -> ResponseReturnValue:
    """One asset, playable, with what helps to choose it."""
    card = cards.one(db.session(), g.principal, asset_id)
    if card is None or card.trashed:
        raise NotFound("File not found in this library.")
    used = usages.of_asset(db.session(), g.principal, asset_id)
    return htmx.fragment(render_template("picker/_preview.html", card=card, usages=used))


def _listing() -> dict[str, Any]:
    lesson, session = _lesson(), db.session()
    query = Query(q=request.args.get("q", "").strip(), kind=request.args.get("kind", ""))
    cursor = request.args.get("cursor") or None
    return {
        "lesson": lesson,
        "query": query,
        "cursor": cursor,
        "page": cards.page(session, g.principal, query, cursor, PAGE),
        "here": {usage.asset_id for usage in usages.of_lesson(session, g.principal, lesson.id)},
    }


def _lesson() -> Lesson:
    try:
        lesson_id = uuid.UUID(request.args.get("lesson", ""))
    except ValueError as error:
        raise NotFound("Lesson not found.") from error
    return lessons.get(db.session(), g.principal, lesson_id)
