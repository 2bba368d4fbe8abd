"""The inbox: what machines propose of a subject, kept once, and read by people."""

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, delete, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from lectern import values
from lectern.database.scope import scoped
from lectern.errors import Invalid, Message, NotFound
from lectern.models import Asset, Proposal, Usage, new_id
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.proposals.kinds import KINDS

OPEN, ACCEPTED, EDITED, REFUSED = STATES = ("open", "accepted", "edited", "refused")
MISSING = Message("There is no such proposal in this workspace.")


class Subject(NamedTuple):
    """What a proposal is about: an asset, a course or both."""

    asset_id: uuid.UUID | None = None
    course_id: uuid.UUID | None = None


class Suggestion(NamedTuple):
    """What a machine proposes.

    `identity` is what makes it the same as an earlier one: the content that it was read from, and
    what would change. `evidence` is as `Proposal` has it, `confidence` from 0 to 1.
    """

    payload: dict[str, Any]
    identity: Any
    confidence: float
    evidence: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True)
class Filter:
    """Which proposals are wanted; `course_id` means those about the course or a file it uses."""

    kind: str | None = None
    state: str | None = None
    asset_id: uuid.UUID | None = None
    course_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Page:
    """Proposals, newest first; `next` is the cursor of the next page."""

    items: Sequence[Proposal]
    next: str | None


def propose(
    session: Session,
    workspace_id: uuid.UUID,
    kind: str,
    model: str,
    subject: Subject,
    suggestions: Sequence[Suggestion],
) -> None:
    """Record everything that is now proposed of this kind about the subject.

    Open proposals that are no longer among it are removed; what people decided stays as it is, so
    a refusal is not proposed again. Two runs at once end as one.
    """
    rows = {_fingerprint(subject, each.identity): each for each in suggestions}
    about = (
        Proposal.workspace_id == workspace_id,
        Proposal.kind == kind,
        Proposal.asset_id.is_not_distinct_from(subject.asset_id),
        Proposal.course_id.is_not_distinct_from(subject.course_id),
    )
    known = (Proposal.model == model) & Proposal.fingerprint.in_(rows)
    session.execute(
        delete(Proposal)
        .where(*about, Proposal.state == OPEN, ~known)
        .execution_options(synchronize_session=False)
    )
    if rows:
        session.execute(_upsert(workspace_id, kind, model, subject, rows))
    for row in list(session):
        if isinstance(row, Proposal):
            session.expire(row)


def _upsert(
    workspace_id: uuid.UUID,
    kind: str,
    model: str,
    subject: Subject,
    rows: dict[str, Suggestion],
) -> Any:
    statement = insert(Proposal).values(
        [
            {
                "workspace_id": workspace_id,
                "id": new_id(),
                "kind": kind,
                "asset_id": subject.asset_id,
                "course_id": subject.course_id,
                "model": model,
                "fingerprint": fingerprint,
                "payload": row.payload,
                "evidence": list(row.evidence),
                "confidence": row.confidence,
            }
            for fingerprint, row in sorted(rows.items())
        ]
    )
    newer = {name: statement.excluded[name] for name in ("payload", "evidence", "confidence")}
    return statement.on_conflict_do_update(
        index_elements=["workspace_id", "kind", "model", "fingerprint"],
        set_=newer,
        where=Proposal.state == OPEN,
    )


def _fingerprint(subject: Subject, identity: Any) -> str:
    key = json.dumps([*map(str, subject), identity], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(key.encode()).hexdigest()


def list_of(
    session: Session, principal: Principal, wanted: Filter, cursor: str | None, limit: int
) -> Page:
    """Proposals newest first, without those about files in the trash.

    Raises:
        Invalid: a filter or the cursor is none.
    """
    query = _selected(principal, wanted).options(
        joinedload(Proposal.asset), joinedload(Proposal.course), joinedload(Proposal.decider)
    )
    if cursor:
        query = query.where(Proposal.id < _read(cursor))
    rows = session.scalars(query.order_by(Proposal.id.desc()).limit(limit + 1)).all()
    return Page(rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None)


def list_all(session: Session, principal: Principal, wanted: Filter) -> list[Proposal]:
    """All of them, for a subject that has few."""
    return list(session.scalars(_selected(principal, wanted).order_by(Proposal.id)))


def total(session: Session, principal: Principal, wanted: Filter) -> int:
    """How many there are in all."""
    found = _selected(principal, wanted).subquery()
    return session.execute(select(func.count()).select_from(found)).scalar_one()


def get(session: Session, principal: Principal, proposal_id: uuid.UUID) -> Proposal:
    """One proposal, decided or not.

    Raises:
        NotFound: there is none of this id here.
    """
    require(principal, Action.SEE)
    row = session.get(Proposal, (principal.workspace_id, proposal_id))
    if row is None:
        raise NotFound(MISSING)
    return row


def refused(session: Session, workspace_id: uuid.UUID, kind: str, subject: Subject) -> list[Any]:
    """The payloads of this kind that people refused of the subject."""
    return list(
        session.scalars(
            scoped(Proposal, workspace_id, Proposal.payload).where(
                Proposal.kind == kind,
                Proposal.asset_id.is_not_distinct_from(subject.asset_id),
                Proposal.course_id.is_not_distinct_from(subject.course_id),
                Proposal.state == REFUSED,
            )
        )
    )


def _selected(principal: Principal, wanted: Filter) -> Select[Proposal]:
    require(principal, Action.SEE)
    conditions: list[ColumnElement[bool]] = [Proposal.workspace_id == principal.workspace_id]
    if wanted.kind is not None:
        conditions.append(
            Proposal.kind == values.parameter("kind", wanted.kind, values.choice(KINDS))
        )
    if wanted.state is not None:
        conditions.append(
            Proposal.state == values.parameter("state", wanted.state, values.choice(STATES))
        )
    if wanted.asset_id is not None:
        conditions.append(Proposal.asset_id == wanted.asset_id)
    if wanted.course_id is not None:
        conditions.append(_of_course(wanted.course_id))
    in_library = exists().where(
        Asset.workspace_id == Proposal.workspace_id, Asset.id == Proposal.asset_id, Asset.live
    )
    return select(Proposal).where(*conditions, or_(Proposal.asset_id.is_(None), in_library))


def _of_course(course_id: uuid.UUID) -> ColumnElement[bool]:
    used = exists().where(
        Usage.workspace_id == Proposal.workspace_id,
        Usage.asset_id == Proposal.asset_id,
        Usage.course_id == course_id,
    )
    return or_(Proposal.course_id == course_id, used)


def _read(cursor: str) -> uuid.UUID:
    try:
        return uuid.UUID(cursor)
    except ValueError as error:
        message = Message("This cursor belongs to no list. Begin again without it.")
        raise Invalid(message, {"cursor": message}) from error
