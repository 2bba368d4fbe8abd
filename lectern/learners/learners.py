"""Learners under a pseudonym that only this installation can compute."""

import hashlib
import hmac
import uuid

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lectern.models import Learner, new_id


def digest_of(secret_key: str, workspace_id: uuid.UUID, issuer: str, subject: str) -> bytes:
    """The pseudonym of whom `issuer` calls `subject`: HMAC-SHA256, 32 bytes.

    The key is another one in each workspace, so nobody can tell that two know the same person.
    Lengths go into it, or `a` of `bc` would be `ab` of `c`.
    """
    key = hmac.digest(secret_key.encode(), b"learner" + workspace_id.bytes, "sha256")
    parts = (part.encode() for part in (issuer, subject))
    message = b"".join(len(part).to_bytes(4) + part for part in parts)
    return hmac.new(key, message, hashlib.sha256).digest()


def ensure(session: Session, workspace_id: uuid.UUID, digest: bytes) -> uuid.UUID:
    """The id of the learner with this pseudonym, who is added when first met."""
    session.execute(
        insert(Learner)
        .values(workspace_id=workspace_id, id=new_id(), digest=digest)
        .on_conflict_do_nothing(index_elements=["workspace_id", "digest"])
    )
    query = select(Learner.id).where(Learner.workspace_id == workspace_id, Learner.digest == digest)
    return session.execute(query).scalar_one()
