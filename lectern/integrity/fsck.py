"""Checks that what is stored is what the rows say; the arithmetic side can be put right."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import exists, func, select, text
from sqlalchemy.orm import Session

import core_ext
from lectern.database.scope import scoped
from lectern.errors import StorageDamaged
from lectern.ingest.uploads import spool_path
from lectern.integrity import rules
from lectern.models import AuditEntry, Blob, Tombstone, Upload, UploadState, Workspace
from lectern.people import audit
from lectern.settings import Settings
from lectern.storage import Storage

# Rows are read in pages, so that neither memory nor a transaction grows with the library.
PAGE = 500
# Of whose bytes none are promised: they are on their way out, or an import only knows of them.
_ABSENT = ("deleting", "awaited")
DAMAGED = "is damaged: its content has another digest"


@dataclass(frozen=True)
class Finding:
    """One broken integrity rule, in a sentence."""

    sentence: str


def rows(session: Session, part_of: str | None = None) -> Iterator[Finding]:
    """What the rows say of each other; one statement a rule, each a consistent view.

    `part_of` asks only for the rules of one invariant, such as `I10`.
    """
    for rule in rules.RULES:
        if part_of is None or rule.part_of == part_of:
            for row in session.execute(text(rule.broken)).mappings():
                yield Finding(rule.sentence.format_map(row))


def repair(session: Session) -> int:
    """Recount what can be recounted; returns how many rows changed.

    Facts that repeat others are set from those. Lost or damaged bytes are a backup's business.
    """
    changed = 0
    for rule in rules.RULES:
        if rule.repair:
            result = session.execute(text(rule.repair + " RETURNING 1"))
            changed += len(result.all())
    return changed


def chains(session: Session) -> Iterator[Finding]:
    """Whether each workspace's audit log is whole and in order."""
    for workspace in session.scalars(select(Workspace).order_by(Workspace.slug)):
        verdict = audit.verify(session, workspace.id)
        if not verdict.ok:
            yield Finding(
                f"The audit log of {workspace.slug} is broken at entry {verdict.broken_at}."
            )


def purges(session: Session) -> Iterator[Finding]:
    """Whether the audit log knows of each file that was purged."""
    query = select(Tombstone.id).where(
        ~exists().where(
            AuditEntry.workspace_id == Tombstone.workspace_id,
            AuditEntry.object_id == Tombstone.id,
            AuditEntry.action == "asset.purge",
        )
    )
    for asset_id in session.scalars(query):
        yield Finding(f"The file {asset_id} was purged, and the audit log does not say so.")


def stored(session: Session, storage: Storage, *, read: bool = True) -> Iterator[Finding]:
    """Read every stored byte and compare it with its digest; as slow as the disk.

    Without `read` only whether each file is there, with as many bytes as its row says.
    """
    after: uuid.UUID | None = None
    while True:
        query = select(Blob).where(Blob.state.not_in(_ABSENT)).order_by(Blob.id).limit(PAGE)
        page = session.scalars(query.where(Blob.id > after) if after else query).all()
        if not page:
            return
        for blob in page:
            wrong = _wrong_bytes(storage, blob, read)
            if wrong and _still_wanted(session, blob):
                yield Finding(f"The file {blob.key} {wrong}.")
        after = page[-1].id
        session.expunge_all()


def spooled(session: Session, settings: Settings) -> Iterator[Finding]:
    """Whether each unfinished upload still has the bytes that were acknowledged."""
    query = select(Upload).where(Upload.state.in_([UploadState.RECEIVING, UploadState.CHECKING]))
    for upload in session.scalars(query):
        path = spool_path(settings, upload)
        there = path.stat().st_size if path.exists() else 0
        session.refresh(upload)
        unfinished = upload.state in {UploadState.RECEIVING, UploadState.CHECKING}
        if there < upload.received and unfinished:
            yield Finding(
                f"The upload {upload.id} of “{upload.filename}” has {there:,} bytes "
                f"of {upload.received:,} that were acknowledged."
            )


def count_stored(session: Session) -> tuple[int, int]:
    """How many blobs there are, and their bytes together."""
    query = select(func.count(), func.coalesce(func.sum(Blob.byte_size), 0))
    number, size = session.execute(query.where(Blob.state.not_in(_ABSENT))).one()
    return int(number), int(size)


def _wrong_bytes(storage: Storage, blob: Blob, read: bool) -> str | None:
    try:
        size = storage.size(blob.key)
        if size != blob.byte_size:
            return f"has {size:,} bytes and should have {blob.byte_size:,}"
        if not read:
            return None
        with storage.local_copy(blob.key) as path:
            if core_ext.digest_file(path) != blob.digest:
                return DAMAGED
    except StorageDamaged:
        return DAMAGED
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None


def _still_wanted(session: Session, blob: Blob) -> bool:
    """A running server may have deleted it meanwhile, which is no damage."""
    query = scoped(Blob, blob, Blob.state).where(Blob.id == blob.id)
    return session.scalar(query) not in {None, "deleting"}
