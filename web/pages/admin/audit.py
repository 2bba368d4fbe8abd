"""The audit log for owners: everything that was done, and whether the log is whole."""

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from lectern.people import audit
from lectern.people.rights import Action
from web.auth import allow
from web.extensions import db
from web.pages.admin.audit_page import AuditPage

bp = Blueprint("audit_log", __name__, url_prefix="/audit")
_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@bp.get("")
@allow(Action.SEE_AUDIT)
def index() -> ResponseReturnValue:
    """The newest lines, through the filters of the address."""
    return render_template("audit/index.html", page=AuditPage(db.session(), g.principal))


@bp.get("/lines")
@allow(Action.SEE_AUDIT)
def lines() -> ResponseReturnValue:
    """The list alone, for another filter; with `before` its continuation."""
    page = AuditPage(db.session(), g.principal)
    name = "audit/_lines.html" if request.args.get("before") else "audit/_list.html"
    return render_template(name, page=page)


@bp.get("/export.<any(csv, json):part>")
@allow(Action.SEE_AUDIT)
def export(part: str) -> ResponseReturnValue:
    """All lines that the filters let through, as a file."""
    page = AuditPage(db.session(), g.principal)
    reply = Response("".join(page.exported(part)), mimetype=_TYPES[part])
    reply.headers["Content-Disposition"] = f"attachment; filename=audit-log.{part}"
    reply.headers["Cache-Control"] = "private, no-store"
    return reply


@bp.get("/verification")
@allow(Action.SEE_AUDIT)
def verification() -> ResponseReturnValue:
    """Recompute the whole chain and say whether it is whole."""
    verdict = audit.verify(db.session(), g.principal.workspace_id)
    head = audit.head(db.session(), g.principal.workspace_id)
    return render_template("audit/verification.html", verdict=verdict, head=head)
