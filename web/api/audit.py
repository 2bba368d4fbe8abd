"""The audit log in JSON."""

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue

from lectern.people import audit
from lectern.people.rights import Action
from web.api import parsing
from web.api.representations import entry_json
from web.auth import allow
from web.extensions import db

bp = Blueprint("audit", __name__, url_prefix="/api/v1/audit")


@bp.get("")
@allow(Action.SEE_AUDIT)
def index() -> ResponseReturnValue:
    """Entries, newest first; the cursor is the last seq seen."""
    size = parsing.limit()
    before = request.args.get("cursor", type=int)
    lines = audit.entries(db.session(), g.principal, before=before, limit=size + 1)
    following = str(lines[size - 1].seq) if len(lines) > size else None
    return jsonify(items=[entry_json(line) for line in lines[:size]], next=following)


@bp.get("/verify")
@allow(Action.SEE_AUDIT)
def verify() -> ResponseReturnValue:
    """Recompute the whole chain."""
    verdict = audit.verify(db.session(), g.principal.workspace_id)
    return jsonify(ok=verdict.ok, entries=verdict.entries, broken_at=verdict.broken_at)
