"""A backup into an empty place: files first, then the rows that name them, then what was open."""

import json
import shutil
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import select, text
from sqlalchemy.orm import Session

import core_ext
from lectern.backup import dump
from lectern.backup.backup import BLOBS, KEY, SECRETS, SPOOL, Manifest, read_manifest
from lectern.errors import Conflict, LecternError, Message
from lectern.ingest import uploads
from lectern.models import Upload, UploadState, Workspace
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.settings import Settings
from lectern.storage import Storage

# What makes a data folder one that somebody uses.
_TAKEN = ("postgresql", "storage", "spool")
_CUT_OFF = Message("The backup does not contain the rest of this upload. Upload the file again.")
_OPEN = (UploadState.RECEIVING, UploadState.CHECKING)


def check(folder: Path, data: Path) -> Manifest:
    """The backup, if it is whole and `data` is empty but perhaps for secrets.

    Raises:
        Conflict: something is stored there. LecternError: the backup is damaged.
    """
    manifest = read_manifest(folder)
    taken = [name for name in _TAKEN if (data / name).exists()]
    if taken:
        raise Conflict(
            "%(data)s is in use: it contains %(taken)s/. Restore to an empty folder.",
            data=data,
            taken=taken[0],
        )
    for name, digest in (
        (manifest.database, manifest.database_digest),
        (manifest.files, manifest.files_digest),
    ):
        path = folder / name
        if not path.is_file() or core_ext.digest_file(path) != digest:
            raise LecternError(
                "%(path)s is missing or damaged; this backup cannot be restored.", path=path
            )
    return manifest


def bring_secrets(folder: Path, data: Path) -> None:
    """Put the backed up key in its place, unless there is one; before the servers start."""
    source, target = folder / SECRETS / KEY, data / "secrets" / KEY
    if source.is_file() and not target.exists():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o600)


def load(url: str, folder: Path, manifest: Manifest) -> None:
    """Fill the database.

    Raises:
        Conflict: it has tables. LecternError: it cannot be filled.
    """
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT FROM information_schema.tables WHERE table_schema = 'public' LIMIT 1"
        ).fetchone()
    if found is not None:
        raise Conflict("The database is not empty. Restore into an empty one.")
    dump.load(url, folder / manifest.database)


def bring_files(folder: Path, manifest: Manifest, storage: Storage) -> int:
    """Put every file into storage and compare it with its digest; returns how many.

    Raises:
        LecternError: the backup lacks one, or it is damaged.
    """
    brought = 0
    with (folder / manifest.files).open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            source = folder / BLOBS / row["key"]
            if not source.is_file() or core_ext.digest_file(source) != row["digest"]:
                raise LecternError("%(source)s is missing or damaged in the backup.", source=source)
            if storage.exists(row["key"]):
                continue
            storage.put(source, row["key"], row["digest"])
            brought += 1
    return brought


def settle(session: Session, folder: Path, settings: Settings) -> None:
    """Unfinished uploads get their bytes or an end; work that was under way is queued again."""
    for upload in session.scalars(select(Upload).where(Upload.state.in_(_OPEN))):
        target = uploads.spool_path(settings, upload)
        source = folder / SPOOL / target.relative_to(settings.spool)
        size = source.stat().st_size if source.is_file() else 0
        if size < upload.received:
            uploads.fail(session, upload, _CUT_OFF)
        elif size:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    session.execute(
        text("UPDATE task SET state = 'queued', lease_until = NULL WHERE state = 'running'")
    )


def differences(session: Session, manifest: Manifest) -> list[str]:
    """Where the audit logs end otherwise than the manifest says, one sentence each."""
    wrong = []
    for workspace in session.scalars(select(Workspace).order_by(Workspace.slug)):
        seq, digest = audit.head(session, workspace.id)
        said: dict[str, Any] = manifest.heads.get(str(workspace.id), {"seq": 0, "hash": digest})
        if (seq, digest) != (said["seq"], said["hash"]):
            wrong.append(
                f"The audit log of {workspace.slug} ends at entry {seq} and not as it did when "
                "the backup was made."
            )
    return wrong


def record(session: Session, manifest: Manifest) -> None:
    """Write into each audit log that from here on this is a restored library."""
    details = {"made_at": manifest.made_at, "revision": manifest.revision}
    for workspace in session.scalars(select(Workspace)):
        principal = Principal.system(workspace.id)
        audit.record(session, principal, "library.restore", "workspace", workspace.id, details)
