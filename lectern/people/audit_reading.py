"""The audit log of one object, read in part: by what was done, by whom, since when."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, cast, func, or_, select
from sqlalchemy.orm import Session

from lectern.errors import NotFound
from lectern.models import AuditEntry, User
from lectern.people.audit import Line, lines
from lectern.people.principal import Principal
from lectern.people.rights import Action, require

# How far back one looks for who changed a field last.
FAR = 200
# Lines read at a time where all of them are wanted.
AT_ONCE = 500


@dataclass(frozen=True)
class Only:
    """Which lines are wanted; empty means all.

    `actions` are whole, `asset.tags`, or a noun alone, `usage`: then whatever was done with it.
    """

    actions: tuple[str, ...] = ()
    actor: uuid.UUID | None = None
    since: datetime | None = None

    def __bool__(self) -> bool:
        return bool(self.actions or self.actor or self.since)


_EVERY_LINE = Only()


def history(
    session: Session,
    principal: Principal,
    object_id: uuid.UUID,
    only: Only = _EVERY_LINE,
    *,
    before: int | None = None,
    limit: int = 50,
) -> list[Line]:
    """What was done to one object, newest first; `before` is the seq of the last one already seen.

    For whoever may see the object: the caller has loaded it through the principal.
    """
    require(principal, Action.SEE)
    which = _which(principal, object_id, only)
    return lines(session, principal.workspace_id, *which, before=before, limit=limit)


def whole(
    session: Session, principal: Principal, object_id: uuid.UUID, only: Only
) -> Iterator[Line]:
    """All of `history`, read in pieces."""
    before: int | None = None
    while found := history(session, principal, object_id, only, before=before, limit=AT_ONCE):
        yield from found
        before = found[-1].seq


def count(session: Session, principal: Principal, object_id: uuid.UUID, only: Only) -> int:
    """How many lines `history` leads through."""
    require(principal, Action.SEE)
    query = select(func.count()).where(*_which(principal, object_id, only))
    return session.execute(query).scalar_one()


def one(session: Session, principal: Principal, object_id: uuid.UUID, seq: int) -> Line:
    """One line about the object.

    Raises:
        NotFound: there is no such line, or it is about something else.
    """
    require(principal, Action.SEE)
    which = (*_which(principal, object_id, Only()), AuditEntry.seq == cast(seq, BigInteger))
    found = lines(session, principal.workspace_id, *which, limit=1)
    if not found:
        raise NotFound("Entry not found in this history.")
    return found[0]


def last_change(
    session: Session, principal: Principal, object_id: uuid.UUID, action: str, key: str = ""
) -> Line | None:
    """The newest line of an action; with `key`, the newest that changed this member."""
    limit = FAR if key else 1
    for line in history(session, principal, object_id, Only((action,)), limit=limit):
        values = [line.details.get(when) or {} for when in ("before", "after")]
        if not key or values[0].get(key) != values[1].get(key):
            return line
    return None


def actors(
    session: Session, principal: Principal, object_id: uuid.UUID
) -> list[tuple[uuid.UUID, str]]:
    """Who did anything to the object: id and name, by name."""
    require(principal, Action.SEE)
    query = (
        select(User.id, User.name)
        .where(
            User.id.in_(select(AuditEntry.actor_id).where(*_which(principal, object_id, Only())))
        )
        .order_by(func.lower(User.name), User.id)
    )
    return [(user_id, name) for user_id, name in session.execute(query)]


def names_of(
    session: Session, principal: Principal, user_ids: Iterable[uuid.UUID | None]
) -> dict[uuid.UUID | None, str]:
    """The names of people who did something here, by id."""
    require(principal, Action.SEE)
    wanted = {user_id for user_id in user_ids if user_id}
    if not wanted:
        return {}
    query = select(User.id, User.name).where(User.id.in_(wanted))
    return {user_id: name for user_id, name in session.execute(query)}


def _which(principal: Principal, object_id: uuid.UUID, only: Only) -> list[ColumnElement[bool]]:
    conditions = [
        AuditEntry.workspace_id == principal.workspace_id,
        AuditEntry.object_id == object_id,
    ]
    if only.actions:
        exact = [action for action in only.actions if "." in action]
        nouns = [AuditEntry.action.startswith(f"{n}.", autoescape=True) for n in only.actions]
        conditions.append(or_(AuditEntry.action.in_(exact), *nouns))
    if only.actor:
        conditions.append(AuditEntry.actor_id == only.actor)
    if only.since:
        conditions.append(AuditEntry.at >= only.since)
    return conditions
