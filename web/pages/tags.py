"""Tags: what is suggested while one types."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from lectern.library import tag_words
from lectern.library.names import clean_text, tag_key
from lectern.people.rights import Action
from web import htmx
from web.auth import allow
from web.extensions import db

bp = Blueprint("tags", __name__, url_prefix="/tags")


@bp.get("/suggestions")
@allow(Action.SEE)
def show_suggestions() -> ResponseReturnValue:
    """The options of a field for tags: `q` is what is typed, `taken` (repeatable) what is there."""
    typed, taken = clean_text(request.args.get("q", "")), request.args.getlist("taken")
    found = tag_words.suggest(db.session(), g.principal, typed, taken=taken)
    known = {tag_key(name) for name in [*taken, *(each.name for each in found)]}
    html = render_template(
        "tags/_suggestions.html",
        found=found,
        typed="" if tag_key(typed) in known else typed,
    )
    return htmx.fragment(html)
