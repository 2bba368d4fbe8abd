"""The originals of a selection as one archive: what is in it, under which names, what is not."""

import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern import csv_files
from lectern.bulk import rows as chunk
from lectern.errors import Invalid, Message
from lectern.models import Asset, Blob, Selection, Version
from lectern.people import audit
from lectern.people.audit import Fact
from lectern.people.principal import Principal
from lectern.people.rights import Action, can, require
from lectern.search import selections
from lectern.storage import Storage
from lectern.taxonomy import folders

MOST = 10_000
MANIFEST = "manifest.csv"
NOT_ALLOWED = Message("You don't have permission to download the original of this file.")
NOT_THERE = Message("There is no stored file yet.")
MISSING = Message("Its stored file is missing. Contact your server administrator.")
# What some file system refuses in a name, or a program takes for a path.
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
# Names that mean devices to Windows, with any extension.
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
_LONGEST_PART = 120
_HEADS = ("id", "name", "path", "bytes", "blake3", "not included because")


@dataclass(frozen=True)
class Entry:
    """A file of the selection. `reason` says why it is not in the archive, and then `path` is
    empty; `key` is where its bytes are stored."""

    asset_id: uuid.UUID
    name: str
    path: str = ""
    key: str = ""
    byte_size: int = 0
    digest: str = ""
    version: int = 0
    blob_id: uuid.UUID | None = None
    crc32: int | None = None
    reason: str = ""


def plan(
    session: Session, principal: Principal, selection: Selection, storage: Storage
) -> list[Entry]:
    """All files of the selection, in its order; each that may be downloaded has a path of its own.

    Raises:
        Invalid: nothing is selected, or more than one archive should hold.
    """
    require(principal, Action.DOWNLOAD_ORIGINAL)
    ids = session.scalars(selections.in_order(session, principal, selection).limit(MOST + 1)).all()
    if not 0 < len(ids) <= MOST:
        few = Message(
            "At most %(most)s files can be downloaded at once. Select fewer.", most=f"{MOST:,}"
        )
        raise Invalid(few if ids else "The selection contains no files you can download.")
    names = _Names()
    return [_entry(principal, row, names, storage) for row in _rows(session, principal, ids)]


def record(session: Session, principal: Principal, entries: Sequence[Entry]) -> None:
    """Write into each file's history that its original was downloaded."""
    facts = [
        Fact("asset.download", "asset", each.asset_id, {"version": each.version, "as": "zip"})
        for each in entries
        if each.path
    ]
    audit.record_all(session, principal, facts)


def manifest(entries: Sequence[Entry]) -> bytes:
    """The table of contents: CSV in UTF-8, safe to open in a spreadsheet."""
    rows = (
        (
            *(entry.asset_id, entry.name, entry.path),
            *(entry.byte_size if entry.path else "", entry.digest, entry.reason),
        )
        for entry in entries
    )
    return "".join(csv_files.lines(_HEADS, rows)).encode()


def file_name(at: datetime) -> str:
    """What the archive is called."""
    return f"Lectern {at.astimezone(UTC):%Y-%m-%d %H%M}.zip"


@dataclass(frozen=True)
class _Found:
    asset: chunk.Row
    folder: str
    version: int = 0
    blob: Blob | None = None


def _rows(session: Session, principal: Principal, ids: Sequence[uuid.UUID]) -> Iterator[_Found]:
    workspace_id = principal.workspace_id
    places: chunk.Places = {each: position for position, each in enumerate(ids)}
    assets = chunk.read(session, workspace_id, places, ("original_name", "folder_id"))
    paths = folders.paths_of(
        session, workspace_id, {row.folder_id for row in assets if row.folder_id}
    )
    stored = {
        row.id: row
        for row in session.execute(
            select(Asset.id, Version.number, Blob)
            .join(
                Version,
                (Version.workspace_id == Asset.workspace_id)
                & (Version.id == Asset.current_version_id),
            )
            .join(Blob, (Blob.workspace_id == Version.workspace_id) & (Blob.id == Version.blob_id))
            .where(Asset.workspace_id == workspace_id, chunk.among(ids))
        )
    }
    for row in assets:
        folder = paths.get(row.folder_id, "")
        if row.id in stored:
            _, number, blob = stored[row.id]
            yield _Found(row, folder, number, blob)
        else:
            yield _Found(row, folder)


def _entry(principal: Principal, found: _Found, names: "_Names", storage: Storage) -> Entry:
    row = found.asset
    if not can(principal, Action.DOWNLOAD_ORIGINAL, row):
        return Entry(row.id, row.name, reason=NOT_ALLOWED)
    blob = found.blob
    if blob is None:
        return Entry(row.id, row.name, reason=NOT_THERE)
    if not storage.exists(blob.key):
        return Entry(row.id, row.name, digest=blob.digest, reason=MISSING)
    path = names.path(found.folder, with_extension(row.name, row.original_name))
    return Entry(
        *(row.id, row.name, path, blob.key, blob.byte_size, blob.digest, found.version),
        blob_id=blob.id,
        crc32=blob.crc32,
    )


def with_extension(name: str, original_name: str) -> str:
    """The name as it is now, with the file's own extension."""
    _, dot, extension = original_name.rpartition(".")
    if not dot or name.lower().endswith(f".{extension.lower()}"):
        return name
    return f"{name}.{extension}"


class _Names:
    """Paths that any file system takes, each different from the others, in whichever case."""

    def __init__(self) -> None:
        self._taken = {MANIFEST}
        self._next: dict[str, int] = {}

    def path(self, folder: str, name: str) -> str:
        """A path for this file; a second one of the same name gets a number."""
        parts = [_safe(part) for part in folder.split("/") if part]
        stem, dot, extension = _safe(name).rpartition(".")
        if not stem:
            stem, dot, extension = extension, "", ""
        before = "/".join([*parts, stem])
        path, number = f"{before}{dot}{extension}", self._next.get(f"{before}.{extension}", 1)
        while path.casefold() in self._taken:
            number += 1
            path = f"{before} ({number}){dot}{extension}"
        self._next[f"{before}.{extension}"] = number
        self._taken.add(path.casefold())
        return path


def _safe(part: str) -> str:
    """One name on a path, neither hidden nor a device, neither empty nor too long."""
    clean = _UNSAFE.sub("_", part).strip(" ").lstrip(".").rstrip(". ") or "_"
    if len(clean) > _LONGEST_PART:
        stem, dot, extension = clean.rpartition(".")
        kept = f"{dot}{extension}" if stem and len(extension) <= 10 else ""
        clean = clean[: _LONGEST_PART - len(kept)].rstrip(". ") + kept
    return f"_{clean}" if _DEVICES.fullmatch(clean) else clean
