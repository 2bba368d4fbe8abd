"""Checks that what is stored is what the rows promise; the arithmetic side can be put right."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

import core_ext
from lectern.library.uploads import spool_path
from lectern.models import Blob, Upload, UploadState, Workspace
from lectern.people import audit
from lectern.settings import Settings
from lectern.storage import Storage

# Rows are read in pages, so that neither memory nor a transaction grows with the library.
PAGE = 500


@dataclass(frozen=True)
class Finding:
    """One broken promise, in a sentence."""

    sentence: str


@dataclass(frozen=True)
class Rule:
    """A promise among rows. `broken` selects workspace and thing; `repair` mends all of them."""

    sentence: str
    broken: str
    repair: str | None = None


_COUNTED = """
    SELECT a.workspace_id, a.id, a.name,
        (SELECT count(*) FROM usage u
            WHERE u.workspace_id = a.workspace_id AND u.asset_id = a.id) AS uses,
        (SELECT count(*) FROM version v
            WHERE v.workspace_id = a.workspace_id AND v.asset_id = a.id) AS versions
    FROM asset a"""
_CURRENT = """
    SELECT a.workspace_id, a.id, a.name, v.number, b.digest, b.byte_size, b.mime
    FROM asset a
    JOIN version v ON v.workspace_id = a.workspace_id AND v.id = a.current_version_id
    JOIN blob b ON b.workspace_id = v.workspace_id AND b.id = v.blob_id"""
_DIFFERS = """(a.version_number, a.digest, a.byte_size, a.mime)
    IS DISTINCT FROM (t.number, t.digest, t.byte_size, t.mime)"""
_SAME = "a.workspace_id = t.workspace_id AND a.id = t.id"

RULES = (
    Rule(
        "“{name}” says it is used in {stated} places, and {true} use it.",
        f"SELECT a.name, a.usage_count AS stated, t.uses AS true FROM asset a"
        f" JOIN ({_COUNTED}) t ON {_SAME} WHERE a.usage_count <> t.uses",
        f"UPDATE asset a SET usage_count = t.uses, lock_version = a.lock_version + 1"
        f" FROM ({_COUNTED}) t WHERE {_SAME} AND a.usage_count <> t.uses",
    ),
    Rule(
        "“{name}” says it has {stated} versions, and there are {true}.",
        f"SELECT a.name, a.version_count AS stated, t.versions AS true FROM asset a"
        f" JOIN ({_COUNTED}) t ON {_SAME} WHERE a.version_count <> t.versions",
        f"UPDATE asset a SET version_count = t.versions, lock_version = a.lock_version + 1"
        f" FROM ({_COUNTED}) t WHERE {_SAME} AND a.version_count <> t.versions",
    ),
    Rule(
        "“{name}” shows facts that are not its current version's.",
        f"SELECT a.name FROM asset a JOIN ({_CURRENT}) t ON {_SAME} WHERE {_DIFFERS}",
        f"UPDATE asset a SET version_number = t.number, digest = t.digest,"
        f" byte_size = t.byte_size, mime = t.mime, lock_version = a.lock_version + 1"
        f" FROM ({_CURRENT}) t WHERE {_SAME} AND {_DIFFERS}",
    ),
    Rule(
        "“{name}” has no current version, or another asset's.",
        "SELECT a.name FROM asset a LEFT JOIN version v ON v.workspace_id = a.workspace_id"
        " AND v.id = a.current_version_id WHERE v.asset_id IS DISTINCT FROM a.id",
    ),
    Rule(
        "The versions of “{name}” are not numbered from 1 without gaps.",
        "SELECT a.name FROM asset a JOIN version v ON v.workspace_id = a.workspace_id"
        " AND v.asset_id = a.id GROUP BY a.workspace_id, a.id, a.name"
        " HAVING min(v.number) <> 1 OR max(v.number) <> count(*)",
    ),
    Rule(
        "“{name}” needs bytes that are being deleted.",
        "SELECT a.name FROM asset a JOIN version v ON v.workspace_id = a.workspace_id"
        " AND v.asset_id = a.id JOIN blob b ON b.workspace_id = v.workspace_id"
        " AND b.id = v.blob_id WHERE b.state = 'deleting'",
    ),
    Rule(
        "The poster of “{name}” names bytes that are not there.",
        "SELECT a.name FROM asset a LEFT JOIN blob b ON b.workspace_id = a.workspace_id"
        " AND b.id = a.poster_blob_id AND b.state <> 'deleting'"
        " WHERE a.poster_blob_id IS NOT NULL AND b.id IS NULL",
    ),
    Rule(
        "A tag of “{name}” has another date than it, so lists by tag are out of order.",
        "SELECT a.name FROM asset a JOIN asset_tag t ON t.workspace_id = a.workspace_id"
        " AND t.asset_id = a.id WHERE t.asset_created_at <> a.created_at",
        "UPDATE asset_tag t SET asset_created_at = a.created_at FROM asset a"
        " WHERE t.workspace_id = a.workspace_id AND t.asset_id = a.id"
        " AND t.asset_created_at <> a.created_at",
    ),
    Rule(
        # Far beyond lease and sweep (reliability.md §1.2 I7), so that a running server is at peace.
        "The step {step} has had no worker for {minutes} minutes, and nobody took it up.",
        "SELECT step, (extract(epoch FROM clock_timestamp() - lease_until) / 60)::int AS minutes"
        " FROM task WHERE state = 'running'"
        " AND lease_until < clock_timestamp() - interval '10 min'",
    ),
)


def rows(session: Session) -> Iterator[Finding]:
    """What the rows say of each other; one statement a rule, each a consistent view."""
    for rule in RULES:
        for row in session.execute(text(rule.broken)).mappings():
            yield Finding(rule.sentence.format_map(row))


def repair(session: Session) -> int:
    """Recount what can be recounted; returns how many rows changed.

    Facts that repeat others are set from those. Lost or damaged bytes are a backup's business.
    """
    changed = 0
    for rule in RULES:
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


def stored(session: Session, storage: Storage) -> Iterator[Finding]:
    """Read every stored byte and compare it with its digest; as slow as the disk."""
    after: uuid.UUID | None = None
    while True:
        query = select(Blob).where(Blob.state != "deleting").order_by(Blob.id).limit(PAGE)
        page = session.scalars(query.where(Blob.id > after) if after else query).all()
        if not page:
            return
        for blob in page:
            wrong = _wrong_bytes(storage, blob)
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
    number, size = session.execute(query.where(Blob.state != "deleting")).one()
    return int(number), int(size)


def _wrong_bytes(storage: Storage, blob: Blob) -> str | None:
    try:
        size = storage.size(blob.key)
        if size != blob.byte_size:
            return f"has {size:,} bytes and should have {blob.byte_size:,}"
        if core_ext.digest_file(storage.path(blob.key)) != blob.digest:
            return "is damaged: its content has another digest"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None


def _still_wanted(session: Session, blob: Blob) -> bool:
    """A running server may have deleted it meanwhile, which is no damage."""
    query = select(Blob.state).where(Blob.workspace_id == blob.workspace_id, Blob.id == blob.id)
    return session.scalar(query) not in {None, "deleting"}
