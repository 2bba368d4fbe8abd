"""Blobs: bytes stored once per workspace, under the digest of their content."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

import core_ext
from lectern.models import Blob, new_id
from lectern.storage import Storage


@dataclass(frozen=True)
class Stored:
    """Bytes that are in storage already, and the row that will name them."""

    blob_id: uuid.UUID
    digest: str
    byte_size: int
    key: str
    crc32: int | None = None


def store(storage: Storage, workspace_id: uuid.UUID, source: Path) -> Stored:
    """Put a finished file into storage; no row names it yet, so a crash leaves only garbage.

    The digest vouches for what will be served: bytes that had to travel are compared with it.

    Raises:
        StorageFull: no space. StorageDamaged: what was written cannot be read back.
        StorageAway: the storage does not answer.
    """
    blob_id, byte_size = new_id(), source.stat().st_size
    digest, crc32 = core_ext.digest_and_crc(source)
    # Fixed length: no key is a prefix of another. The blob's id makes it unique for ever.
    key = f"b1/{digest[:2]}/{digest}/{workspace_id.hex[:8]}-{blob_id.hex}"
    storage.put(source, key, digest)
    return Stored(blob_id, digest, byte_size, key, crc32)


def claim(session: Session, workspace_id: uuid.UUID, digest: str) -> Blob | None:
    """The usable blob with this content, saved from collection in this transaction.

    Call it in the transaction that adds the reference (docs/reliability.md#storage).
    """
    return session.scalar(
        update(Blob)
        .where(
            Blob.workspace_id == workspace_id,
            Blob.digest == digest,
            Blob.state.in_(["live", "condemned"]),
        )
        .values(state="live", claimed_at=func.clock_timestamp(), condemned_at=None)
        .returning(Blob),
        execution_options={"synchronize_session": False, "populate_existing": True},
    )


def add(session: Session, workspace_id: uuid.UUID, stored: Stored, mime: str) -> tuple[Blob, bool]:
    """The blob of these bytes, and whether `stored` was redundant because one existed.

    A redundant copy is the caller's to delete from storage, after its commit.
    """
    # Two tasks that finish equal content at once must agree on one row.
    lock = func.hashtextextended(f"blob:{workspace_id}:{stored.digest}", 0)
    session.execute(select(func.pg_advisory_xact_lock(lock)))
    existing = claim(session, workspace_id, stored.digest)
    if existing is not None:
        if existing.crc32 is None:
            existing.crc32 = stored.crc32
        return existing, True
    blob = Blob(
        workspace_id=workspace_id,
        id=stored.blob_id,
        digest=stored.digest,
        byte_size=stored.byte_size,
        mime=mime,
        key=stored.key,
        crc32=stored.crc32,
        verified_at=func.clock_timestamp(),
    )
    session.add(blob)
    session.flush()
    return blob, False


def without_crc(session: Session, after: uuid.UUID | None, limit: int) -> Sequence[Blob]:
    """Stored blobs whose CRC-32 nobody has computed yet, of all workspaces, by id after `after`."""
    query = select(Blob).where(Blob.crc32.is_(None), Blob.state == "live").order_by(Blob.id)
    return session.scalars((query.where(Blob.id > after) if after else query).limit(limit)).all()


def learn_crc(session: Session, workspace_id: uuid.UUID, blob_id: uuid.UUID, crc32: int) -> None:
    """Write down the CRC-32 of all bytes of a blob, by whoever has read them and their digest."""
    session.execute(
        update(Blob)
        .where(Blob.workspace_id == workspace_id, Blob.id == blob_id, Blob.crc32.is_(None))
        .values(crc32=crc32)
    )
