"""The selection, as the page's script tells and asks it: small JSON answers beside the fragments.

Each answer says how many are selected now and, of the files in `shown`, which.
"""

import uuid
from typing import Any

from flask import Blueprint, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, gettext, ngettext

from lectern import search
from lectern.errors import Invalid
from lectern.models import Selection
from lectern.people.rights import Action
from lectern.search import selections
from web.api.requests import parsing
from web.auth import allow
from web.extensions import db

bp = Blueprint("selection", __name__, url_prefix="/selection")


@bp.post("/changes")
@allow(Action.SEE)
def change() -> ResponseReturnValue:
    """Select `add`, unselect `remove`; with `clear`, nothing else stays. Empty, it only tells."""
    session, body = db.session(), parsing.json_object()
    chosen = selections.begin(session, g.principal, _context(body))
    if body.get("clear") is True:
        selections.clear(session, g.principal, chosen)
    add, remove = _ids(body, "add"), _ids(body, "remove")
    if add:
        selections.add(session, g.principal, chosen, add)
    if remove:
        selections.remove(session, g.principal, chosen, remove)
    session.commit()
    return _state(chosen, _ids(body, "shown"))


@bp.post("/all")
@allow(Action.SEE)
def select_all() -> ResponseReturnValue:
    """Select all that the filter in the address finds, now and when something is done with it."""
    session, body = db.session(), parsing.json_object()
    query = parsing.asset_query(request.args)
    chosen = selections.begin(session, g.principal, _context(body))
    selections.all_matching(session, g.principal, chosen, query)
    session.commit()
    return _state(chosen, _ids(body, "shown"))


@bp.post("/clear")
@allow(Action.SEE)
def clear() -> ResponseReturnValue:
    """Select nothing."""
    session, body = db.session(), parsing.json_object()
    chosen = selections.begin(session, g.principal, _context(body))
    selections.clear(session, g.principal, chosen)
    session.commit()
    return _state(chosen, [])


@bp.get("/matching")
@allow(Action.SEE)
def matching() -> ResponseReturnValue:
    """How many files the filter in the address finds, and the words to offer them all."""
    count = search.total(db.session(), g.principal, parsing.asset_query(request.args))
    words = gettext("Select all %(num)s matching", num=format_decimal(count))
    return {"count": count, "words": words}


def _state(chosen: Selection, shown: list[uuid.UUID]) -> dict[str, Any]:
    session = db.session()
    count = selections.count(session, g.principal, chosen)
    shown_count = format_decimal(count)
    among = selections.contains(session, g.principal, chosen, shown)
    return {
        "count": count,
        "words": ngettext("%(count)s selected", "%(count)s selected", count, count=shown_count),
        "all": chosen.query is not None and not chosen.removed,
        "selected": [str(each) for each in shown if each in among],
        "download": url_for("downloads.selection", selection_id=chosen.id),
    }


def _context(body: dict[str, Any]) -> str:
    return str(body.get("context", "library"))


def _ids(body: dict[str, Any], name: str) -> list[uuid.UUID]:
    """Ids of files in the body; how many is limited by the length of a body."""
    sent = body.get(name, [])
    message = f"{name} is a list of ids."
    if not isinstance(sent, list) or not all(isinstance(each, str) for each in sent):
        raise Invalid(message, {name: message})
    try:
        return [uuid.UUID(each) for each in sent]
    except ValueError as error:
        raise Invalid(message, {name: message}) from error
