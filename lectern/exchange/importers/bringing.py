"""One file of a folder into the library, with what the table says of it, in one transaction."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lectern import text
from lectern.errors import Conflict, Invalid, Message
from lectern.exchange.importers.relations import Relations
from lectern.exchange.importers.table import TableEntry
from lectern.exchange.importers.walking import SourceFile
from lectern.exchange.imports import people, recording
from lectern.exchange.imports.recording import Item, Key
from lectern.library import assets, versions
from lectern.models import Asset, Blob, LegacyFile, Version, new_id
from lectern.people import audit
from lectern.people.audit import Fact
from lectern.people.principal import Principal
from lectern.pipeline import tasks
from lectern.storage import blobs
from lectern.storage.blobs import Stored
from lectern.taxonomy import folders, tags
from lectern.text import N_

PURGED = Message("It was permanently deleted from this library, so it is not imported again.")
IN_TRASH = Message("It is in the trash in this library. Restore it first.")
OTHER_KIND = N_("It was %(before)s and is now %(after)s, so it cannot be added as a new version.")
GONE = Message("The same content was just deleted from this library. Run the import again.")


class Result(StrEnum):
    """What became of a file. `later` was being written while it was read."""

    ADDED = "added"
    VERSION = "version"
    KNOWN = "known"
    SAME = "same"
    REFUSED = "refused"
    LATER = "later"


@dataclass(frozen=True)
class Outcome:
    """Of one file; `reason` says why it was refused, or that its content was here."""

    path: str
    result: Result
    asset_id: uuid.UUID | None = None
    reason: str = ""


@dataclass(frozen=True)
class Content:
    """What was read of a file before any row. Without `stored` the library has its content."""

    digest: str
    facts: Mapping[str, Any]
    stored: Stored | None = None


@dataclass(frozen=True)
class Source:
    """A folder that is brought in, and the batch that writes it down; none in a rehearsal."""

    name: str
    key: Key | None = None


def known(
    session: Session, principal: Principal, source: str, paths: list[str]
) -> dict[str, LegacyFile]:
    """What earlier runs wrote down about these files, by path."""
    query = select(LegacyFile).where(
        LegacyFile.workspace_id == principal.workspace_id,
        LegacyFile.source == source,
        LegacyFile.path.in_(paths),
    )
    return {row.path: row for row in session.scalars(query)}


def unchanged(row: LegacyFile | None, file: SourceFile, entry: TableEntry) -> bool:
    """Whether nothing is to be done: it came in, and neither it nor its lines changed since."""
    return (
        row is not None
        and row.state == "imported"
        and (row.byte_size, row.mtime_ns) == (file.byte_size, file.mtime_ns)
        and row.said == entry.digest
    )


def bring(
    session: Session,
    principal: Principal,
    source: Source,
    file: SourceFile,
    entry: TableEntry,
    content: Content,
) -> Outcome:
    """Bring one file in: new, as a version of what it was, or as more places that use it.

    The caller's transaction holds all of it, so that nothing is half done.

    Raises:
        Invalid, Conflict: it is refused, with the reason; the caller rolls back and calls `refuse`.
    """
    relations = Relations(session, principal)
    relations.find([line.use for line in entry.lines if line.use])
    facts = {name: value for line in entry.lines for name, value in line.facts.items()}
    row = known(session, principal, source.name, [file.path]).get(file.path)
    bringing = _Bringing(session, principal, source, file, facts, content)
    asset, result = bringing.asset(row)
    relations.use(asset)
    _remember(session, principal, source, file, entry, state="imported", digest=content.digest)
    mine = known(session, principal, source.name, [file.path])[file.path]
    mine.asset_id, mine.old_id, mine.reason = asset.id, facts.get("old_id", mine.old_id), None
    session.flush()
    if source.key is not None:
        recording.note(session, source.key, [*bringing.items, *relations.items])
    audit.record_all(session, principal, [*bringing.facts, *relations.facts])
    if result is Result.SAME and relations.items:
        result = Result.KNOWN
    return Outcome(file.path, result, asset.id)


def refuse(
    session: Session,
    principal: Principal,
    source: Source,
    file: SourceFile,
    entry: TableEntry,
    reason: str,
) -> Outcome:
    """Write down why the file did not come in; the next run tries it again."""
    _remember(session, principal, source, file, entry, state="refused", reason=reason)
    return Outcome(file.path, Result.REFUSED, None, reason)


def _remember(
    session: Session,
    principal: Principal,
    source: Source,
    file: SourceFile,
    entry: TableEntry,
    **more: Any,
) -> None:
    row = known(session, principal, source.name, [file.path]).get(file.path)
    if row is None:
        row = LegacyFile(workspace_id=principal.workspace_id, source=source.name, path=file.path)
        session.add(row)
    row.byte_size, row.mtime_ns, row.said = file.byte_size, file.mtime_ns, entry.digest
    row.updated_at = func.clock_timestamp()
    for name, value in more.items():
        setattr(row, name, value)
    session.flush()


class _Bringing:
    """The file's own rows."""

    def __init__(
        self,
        session: Session,
        principal: Principal,
        source: Source,
        file: SourceFile,
        facts: Mapping[str, Any],
        content: Content,
    ) -> None:
        self.items: list[Item] = []
        self.facts: list[Fact] = []
        self._session = session
        self._principal = principal
        self._source = source
        self._file = file
        self._facts = facts
        self._content = content

    def asset(self, row: LegacyFile | None) -> tuple[Asset, Result]:
        """The asset that the file is here, made or given a version where needed."""
        if row is not None and row.asset_id is not None:
            return self._again(row, row.asset_id)
        same = assets.with_digest(
            self._session, self._principal, self._content.digest, self._file.byte_size
        )
        if same:
            return self._locked(same[-1].id), Result.KNOWN
        return self._new(), Result.ADDED

    def _again(self, row: LegacyFile, asset_id: uuid.UUID) -> tuple[Asset, Result]:
        asset = self._locked(asset_id)
        if row.digest == self._content.digest:
            return asset, Result.SAME
        kind = self._content.facts["kind"]
        if kind != asset.kind:
            raise Invalid(OTHER_KIND, before=asset.kind, after=kind)
        before = asset.version_number
        version = self._append(asset)
        self.items.append(Item("versions", version.id, {"number": before}, None))
        self._tell("asset.replace", asset, version)
        return asset, Result.VERSION

    def _locked(self, asset_id: uuid.UUID) -> Asset:
        key = (self._principal.workspace_id, asset_id)
        asset = self._session.get(Asset, key, with_for_update=True, populate_existing=True)
        if asset is None:
            raise Invalid(PURGED)
        if not asset.live:
            raise Invalid(IN_TRASH)
        return asset

    def _new(self) -> Asset:
        folder, _, name = self._file.path.rpartition("/")
        place = folders.ensure(self._session, self._principal, folder)
        clean = text.file_name(name)
        asset = Asset(
            workspace_id=self._principal.workspace_id,
            id=new_id(),
            name=self._facts.get("title", clean),
            original_name=clean,
            kind=self._content.facts["kind"],
            folder_id=place.id if place else None,
            created_by=self._owner(),
            created_at=self._facts.get("created_at", _when(self._file)),
        )
        for field_name in ("description", "language", "licence"):
            if field_name in self._facts:
                setattr(asset, field_name, self._facts[field_name])
        self._session.add(asset)
        self._session.flush()
        self._session.refresh(asset)
        if self._facts.get("tags"):
            tags.put(self._session, asset, self._facts["tags"])
        self.items.append(Item("assets", asset.id))
        version = self._append(asset)
        self._tell("asset.import", asset, version)
        return asset

    def _append(self, asset: Asset) -> Version:
        version = versions.add(
            self._session,
            asset,
            self._blob(),
            origin="import",
            original_name=text.file_name(self._file.path),
            facts=dict(self._content.facts),
            created_by=asset.created_by,
        )
        tasks.begin(self._session, version)
        assets.settle(self._session, asset.workspace_id, asset.id)
        return version

    def _blob(self) -> Blob:
        home, content = self._principal.workspace_id, self._content
        if content.stored is not None:
            return blobs.add(self._session, home, content.stored, content.facts["mime"])[0]
        claimed = blobs.claim(self._session, home, content.digest)
        if claimed is None:
            raise Conflict(GONE)
        return claimed

    def _owner(self) -> uuid.UUID | None:
        email = self._facts.get("owner")
        if email is None:
            return self._principal.user_id
        person = {"id": new_id(), "email": email, "name": email.partition("@")[0]}
        return people.match(self._session, self._principal, [person], everybody=True)[person["id"]]

    def _tell(self, action: str, asset: Asset, version: Version) -> None:
        size = self._file.byte_size
        details = {"version": version.number, "digest": self._content.digest, "bytes": size}
        if self._source.key is not None:
            details["batch"] = str(self._source.key.batch_id)
        self.facts.append(Fact(action, "asset", asset.id, details))


def _when(file: SourceFile) -> datetime:
    """When the file was written last, as far as that can be true."""
    now = datetime.now(UTC)
    moment = datetime.fromtimestamp(max(0, file.mtime_ns) / 1e9, UTC)
    return min(moment, now)
