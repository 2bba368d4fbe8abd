"""Database and files of one moment in a folder of their own; made again, only what is new moves.

The folder holds one backup, the newest. Its manifest is written last: while there is none, or it
names files that are not as it says, there is no backup.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

import core_ext
from lectern.backup import dump
from lectern.durable import sync_folder
from lectern.errors import Conflict, LecternError, StorageFull
from lectern.settings import Settings
from lectern.storage import LocalStorage, Storage

FORMAT = "lectern-backup"
VERSION = 1
MANIFEST = "manifest.json"
BLOBS = "blobs"
SPOOL = "spool"
SECRETS = "secrets"
# What an installation cannot be without; the servers' passwords are made anew.
KEY = "secret_key"
_BLOBS = "SELECT key, digest, byte_size FROM blob WHERE state IN ('live', 'condemned') ORDER BY key"
_UPLOADS = """SELECT workspace_id, id, received FROM upload
    WHERE state IN ('receiving', 'checking') AND received > 0 ORDER BY id"""
_HEADS = """SELECT DISTINCT ON (workspace_id) workspace_id, seq, encode(hash, 'hex') AS hash
    FROM audit_entry ORDER BY workspace_id, seq DESC"""


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. `heads` are the newest entries of the audit logs, by workspace."""

    made_at: str
    revision: str
    database: str
    database_digest: str
    files: str
    files_digest: str
    heads: dict[str, dict[str, Any]]
    blobs: int
    bytes: int
    uploads: int
    secrets: bool
    format: str = FORMAT
    version: int = VERSION


@dataclass
class Made:
    """What a run did. `problems` are files that are not as their rows say, one sentence each."""

    manifest: Manifest
    copied: int = 0
    problems: list[str] = field(default_factory=list)


