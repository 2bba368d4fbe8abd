"""What a person decides about a proposal: accept, edit, refuse, and undo that."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from lectern.changes import ledger
from lectern.changes.ledger import Change
from lectern.database.locks import lock
from lectern.errors import Conflict, Message, NotFound
from lectern.models import Asset, Proposal
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import require
from lectern.proposals import proposals
from lectern.proposals.kinds import KINDS
from lectern.proposals.proposals import ACCEPTED, EDITED, OPEN, REFUSED
from lectern.text import clean_text

LONGEST_REASON = 500
DECIDED = Message("This proposal has been decided already. Undo that first.")
NOT_DECIDED = Message("This proposal is open, so there is nothing to undo.")


def accept(session: Session, principal: Principal, proposal_id: uuid.UUID) -> Proposal:
    """Carry the proposal out as it is. Accepted already: nothing happens.

    Raises:
        Conflict: it was decided otherwise, or its content has changed since.
    """
    row = _hold(session, principal, proposal_id)
    if row.state == ACCEPTED:
        return row
    _require_open(row)
    return _carry_out(session, principal, row, ACCEPTED, row.payload)


def edit(
    session: Session, principal: Principal, proposal_id: uuid.UUID, payload: Mapping[str, Any]
) -> Proposal:
    """Carry out what the person made of the proposal.

    Raises:
        Invalid: the kind cannot have this payload.
        Conflict: it was decided, or its content has changed since.
    """
    row = _hold(session, principal, proposal_id)
    _require_open(row)
    checked = KINDS[row.kind].handler.check(row, payload)
    if checked == row.payload:
        return accept(session, principal, proposal_id)
    row.edited = checked
    return _carry_out(session, principal, row, EDITED, checked)


def refuse(
    session: Session, principal: Principal, proposal_id: uuid.UUID, reason: str = ""
) -> Proposal:
    """Keep it from being proposed again. Refused already: nothing happens.

    Raises:
        Conflict: it was decided otherwise.
    """
    row = _hold(session, principal, proposal_id)
    if row.state == REFUSED:
        return row
    _require_open(row)
    return decide(session, principal, row, REFUSED, reason=reason)


def undo(session: Session, principal: Principal, proposal_id: uuid.UUID) -> Proposal:
    """Put back what accepting it changed, and have it open again.

    Raises:
        Conflict: it is open, or somebody changed what it changed since.
    """
    row = _hold(session, principal, proposal_id)
    if row.state == OPEN:
        raise Conflict(NOT_DECIDED)
    changes = ledger.from_json(row.changes)
    if changes:
        stays = KINDS[row.kind].handler.undo(session, principal, row, changes)
        if stays:
            raise Conflict(stays[0].reason)
    before = row.state
    row.state, row.edited, row.changes, row.reason = OPEN, None, [], None
    row.decided_at = row.decided_by = None
    session.flush()
    _record(session, principal, row, "undo", {"before": before, "after": OPEN})
    return row


def decide(
    session: Session,
    principal: Principal,
    row: Proposal,
    state: str,
    *,
    changes: Sequence[Change] = (),
    reason: str = "",
) -> Proposal:
    """Write the decision down; the caller has carried it out."""
    row.state, row.changes = state, ledger.to_json(changes)
    row.decided_by, row.decided_at = principal.user_id, func.clock_timestamp()
    row.reason = clean_text(reason)[:LONGEST_REASON] or None
    session.flush()
    session.refresh(row)
    verb = {ACCEPTED: "accept", EDITED: "edit", REFUSED: "refuse"}[state]
    _record(session, principal, row, verb, {"reason": row.reason} if row.reason else {})
    return row


def _carry_out(
    session: Session, principal: Principal, row: Proposal, state: str, payload: Mapping[str, Any]
) -> Proposal:
    # Decided first: what follows may propose anew, and an open proposal that is done would go.
    decide(session, principal, row, state)
    changes = KINDS[row.kind].handler.accept(session, principal, row, payload)
    row.changes = ledger.to_json(changes)
    session.flush()
    return row


def _hold(session: Session, principal: Principal, proposal_id: uuid.UUID) -> Proposal:
    """The proposal, held with its asset: the asset first, as everywhere."""
    row = proposals.get(session, principal, proposal_id)
    asset = session.get(Asset, (row.workspace_id, row.asset_id)) if row.asset_id else None
    require(principal, KINDS[row.kind].right, asset)
    if asset is not None:
        lock(session, asset)
    held = session.get(
        Proposal, (row.workspace_id, row.id), with_for_update=True, populate_existing=True
    )
    if held is None:
        raise NotFound(proposals.MISSING)
    return held


def _require_open(row: Proposal) -> None:
    if row.state != OPEN:
        raise Conflict(DECIDED)


def _record(
    session: Session, principal: Principal, row: Proposal, verb: str, more: Mapping[str, Any]
) -> None:
    thing = ("asset", row.asset_id) if row.asset_id else ("course", row.course_id)
    details = {"proposal": row.id, "kind": row.kind, "model": row.model, **more}
    audit.record(session, principal, f"proposal.{verb}", *thing, details)
