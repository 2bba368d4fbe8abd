"""Undo of an import, backwards and piece by piece: what it added goes, what it changed goes back.

Files go to the trash. What somebody used or changed since stays, with the reason.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lectern.courses import ending, writing
from lectern.errors import Conflict, LecternError, Message
from lectern.exchange import attached, undo_additions, undo_changes
from lectern.exchange.imports import recording
from lectern.exchange.imports.recording import IMPORT, Key
from lectern.library import rollback, schedules
from lectern.models import (
    Asset,
    Batch,
    BatchState,
    CaptionTrack,
    Chapter,
    Course,
    GlossaryTerm,
    ImportItem,
    Lesson,
    ScheduledSwitch,
    Usage,
    Version,
)
from lectern.people import audit
from lectern.people.audit import Fact
from lectern.people.principal import Principal
from lectern.storage import Storage

# One transaction undoes so much: short enough that nobody waits for its locks.
AT_ONCE = 200
RUNNING = Message("This import is still in progress. Undo it when it has finished.")
TWICE = Message("This import has already been undone.")
NOTHING = Message("This import changed nothing, so there is nothing to undo.")
TOO_OLD = Message("This import was made more than 30 days ago and cannot be undone.")
OVERTAKEN = Message("A newer version has been added since then.")


@dataclass(frozen=True)
class Kept:
    """What an undo left as it is: what it is, its name if it has one, and why."""

    file: str
    id: uuid.UUID
    name: str
    reason: str


def begin(session: Session, principal: Principal, batch_id: uuid.UUID) -> Batch:
    """Say that the import shall be undone; `advance` does it.

    Raises:
        NotFound: no such import. Conflict: it cannot be undone, or not now.
    """
    batch = recording.get(session, principal, batch_id, IMPORT, lock=True)
    if batch.state in (BatchState.QUEUED, BatchState.RUNNING, BatchState.UNDOING):
        raise Conflict(RUNNING)
    # An undo that failed in the middle may be tried again.
    undone = batch.undone_by is not None and batch.state != BatchState.FAILED
    if undone or batch.state == BatchState.UNDONE:
        raise Conflict(TWICE)
    if not batch.undoable:
        raise Conflict(TOO_OLD)
    if batch.total == 0:
        raise Conflict(NOTHING)
    batch.state, batch.reason, batch.finished_at = BatchState.UNDOING, None, None
    batch.asked_by = batch.undone_by = principal.user_id
    batch.scopes = None if principal.scopes is None else sorted(principal.scopes)
    session.flush()
    return batch


def possible(batch: Batch) -> bool:
    """Whether an undo would be more than a refusal."""
    once = batch.state == BatchState.DONE and batch.undone_by is None
    again = batch.state == BatchState.FAILED
    return (once or again) and batch.action == IMPORT and batch.undoable and batch.done > 0


def advance(
    session: Session, principal: Principal, key: Key, *, storage: Storage, days: int
) -> bool:
    """Undo the next piece; True when nothing is left. A piece is one transaction of the caller's.

    `days` is how long files stay in the trash.
    """
    batch = recording.hold(session, key)
    items = session.scalars(
        select(ImportItem)
        .where(
            ImportItem.workspace_id == key.workspace_id,
            ImportItem.batch_id == key.batch_id,
            ImportItem.state == "done",
        )
        .order_by(ImportItem.position.desc())
        .limit(AT_ONCE)
    ).all()
    if items:
        _Piece(session, principal, key, items, days).undo(storage)
        batch.undone += sum(item.state == "undone" for item in items)
        batch.kept += sum(item.state == "kept" for item in items)
        batch.done -= len(items)
        session.flush()
    return len(items) < AT_ONCE


def finish(session: Session, key: Key) -> None:
    """End an undo of which nothing is left."""
    batch = recording.hold(session, key)
    if batch.state != BatchState.UNDOING:
        return
    batch.state, batch.finished_at = BatchState.UNDONE, func.clock_timestamp()
    session.flush()
    counts = {"batch": batch.id, "undone": batch.undone, "kept": batch.kept}
    by = Principal.system(key.workspace_id, batch.undone_by)
    audit.record(session, by, "library.undo", "workspace", key.workspace_id, counts)


def kept(session: Session, batch: Batch, limit: int = 100) -> list[Kept]:
    """What stayed as it is, as far as a person can do something about it."""
    query = (
        select(ImportItem.file, ImportItem.object_id, Asset.name, ImportItem.reason)
        .outerjoin(
            Asset,
            (Asset.workspace_id == ImportItem.workspace_id) & (Asset.id == ImportItem.object_id),
        )
        .where(
            ImportItem.workspace_id == batch.workspace_id,
            ImportItem.batch_id == batch.id,
            ImportItem.state == "kept",
        )
        .order_by(ImportItem.position)
        .limit(limit)
    )
    return [
        Kept(file, each, name or "", why or "") for file, each, name, why in session.execute(query)
    ]


class _Piece:
    """Some items of one import, the newest first."""

    def __init__(
        self,
        session: Session,
        principal: Principal,
        key: Key,
        items: Sequence[ImportItem],
        days: int,
    ) -> None:
        self._session = session
        self._principal = principal
        self._home = key.workspace_id
        self._items = items
        self._said = {"batch": str(key.batch_id), "undo": True}
        self._days = days
        self._facts: list[Fact] = []
        self._of: dict[str, list[ImportItem]] = defaultdict(list)
        for item in items:
            self._of[item.file].append(item)

    def undo(self, storage: Storage) -> None:
        """Courses are locked before assets, assets in the order of their ids, the log is last."""
        usages = self._usages()
        self._lock_courses(usages)
        assets = self._lock_assets(usages)
        gone = [
            usages[item.object_id]
            for item in self._of["usages"]
            if item.before is None and item.object_id in usages
        ]
        ended = ending.end_all(self._session, self._principal, gone)
        self._facts += writing.ends(ended)
        for item in self._items:
            reason = self._one(item, assets, storage)
            item.state, item.reason = ("undone", None) if reason is None else ("kept", reason)
        self._session.flush()
        audit.record_all(
            self._session,
            self._principal,
            [each._replace(details={**each.details, **self._said}) for each in self._facts],
        )

    def _one(
        self, item: ImportItem, assets: dict[uuid.UUID, Asset], storage: Storage
    ) -> str | None:
        """Why the item stays as it is; None when it does not."""
        if item.file == "versions":
            return self._version(item, assets, storage) if item.before is not None else None
        if item.file == "assets" and item.before is None:
            found = assets.get(item.object_id)
            if found is None or not found.live:
                return None
            return undo_additions.asset(
                self._session, self._principal, found, self._days, self._facts
            )
        if item.file == "usages" and item.before is None:
            return None
        if item.before is None:
            return undo_additions.row(self._session, self._home, item, self._facts)
        return undo_changes.row(self._session, self._home, item, self._facts)

    def _version(
        self, item: ImportItem, assets: dict[uuid.UUID, Asset], storage: Storage
    ) -> str | None:
        version = self._session.get(Version, (self._home, item.object_id))
        asset = assets.get(version.asset_id) if version is not None else None
        if version is None or asset is None or not asset.live:
            return None
        if asset.current_version_id != version.id:
            return self._unseen(version, asset)
        number = int((item.before or {})["number"])
        try:
            rollback.roll_back(self._session, self._principal, asset, number, storage=storage)
        except LecternError as refusal:
            return str(refusal)
        return None

    def _unseen(self, version: Version, asset: Asset) -> str | None:
        """A version that is still being prepared, or was not shown for long."""
        if asset.version_number > version.number:
            return OVERTAKEN
        if schedules.of_version(self._session, version) is None:
            row = {"id": version.id, "asset_id": asset.id, "created_at": version.created_at}
            attached.call_off(self._session, self._home, [row], undo_additions.REASON)
            asset.lock_version += 1
        return None

    def _usages(self) -> dict[uuid.UUID, Usage]:
        ids = [item.object_id for item in self._of["usages"]]
        query = select(Usage).where(Usage.workspace_id == self._home, Usage.id.in_(ids))
        return {usage.id: usage for usage in self._session.scalars(query)}

    def _lock_courses(self, usages: dict[uuid.UUID, Usage]) -> None:
        ids = {usage.course_id for usage in usages.values()}
        ids |= {item.object_id for item in self._of["courses"]}
        inside = (("chapters", Chapter), ("lessons", Lesson), ("glossary_terms", GlossaryTerm))
        for file, model in inside:
            rows = [item.object_id for item in self._of[file]]
            query = select(model.course_id).where(
                model.workspace_id == self._home, model.id.in_(rows)
            )
            # A term without a course has none to be held.
            ids |= {each for each in self._session.scalars(query) if each is not None}
        self._session.execute(
            select(Course.id)
            .where(Course.workspace_id == self._home, Course.id.in_(ids))
            .order_by(Course.id)
            .with_for_update()
        )

    def _lock_assets(self, usages: dict[uuid.UUID, Usage]) -> dict[uuid.UUID, Asset]:
        ids = {usage.asset_id for usage in usages.values()}
        ids |= {item.object_id for item in self._of["assets"]}
        for file, model in (
            ("caption_tracks", CaptionTrack),
            ("scheduled_switches", ScheduledSwitch),
        ):
            rows = [item.object_id for item in self._of[file]]
            ids |= set(attached.assets_of(self._session, self._home, model, rows))
        versions = [item.object_id for item in self._of["versions"]]
        query = select(Version.asset_id).where(
            Version.workspace_id == self._home, Version.id.in_(versions)
        )
        return locked_assets(self._session, self._home, ids | set(self._session.scalars(query)))


def locked_assets(
    session: Session, workspace_id: uuid.UUID, ids: Iterable[uuid.UUID]
) -> dict[uuid.UUID, Asset]:
    """The assets by id, also held against new uses."""
    query = (
        select(Asset)
        .where(Asset.workspace_id == workspace_id, Asset.id.in_(sorted(set(ids))))
        .order_by(Asset.id)
        .with_for_update(of=Asset)
        .execution_options(populate_existing=True)
    )
    return {asset.id: asset for asset in session.scalars(query)}
