"""The whole metadata of a workspace as one ZIP of JSON Lines, made while it is written."""

import json
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import IO, Any

from sqlalchemy import Row, Select, select, text, union
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.exchange import tables
from lectern.exchange.schema import (
    FILES,
    FORMAT,
    MANIFEST,
    RECORDS,
    VERSION,
    Record,
    written,
)
from lectern.models import AssetTag, Blob, Member, ScheduledSwitch, User, Version, Workspace
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.storage import Storage


def steady(session: Session) -> None:
    """Let all that this transaction reads be of one moment; call it before anything is read."""
    # Inside somebody's savepoint it is too late to ask, and one moment is not theirs to choose.
    if not session.connection().in_nested_transaction():
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))


def write(
    session: Session, principal: Principal, target: IO[bytes], storage: Storage | None = None
) -> dict[str, int]:
    """Write the export to `target`, with the files' bytes when a storage is given.

    Returns how many lines each file has. The caller has called `steady`.

    Raises:
        Forbidden: the principal is no owner.
    """
    require(principal, Action.EXCHANGE)
    counts: dict[str, int] = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for record in RECORDS:
            lines = _lines(session, principal.workspace_id, record)
            counts[record.file] = _add(archive, f"{record.file}.jsonl", lines)
        for name, rows in tables.sheets(session, principal.workspace_id):
            _add(archive, name, rows)
        if storage is not None:
            counts["files"] = _add_files(archive, session, principal.workspace_id, storage)
        workspace = session.get_one(Workspace, principal.workspace_id)
        archive.writestr(MANIFEST, _manifest(session, workspace, counts))
    return counts


def record(session: Session, principal: Principal, counts: Mapping[str, int]) -> None:
    """Write down that everything was taken out."""
    audit.record(session, principal, "library.export", "workspace", principal.workspace_id, counts)


def _manifest(session: Session, workspace: Workspace, counts: Mapping[str, int]) -> str:
    seq, digest = audit.head(session, workspace.id)
    said = {
        "format": FORMAT,
        "version": VERSION,
        "made_at": written(datetime.now(UTC)),
        "workspace": {"slug": workspace.slug, "name": workspace.name, "zone": workspace.zone},
        "audit_head": {"seq": seq, "hash": digest},
        "counts": counts,
    }
    return json.dumps(said, ensure_ascii=False, indent=2) + "\n"


def _add(archive: zipfile.ZipFile, name: str, lines: Iterator[str]) -> int:
    number = 0
    with archive.open(_entry(name), "w", force_zip64=True) as file:
        for line in lines:
            file.write(line.encode())
            number += 1
    return number


def _add_files(
    archive: zipfile.ZipFile, session: Session, workspace_id: uuid.UUID, storage: Storage
) -> int:
    query = (
        scoped(Blob, workspace_id, Blob.digest, Blob.key)
        .join(Version, (Version.workspace_id == Blob.workspace_id) & (Version.blob_id == Blob.id))
        .where(Blob.state != "awaited")
        .distinct()
        .order_by(Blob.digest)
    )
    number = 0
    for digest, key in session.execute(query).all():
        # Media are compressed already.
        entry = _entry(FILES + digest, zipfile.ZIP_STORED)
        with archive.open(entry, "w", force_zip64=True) as file:
            for piece in storage.read(key):
                file.write(piece)
        number += 1
    return number


def _entry(name: str, kind: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, datetime.now(UTC).timetuple()[:6])
    entry.compress_type, entry.external_attr = kind, 0o600 << 16
    return entry


def _lines(session: Session, workspace_id: uuid.UUID, record: Record) -> Iterator[str]:
    names = record.columns
    columns = [getattr(record.model, name) for name in names]
    ask = _ASKS.get(record.file, _plain)
    query = ask(record, columns, workspace_id).execution_options(yield_per=record.at_once)
    for rows in session.execute(query).partitions():
        also = _BESIDE[record.file](session, workspace_id, rows) if record.also else {}
        for row in rows:
            # Some may come with a column more, that `also` reads.
            values = {name: written(value) for name, value in zip(names, row, strict=False)}
            said = {**values, **also.get(row[0], {})}
            yield json.dumps(said, ensure_ascii=False, separators=(",", ":")) + "\n"


def _plain(record: Record, columns: list[Any], workspace_id: uuid.UUID) -> Select[Any]:
    key = record.columns[0]
    model = record.model
    query = select(*columns).where(model.workspace_id == workspace_id)
    return query.order_by(getattr(model, key))


def _switches(record: Record, columns: list[Any], workspace_id: uuid.UUID) -> Select[Any]:
    """Those of versions; what is planned for an upload that goes on comes with the upload."""
    return _plain(record, columns, workspace_id).where(ScheduledSwitch.version_id.is_not(None))


def _people(record: Record, columns: list[Any], workspace_id: uuid.UUID) -> Select[Any]:
    """Members, and whoever made or did something that is exported."""
    named = [scoped(Member, workspace_id, Member.user_id)]
    for each in RECORDS:
        people = [name for name, file in each.refers.items() if file == "people"]
        # Of an actor the log keeps the id alone, but the reader of an export wants the name.
        for name in ["actor_id"] if each.file == "audit" else people:
            mine = each.model.workspace_id == workspace_id
            named.append(select(getattr(each.model, name)).where(mine))
    return select(*columns).where(User.id.in_(union(*named))).order_by(User.id)


def _tags_beside(
    session: Session, workspace_id: uuid.UUID, rows: "list[Row[Any]] | Any"
) -> dict[uuid.UUID, dict[str, Any]]:
    found: dict[uuid.UUID, dict[str, Any]] = {row[0]: {"tags": []} for row in rows}
    query = scoped(AssetTag, workspace_id, AssetTag.asset_id, AssetTag.tag_id).where(
        AssetTag.asset_id.in_(found)
    )
    for asset_id, tag_id in session.execute(query.order_by(AssetTag.tag_id)):
        found[asset_id]["tags"].append(str(tag_id))
    return found


def _bytes_beside(
    session: Session, workspace_id: uuid.UUID, rows: "list[Row[Any]] | Any"
) -> dict[uuid.UUID, dict[str, Any]]:
    query = (
        select(Version.id, Blob.digest, Blob.byte_size, Blob.mime)
        .join(Blob, (Blob.workspace_id == Version.workspace_id) & (Blob.id == Version.blob_id))
        .where(Version.workspace_id == workspace_id, Version.id.in_([row[0] for row in rows]))
    )
    return {
        version_id: {"digest": digest, "byte_size": size, "blob_mime": mime}
        for version_id, digest, size, mime in session.execute(query)
    }


_ASKS: Mapping[str, Callable[[Record, list[Any], uuid.UUID], Select[Any]]] = {
    "people": _people,
    "scheduled_switches": _switches,
}
_BESIDE: Mapping[str, Callable[..., dict[uuid.UUID, dict[str, Any]]]] = {
    "assets": _tags_beside,
    "versions": _bytes_beside,
}
