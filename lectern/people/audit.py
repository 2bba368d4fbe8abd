"""The audit log: what was done, by whom, in the transaction that did it, chained by HMAC.

Each entry's hash covers the one before, with a key that is not in the database: whoever changes,
drops or inserts a row there cannot make the chain fit again. It holds people by id only, so that
erasing a person leaves the chain whole.
"""

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, cast, func, select, true
from sqlalchemy.orm import Session

from lectern.models import AuditEntry, User
from lectern.people.principal import Principal
from lectern.people.rights import Action, require

_START = bytes(32)
# The first half of an advisory lock; the second is the workspace.
_LOCK = 0x4C41


class _Key:
    """The process's key, bound once at its start."""

    value: bytes | None = None


class Fact(NamedTuple):
    """Something that was done: noun.verb, to what, and what it was before and after."""

    action: str
    object_type: str
    object_id: uuid.UUID | None
    details: Mapping[str, Any]


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


def configure(secret_key: str) -> None:
    """Bind the key of every chain; each process that writes or verifies calls it once, at start."""
    # Its own key, so that no other use of the secret can be made to sign an entry.
    _Key.value = hmac.digest(secret_key.encode(), b"lectern audit log, version 1", "sha256")


def record(
    session: Session,
    principal: Principal,
    action: str,
    object_type: str,
    object_id: uuid.UUID | None,
    details: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write down that `principal` did `action` (noun.verb) to an object, in this transaction.

    See `record_all`.
    """
    fact = Fact(action, object_type, object_id, details or {})
    return record_all(session, principal, [fact])[0]


def record_all(
    session: Session, principal: Principal, facts: Sequence[Fact]
) -> Sequence[AuditEntry]:
    """Write down several things at once, in order, in this transaction.

    Details are JSON without names or addresses of people; ids, times and the like become text.
    Call it after the rows are changed: from here to its end the transaction holds the workspace's
    audit lock, and waiting for a row then could be a deadlock.
    """
    if not facts:
        return []
    session.flush()
    workspace_id = principal.workspace_id
    at, seq, previous = _take(session, workspace_id)
    entries = []
    for number, fact in enumerate(facts, seq + 1):
        entry = AuditEntry(
            workspace_id=workspace_id,
            seq=number,
            at=at,
            actor_id=principal.user_id,
            action=fact.action,
            object_type=fact.object_type,
            object_id=fact.object_id,
            details=_plain(fact.details),
            previous_hash=previous,
        )
        previous = entry.hash = _hash(entry)
        entries.append(entry)
    session.add_all(entries)
    session.flush()
    return entries


def _take(session: Session, workspace_id: uuid.UUID) -> tuple[datetime, int, bytes]:
    """Hold the chain until the transaction ends; the time, and the seq and hash to go on from."""
    session.execute(select(func.pg_advisory_xact_lock(_LOCK, _lock_of(workspace_id))))
    # A statement of its own: it must see what the lock's last holder committed.
    newest = (
        select(AuditEntry.seq, AuditEntry.hash)
        .where(AuditEntry.workspace_id == workspace_id)
        .order_by(AuditEntry.seq.desc())
        .limit(1)
        .subquery()
    )
    now = select(func.clock_timestamp().label("at")).subquery()
    at, seq, previous = session.execute(
        select(now.c.at, newest.c.seq, newest.c.hash).outerjoin_from(now, newest, true())
    ).one()
    return at, seq or 0, previous or _START


def history(
    session: Session,
    principal: Principal,
    object_id: uuid.UUID,
    *,
    before: int | None = None,
    limit: int = 50,
) -> list[Line]:
    """What was done to one object, newest first; `before` is the seq of the last one already seen.

    For whoever may see the object: the caller has loaded it through the principal.
    """
    require(principal, Action.SEE)
    return _lines(session, principal, before, limit, AuditEntry.object_id == object_id)


def entries(
    session: Session, principal: Principal, *, before: int | None = None, limit: int = 50
) -> list[Line]:
    """What was done in the workspace, newest first."""
    require(principal, Action.SEE_AUDIT)
    return _lines(session, principal, before, limit)


def total(session: Session, principal: Principal) -> int:
    """How many entries the workspace has."""
    require(principal, Action.SEE_AUDIT)
    return _count(session, principal.workspace_id)


def count_of(session: Session, principal: Principal, object_id: uuid.UUID) -> int:
    """How many entries `history` leads through."""
    require(principal, Action.SEE)
    query = select(func.count()).where(
        AuditEntry.workspace_id == principal.workspace_id, AuditEntry.object_id == object_id
    )
    return session.execute(query).scalar_one()


def verify(session: Session, workspace_id: uuid.UUID) -> Verdict:
    """Recompute the whole chain; a pass over every entry of the workspace.

    A chain alone cannot show that its newest entries were cut off: a backup keeps `head` for that.
    """
    previous = (0, _START)
    rows = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.workspace_id == workspace_id)
        .order_by(AuditEntry.seq)
        .execution_options(yield_per=1000, populate_existing=True)
    )
    broken_at = None
    for entry in rows:
        if (entry.seq - 1, entry.previous_hash) != previous:
            broken_at = previous[0] + 1
        elif not hmac.compare_digest(entry.hash, _hash(entry)):
            broken_at = entry.seq
        if broken_at is not None:
            rows.close()
            break
        previous = (entry.seq, entry.hash)
    return Verdict(broken_at is None, _count(session, workspace_id), broken_at)


def head(session: Session, workspace_id: uuid.UUID) -> tuple[int, str]:
    """The newest entry's seq and hash (hex); what an anchor outside the database keeps."""
    row = session.execute(
        select(AuditEntry.seq, AuditEntry.hash)
        .where(AuditEntry.workspace_id == workspace_id)
        .order_by(AuditEntry.seq.desc())
        .limit(1)
    ).one_or_none()
    return (row.seq, row.hash.hex()) if row else (0, _START.hex())


def _lines(
    session: Session,
    principal: Principal,
    before: int | None,
    limit: int,
    *only: ColumnElement[bool],
) -> list[Line]:
    query = (
        select(AuditEntry, User.name)
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .where(AuditEntry.workspace_id == principal.workspace_id, *only)
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


def _hash(entry: AuditEntry) -> bytes:
    """HMAC-SHA256 over the row as canonical JSON, then the previous hash."""
    if _Key.value is None:
        raise RuntimeError("lectern.people.audit.configure was not called at the process's start.")
    row = [
        entry.workspace_id,
        entry.seq,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor_id,
        entry.action,
        entry.object_type,
        entry.object_id,
        entry.details,
    ]
    text = json.dumps(row, sort_keys=True, separators=(",", ":"), default=str, allow_nan=False)
    return hmac.digest(_Key.value, text.encode() + entry.previous_hash, "sha256")


def _plain(value: Any) -> Any:
    """The value as PostgreSQL's `jsonb` will give it back, so that its hash stays the same."""
    if isinstance(value, Mapping):
        return {_text(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(_plain(item) for item in value)
    if isinstance(value, float):
        # jsonb writes numbers out in digits: 1e16 comes back as an integer.
        return int(value) if value.is_integer() else value
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return _text(value)


def _text(value: Any) -> str:
    # jsonb holds no NUL, and UTF-8 no lone surrogates.
    return str(value).replace("\0", "").encode("utf-8", "replace").decode()


def _lock_of(workspace_id: uuid.UUID) -> int:
    digest = hashlib.sha256(workspace_id.bytes).digest()
    return int.from_bytes(digest[:4], signed=True)
