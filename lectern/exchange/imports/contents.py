"""The bytes of imported versions: here already, brought along, or awaited."""

import tempfile
import uuid
from collections.abc import Collection, Mapping
from pathlib import Path

from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.exchange.archive import Archive
from lectern.ingest import awaited
from lectern.models import Blob, new_id
from lectern.storage import Storage, blobs
from lectern.storage.blobs import Stored

AWAITED = awaited.AWAITED
_USABLE = ("live", "condemned")
_AT_ONCE = 5000


def here(session: Session, workspace_id: uuid.UUID, digests: Collection[str]) -> set[str]:
    """Which of these contents the workspace has."""
    found: set[str] = set()
    wanted = sorted(digests)
    for start in range(0, len(wanted), _AT_ONCE):
        query = scoped(Blob, workspace_id, Blob.digest).where(
            Blob.digest.in_(wanted[start : start + _AT_ONCE]), Blob.state.in_(_USABLE)
        )
        found.update(session.scalars(query))
    return found


def store(
    archive: Archive,
    lacking: Mapping[str, int],
    storage: Storage,
    workspace_id: uuid.UUID,
    scratch: Path,
) -> dict[str, Stored]:
    """See `lectern.exchange.imports.importer.store`."""
    stored: dict[str, Stored] = {}
    try:
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            for digest, size in lacking.items():
                path = Path(folder) / digest
                archive.unpack(digest, size, path)
                stored[digest] = blobs.store(storage, workspace_id, path)
                path.unlink()
    except BaseException:
        forget(storage, stored.values())
        raise
    return stored


def forget(storage: Storage, stored: Collection[Stored]) -> None:
    """Delete what no row will name."""
    for each in stored:
        storage.delete(each.key)


def unnamed(
    session: Session, workspace_id: uuid.UUID, stored: Mapping[str, Stored]
) -> list[Stored]:
    """Those that no row names after all: somebody stored the same meanwhile, or it was left out."""
    if not stored:
        return []
    query = scoped(Blob, workspace_id, Blob.key).where(Blob.digest.in_(stored))
    named = set(session.scalars(query))
    return [each for each in stored.values() if each.key not in named]


def blob_of(
    session: Session,
    workspace_id: uuid.UUID,
    digest: str,
    byte_size: int,
    mime: str,
    stored: Mapping[str, Stored],
) -> Blob:
    """The blob with this content; one without bytes, awaited, if they are nowhere."""
    if digest in stored:
        return blobs.add(session, workspace_id, stored[digest], mime)[0]
    known = blobs.claim(session, workspace_id, digest)
    if known is not None:
        return known
    waiting = session.scalar(
        scoped(Blob, workspace_id).where(Blob.digest == digest, Blob.state == AWAITED)
    )
    if waiting is not None:
        return waiting
    blob_id = new_id()
    # A key like any other's, at which nothing will ever be stored.
    key = f"b1/{digest[:2]}/{digest}/{workspace_id.hex[:8]}-{blob_id.hex}"
    blob = Blob(workspace_id=workspace_id, id=blob_id, digest=digest, byte_size=byte_size)
    blob.mime, blob.key, blob.state = mime, key, AWAITED
    session.add(blob)
    session.flush()
    return blob


def arrive(session: Session, workspace_id: uuid.UUID, stored: Mapping[str, Stored]) -> int:
    """Give versions whose bytes were awaited the bytes that have come since.

    Returns how many contents came. What was uploaded meanwhile counts as well as `stored`.
    """
    waiting = session.scalars(scoped(Blob, workspace_id).where(Blob.state == AWAITED)).all()
    came = 0
    for blob in waiting:
        if blob.digest in stored:
            real = blobs.add(session, workspace_id, stored[blob.digest], blob.mime)[0]
        elif (claimed := blobs.claim(session, workspace_id, blob.digest)) is not None:
            real = claimed
        else:
            continue
        awaited.arrive(session, workspace_id, real)
        came += 1
    return came
