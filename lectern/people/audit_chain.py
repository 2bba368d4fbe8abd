"""What an audit entry's hash is made of: canonical JSON, and a key that is not in the database.

Both are compiled, since a batch writes a hundred thousand entries while somebody waits.
"""

import hmac
import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from core_ext import AuditEntries, canonical_json
from lectern.models import AuditEntry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Fact(NamedTuple):
    """Something that was done: an action of `audit_actions`, to what, and what changed."""

    action: str
    object_type: str
    object_id: uuid.UUID | None
    details: Mapping[str, Any]


class Link(NamedTuple):
    """Where entries begin in the chain of a workspace, and what they have in common."""

    workspace_id: uuid.UUID
    actor_id: uuid.UUID | None
    at: datetime
    seq: int
    previous_hash: bytes


class _Key:
    """The process's key, bound once at its start."""

    value: bytes | None = None


def configure(secret_key: str) -> None:
    """Bind the key of every chain; each process that writes or verifies calls it once, at start."""
    # Its own key, so that no other use of the secret can be made to sign an entry.
    _Key.value = hmac.digest(secret_key.encode(), b"lectern audit log, version 1", "sha256")


def hash_of(entry: AuditEntry) -> bytes:
    """The hash of a row as it is, previous hash included."""
    fact = Fact(entry.action, entry.object_type, entry.object_id, entry.details)
    link = Link(entry.workspace_id, entry.actor_id, entry.at, entry.seq, entry.previous_hash)
    (digest,) = AuditEntries([fact]).hashes(_key(), **_origin(link))
    return digest


class Entries:
    """Facts written out; reading them takes the most time, so do it before the chain is held."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._entries = AuditEntries(facts)

    def rows(self, link: Link) -> bytes:
        """What COPY takes in its binary format, each entry chained to the one before."""
        micros = (link.at - _EPOCH) // _MICROSECOND
        return self._entries.rows(_key(), microseconds=micros, **_origin(link))


def moment(at: datetime) -> str:
    """A time as it is hashed: UTC, microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def plain(value: Any) -> Any:
    """The value as PostgreSQL's `jsonb` will give it back, so that its hash stays the same."""
    return json.loads(canonical_json(value))


def _origin(link: Link) -> dict[str, Any]:
    return {
        "workspace_id": link.workspace_id,
        "actor_id": link.actor_id,
        "moment": moment(link.at),
        "first": link.seq,
        "previous": link.previous_hash,
    }


def _key() -> bytes:
    if _Key.value is None:
        raise RuntimeError("lectern.people.audit.configure was not called at the process's start.")
    return _Key.value
