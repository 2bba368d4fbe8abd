"""What machines propose, and what people decide about it, in JSON."""

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue

from jobs import live
from lectern import values
from lectern.courses import courses
from lectern.models import Proposal
from lectern.people.rights import Action
from lectern.proposals import accepting, proposals
from lectern.proposals.proposals import Filter
from web.api.representations import moment
from web.api.requests import parsing
from web.auth import allow
from web.extensions import db

bp = Blueprint("proposals", __name__, url_prefix="/api/v1/proposals")


@bp.get("")
@allow(Action.SEE)
def index() -> ResponseReturnValue:
    """Proposals, newest first."""
    session, wanted = db.session(), _filter()
    page = proposals.list_of(session, g.principal, wanted, parsing.cursor(), parsing.limit())
    body: dict[str, Any] = {"items": [_proposal(row) for row in page.items], "next": page.next}
    if parsing.with_total():
        body["total"] = proposals.total(session, g.principal, wanted)
    return jsonify(body)


@bp.get("/<uuid:proposal_id>")
@allow(Action.SEE)
def show(proposal_id: uuid.UUID) -> ResponseReturnValue:
    """One proposal."""
    return jsonify(_proposal(proposals.get(db.session(), g.principal, proposal_id)))


@bp.put("/<uuid:proposal_id>")
@allow(Action.EDIT)
def edit(proposal_id: uuid.UUID) -> ResponseReturnValue:
    """Accept what the person made of it."""
    payload = values.field("payload", parsing.json_object().get("payload"), values.mapping)
    return _decide(partial(accepting.edit, payload=payload), proposal_id)


@bp.post("/<uuid:proposal_id>/accept")
@allow(Action.EDIT)
def accept(proposal_id: uuid.UUID) -> ResponseReturnValue:
    """Carry it out."""
    return _decide(accepting.accept, proposal_id)


@bp.post("/<uuid:proposal_id>/refuse")
@allow(Action.EDIT)
def refuse(proposal_id: uuid.UUID) -> ResponseReturnValue:
    """Have it never proposed again for the same content and model."""
    reason = values.field("reason", parsing.json_object().get("reason", ""), values.text())
    return _decide(partial(accepting.refuse, reason=reason), proposal_id)


@bp.post("/<uuid:proposal_id>/undo")
@allow(Action.EDIT)
def undo(proposal_id: uuid.UUID) -> ResponseReturnValue:
    """Put back what it changed; it is open again."""
    return _decide(accepting.undo, proposal_id)


def _decide(decide: Callable[..., Proposal], proposal_id: uuid.UUID) -> ResponseReturnValue:
    session = db.session()
    row = decide(session, g.principal, proposal_id)
    session.commit()
    if row.asset_id is not None:
        live.publish(row.workspace_id, live.CHANGED, row.asset_id)
    return jsonify(_proposal(row))


def _filter() -> Filter:
    ref, asset = request.args.get("course"), request.args.get("asset")
    course = courses.get(db.session(), g.principal, ref) if ref else None
    return Filter(
        kind=request.args.get("kind") or None,
        state=request.args.get("state") or None,
        asset_id=values.parameter("asset", asset, values.identifier) if asset else None,
        course_id=course.id if course else None,
    )


def _proposal(row: Proposal) -> dict[str, Any]:
    subject = {"asset": row.asset_id, "course": row.course.ref if row.course else None}
    return {
        "id": str(row.id),
        "kind": row.kind,
        "subject": {name: str(value) for name, value in subject.items() if value is not None},
        "payload": row.payload if row.edited is None else row.edited,
        "proposed": row.payload,
        "evidence": row.evidence,
        "confidence": row.confidence,
        "model": row.model,
        "state": row.state,
        "reason": row.reason,
        "decided_by": str(row.decided_by) if row.decided_by else None,
        "decided_at": moment(row.decided_at),
        "created_at": moment(row.created_at),
    }
