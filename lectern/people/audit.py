"""The audit log: what was done, by whom, in the transaction that did it, chained by HMAC.

Each entry's hash covers the one before, with a key that is not in the database: whoever changes,
drops or inserts a row there cannot make the chain fit again. It holds people by id only, so that
erasing a person leaves the chain whole.
"""

import hashlib
import hmac
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, func, select, true
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.models import AuditEntry, User, Workspace
from lectern.people import audit_actions
from lectern.people.audit_chain import Entries, Fact, Link, configure, hash_of, plain
from lectern.people.principal import Principal
from lectern.people.rights import Action, require

__all__ = [
    "Fact",
    "Line",
    "Verdict",
    "configure",
    "entries",
    "head",
    "lines",
    "record",
    "record_all",
    "total",
    "verify",
]

_START = bytes(32)
# The first half of an advisory lock; the second is the workspace.
_LOCK = 0x4C41
_COPY = """
    COPY audit_entry (workspace_id, seq, at, actor_id, action, object_type, object_id, details,
        previous_hash, hash) FROM STDIN (FORMAT BINARY)"""


@dataclass(frozen=True)
class Line:
    """An entry as it is read: hashes in hex, the actor's name as it is today."""

    seq: int
    at: datetime
    actor_id: uuid.UUID | None
    actor: str | None
    action: str
    object_type: str
    object_id: uuid.UUID | None
    details: dict[str, Any]
    previous_hash: str
    hash: str


@dataclass(frozen=True)
class Verdict:
    """`broken_at` is the first seq that is missing or does not fit the chain."""

    ok: bool
    entries: int
    broken_at: int | None


def record(
    session: Session,
    principal: Principal,
    action: str,
    object_type: str,
    object_id: uuid.UUID | None,
    details: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write down that `principal` did `action` to an object, in this transaction.

    See `record_all`.
    """
    audit_actions.check(action, object_type)
    session.flush()
    at, seq, previous = _take(session, principal.workspace_id)
    entry = AuditEntry(
        workspace_id=principal.workspace_id,
        seq=seq + 1,
        at=at,
        actor_id=principal.user_id,
        action=action,
        object_type=object_type,
        object_id=object_id,
        details=plain(details or {}),
        previous_hash=previous,
    )
    entry.hash = hash_of(entry)
    session.add(entry)
    session.flush()
    return entry


def record_all(session: Session, principal: Principal, facts: Sequence[Fact]) -> None:
    """Write down several things at once, in order, in this transaction.

    Details are JSON without names or addresses of people; ids, times and the like become text.
    Call it after the rows are changed: from here to its end the transaction holds the workspace's
    audit lock, and waiting for a row then could be a deadlock. A thousand cost a few milliseconds.

    Raises:
        ValueError: an action is not declared in `audit_actions`, a mistake of the program.
    """
    if not facts:
        return
    for action, object_type in {(fact.action, fact.object_type) for fact in facts}:
        audit_actions.check(action, object_type)
    session.flush()
    # Before the chain is held, for it takes the most time.
    written = Entries(facts)
    at, seq, previous = _take(session, principal.workspace_id)
    link = Link(principal.workspace_id, principal.user_id, at, seq + 1, previous)
    driver = session.connection().connection.driver_connection
    assert driver is not None, "a session at work has a connection"  # noqa: S101
    with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.write(written.rows(link))


def _take(session: Session, workspace_id: uuid.UUID) -> tuple[datetime, int, bytes]:
    """Hold the chain until the transaction ends; the time, and the seq and hash to go on from.

    The lock on the workspace stands for a foreign key of each entry.
    """
    session.execute(select(func.pg_advisory_xact_lock(_LOCK, _lock_of(workspace_id))))
    # A statement of its own: it must see what the lock's last holder committed.
    newest = (
        scoped(AuditEntry, workspace_id, AuditEntry.seq, AuditEntry.hash)
        .order_by(AuditEntry.seq.desc())
        .limit(1)
        .subquery()
    )
    at, seq, previous = session.execute(
        select(func.clock_timestamp(), newest.c.seq, newest.c.hash)
        .outerjoin_from(Workspace, newest, true())
        .where(Workspace.id == workspace_id)
        .with_for_update(read=True, key_share=True, of=Workspace)
    ).one()
    return at, seq or 0, previous or _START


def entries(
    session: Session, principal: Principal, *, before: int | None = None, limit: int = 50
) -> list[Line]:
    """What was done in the workspace, newest first."""
    require(principal, Action.SEE_AUDIT)
    return lines(session, principal.workspace_id, before=before, limit=limit)


def total(session: Session, principal: Principal) -> int:
    """How many entries the workspace has."""
    require(principal, Action.SEE_AUDIT)
    return _count(session, principal.workspace_id)


def verify(session: Session, workspace_id: uuid.UUID) -> Verdict:
    """Recompute the whole chain; a pass over every entry of the workspace.

    A chain alone cannot show that its newest entries were cut off: a backup keeps `head` for that.
    """
    previous = (0, _START)
    rows = session.scalars(
        scoped(AuditEntry, workspace_id)
        .order_by(AuditEntry.seq)
        .execution_options(yield_per=1000, populate_existing=True)
    )
    broken_at = None
    for entry in rows:
        if (entry.seq - 1, entry.previous_hash) != previous:
            broken_at = previous[0] + 1
        elif not hmac.compare_digest(entry.hash, hash_of(entry)):
            broken_at = entry.seq
        if broken_at is not None:
            rows.close()
            break
        previous = (entry.seq, entry.hash)
    return Verdict(broken_at is None, _count(session, workspace_id), broken_at)


def head(session: Session, workspace_id: uuid.UUID) -> tuple[int, str]:
    """The newest entry's seq and hash (hex); what an anchor outside the database keeps."""
    row = session.execute(
        scoped(AuditEntry, workspace_id, AuditEntry.seq, AuditEntry.hash)
        .order_by(AuditEntry.seq.desc())
        .limit(1)
    ).one_or_none()
    return (row.seq, row.hash.hex()) if row else (0, _START.hex())


def lines(
    session: Session,
    workspace_id: uuid.UUID,
    *only: ColumnElement[bool],
    before: int | None = None,
    limit: int,
) -> list[Line]:
    """The newest lines of a workspace for which `only` holds, below the seq `before`.

    Asks no right: that depends on what the caller shows.
    """
    query = (
        scoped(AuditEntry, workspace_id, AuditEntry, User.name)
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .where(*only)
        .order_by(AuditEntry.seq.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(AuditEntry.seq < cast(before, BigInteger))
    return [
        Line(
            seq=entry.seq,
            at=entry.at,
            actor_id=entry.actor_id,
            actor=name,
            action=entry.action,
            object_type=entry.object_type,
            object_id=entry.object_id,
            details=entry.details,
            previous_hash=entry.previous_hash.hex(),
            hash=entry.hash.hex(),
        )
        for entry, name in session.execute(query)
    ]


def _count(session: Session, workspace_id: uuid.UUID) -> int:
    query = select(func.count()).where(AuditEntry.workspace_id == workspace_id)
    return session.execute(query).scalar_one()


def _lock_of(workspace_id: uuid.UUID) -> int:
    digest = hashlib.sha256(workspace_id.bytes).digest()
    return int.from_bytes(digest[:4], signed=True)
