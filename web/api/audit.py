"""The audit log in JSON."""

from flask import Blueprint, g, jsonify
from flask.typing import ResponseReturnValue

from lectern.people import audit
from lectern.people.rights import Action
from web.api.requests import paging
from web.auth import allow
from web.extensions import db

bp = Blueprint("audit", __name__, url_prefix="/api/v1/audit")


@bp.get("")
@allow(Action.SEE_AUDIT)
def index() -> ResponseReturnValue:
    """Entries, newest first; the cursor is the last seq seen."""
    session, principal = db.session(), g.principal
    return jsonify(
        paging.lines(
            lambda before, limit: audit.entries(session, principal, before=before, limit=limit),
            lambda: audit.total(session, principal),
        )
    )


@bp.get("/verify")
@allow(Action.SEE_AUDIT)
def verify() -> ResponseReturnValue:
    """Recompute the whole chain."""
    verdict = audit.verify(db.session(), g.principal.workspace_id)
    return jsonify(ok=verdict.ok, entries=verdict.entries, broken_at=verdict.broken_at)