def back_up(
    url: str, settings: Settings, storage: Storage, folder: Path, *, with_secrets: bool
) -> Made:
    """Write a backup into `folder`, beside a running server; `url` is the schema owner's.

    Files that are in the folder already stay. A damaged or missing file does not stop the rest.

    Raises:
        Conflict: another backup into this folder is under way.
        LecternError: the database cannot be dumped, or the folder cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(folder), psycopg.connect(url, row_factory=dict_row) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            return _write(connection, url, settings, storage, folder, with_secrets)
    except StorageFull as error:
        raise LecternError("The disk that holds %(folder)s is full.", folder=folder) from error
    except OSError as error:
        raise LecternError(
            "Cannot write to %(folder)s: %(value)s.", folder=folder, value=error.strerror or error
        ) from error


def read_manifest(folder: Path) -> Manifest:
    """The backup in a folder.

    Raises:
        LecternError: there is none, or one that this release does not know.
    """
    try:
        said = json.loads((folder / MANIFEST).read_text("utf-8"))
        if said["format"] == FORMAT and said["version"] == VERSION:
            return Manifest(**said)
    except FileNotFoundError as error:
        raise LecternError("No completed backup found in %(folder)s.", folder=folder) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LecternError("%(value)s is damaged.", value=folder / MANIFEST) from error
    raise LecternError(
        "%(folder)s contains a backup in a format that this release does not support.",
        folder=folder,
    )


def _write(
    connection: "psycopg.Connection[dict[str, Any]]",
    url: str,
    settings: Settings,
    storage: Storage,
    folder: Path,
    with_secrets: bool,
) -> Made:
    now = datetime.now(UTC)
    stamp = now.strftime("%Y%m%dT%H%M%S%fZ")
    database, files = f"database-{stamp}.dump", f"files-{stamp}.jsonl"
    (snapshot,) = _ask(connection, "SELECT pg_export_snapshot() AS name")
    # All that follows is of this moment: the dump, the list of files, the audit logs' ends.
    blobs = _ask(connection, _BLOBS)
    uploads = _ask(connection, _UPLOADS)
    heads = {str(row.pop("workspace_id")): row for row in _ask(connection, _HEADS)}
    (revision,) = _ask(connection, "SELECT version_num FROM alembic_version")
    dump.dump(url, snapshot["name"], folder / database)
    _sync(folder / database)
    _list(blobs, folder / files)
    copied, problems = _copy_blobs(blobs, storage, LocalStorage(folder / BLOBS))
    _copy_uploads(uploads, settings, folder / SPOOL)
    if with_secrets:
        _copy_secrets(settings, folder / SECRETS)
    manifest = Manifest(
        made_at=now.isoformat(),
        revision=revision["version_num"],
        database=database,
        database_digest=core_ext.digest_file(folder / database),
        files=files,
        files_digest=core_ext.digest_file(folder / files),
        heads=heads,
        blobs=len(blobs),
        bytes=sum(row["byte_size"] for row in blobs),
        uploads=len(uploads),
        secrets=with_secrets,
    )
    _finish(folder, manifest)
    _tidy(folder, manifest, {row["key"] for row in blobs})
    return Made(manifest, copied, problems)


def _list(blobs: list[dict[str, Any]], target: Path) -> None:
    with target.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in blobs)
    _sync(target)


def _copy_blobs(
    blobs: list[dict[str, Any]], storage: Storage, target: LocalStorage
) -> tuple[int, list[str]]:
    copied, problems = 0, []
    for row in blobs:
        key, digest = row["key"], row["digest"]
        if target.exists(key) and target.size(key) == row["byte_size"]:
            continue
        target.delete(key)
        try:
            with storage.local_copy(key) as source:
                if core_ext.digest_file(source) != digest:
                    problems.append(f"The file {key} is damaged: its content has another digest.")
                    continue
                target.put(source, key, digest)
                copied += 1
        except FileNotFoundError:
            problems.append(f"The file {key} is missing.")
    return copied, problems


def _copy_uploads(uploads: list[dict[str, Any]], settings: Settings, target: Path) -> None:
    """What has arrived of unfinished uploads; one that has ended meanwhile needs no copy."""
    shutil.rmtree(target, ignore_errors=True)
    for row in uploads:
        name = Path(row["workspace_id"].hex) / row["id"].hex
        source, copy = settings.spool / name, target / name
        if not source.is_file():
            continue
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with source.open("rb") as old, copy.open("xb") as new:
            left = row["received"]
            while left and (piece := old.read(min(left, 1 << 20))):
                new.write(piece)
                left -= len(piece)
        _sync(copy)


def _copy_secrets(settings: Settings, target: Path) -> None:
    target.mkdir(mode=0o700, exist_ok=True)
    path = target / KEY
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(settings.secret_key + "\n")
    _sync(path)


def _finish(folder: Path, manifest: Manifest) -> None:
    """Only now the backup is this one; until now it was the one before."""
    draft = folder / f".{MANIFEST}"
    draft.write_text(json.dumps(asdict(manifest), indent=2) + "\n", "utf-8")
    _sync(draft)
    draft.replace(folder / MANIFEST)
    sync_folder(folder)


def _tidy(folder: Path, manifest: Manifest, keys: set[str]) -> None:
    """Remove what only former backups had; what was purged must not stay for ever."""
    kept = {manifest.database, manifest.files}
    for path in [*folder.glob("database-*.dump"), *folder.glob("files-*.jsonl")]:
        if path.name not in kept:
            path.unlink()
    if not manifest.secrets:
        shutil.rmtree(folder / SECRETS, ignore_errors=True)
    root = folder / BLOBS
    for path in root.rglob("*"):
        if path.is_file() and str(path.relative_to(root)) not in keys:
            path.unlink()


def _ask(connection: "psycopg.Connection[dict[str, Any]]", query: str) -> list[dict[str, Any]]:
    return connection.execute(query.encode()).fetchall()


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
    sync_folder(path.parent)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Conflict("Another backup to %(folder)s is in progress.", folder=folder) from error
    finally:
        os.close(descriptor)
