"""What the storage holds, in JSON."""

from dataclasses import asdict

from flask import Blueprint, g, jsonify
from flask.typing import ResponseReturnValue

from lectern.integrity import storage_totals
from lectern.people.rights import Action
from web.api.representations import moment
from web.auth import allow
from web.extensions import db

bp = Blueprint("storage", __name__, url_prefix="/api/v1/storage")


@bp.get("")
@allow(Action.SEE_STORAGE)
def show() -> ResponseReturnValue:
    """All totals, in bytes; `as_of` says when they were counted."""
    found = storage_totals.get(db.session(), g.principal)
    lists = {
        "by_course": [{**each._asdict(), "course": each.ref} for each in found.by_course],
        "growth": [each._asdict() for each in found.growth],
        "unused": [each._asdict() for each in found.unused],
    }
    for each in lists["by_course"]:
        del each["ref"]
    return jsonify({**asdict(found), **lists, "as_of": moment(found.as_of)})
