"""An export, an import or its undo, done by a worker; see `lectern.exchange.runs`."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import IO, Any, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jobs import live
from jobs.work import Work
from lectern.bulk.runner import NO_LONGER
from lectern.database.sessions import unit_of_work
from lectern.durable import sync_folder
from lectern.errors import Forbidden, Invalid, Message, NotFound
from lectern.exchange import export, runs, undo
from lectern.exchange.archive import Archive
from lectern.exchange.imports import contents, importer, recording
from lectern.exchange.imports.recording import EXPORT, IMPORT, Key
from lectern.media.sandbox.refusal import Refused, Stopped
from lectern.models import Asset, Batch, BatchState, Blob, ExchangeFile
from lectern.people import members
from lectern.people.principal import Principal
from lectern.pipeline.tasks import advance
from lectern.storage.blobs import Stored

ACTIONS = {EXPORT, IMPORT}
# A line of an export, roughly, for the share that is shown.
LINE_BYTES = 600
_DOING = (BatchState.QUEUED, BatchState.RUNNING)
LOST = Message("The archive is no longer on the server. Upload it again.")


def run(work: Work) -> None:
    """Do what the batch is for; twice is as good as once."""
    key = _key(work)
    batch = work.read(lambda session: recording.hold(session, key))
    try:
        if batch.state == BatchState.UNDOING:
            _undo(work, key)
        elif batch.state not in _DOING:
            work.finish(lambda session: None)
        elif batch.action == EXPORT:
            _export(work, key, with_files=bool(batch.args.get("with_files")))
        else:
            _import(work, key)
    except (Invalid, Forbidden, NotFound) as refusal:
        raise Refused(str(refusal)) from refusal
    live.publish(key.workspace_id, live.BATCH, key.batch_id)


def _export(work: Work, key: Key, *, with_files: bool) -> None:
    storage = work.process.storage if with_files else None
    draft = work.scratch / "export.zip"
    with unit_of_work() as session:
        export.steady(session)
        principal = _asker(session, key)
        expected = _expected(session, key, with_files=with_files)
        with draft.open("xb") as file:
            told = _Told(file, lambda written: work.progress(min(0.99, written / expected)))
            counts = export.write(session, principal, cast(IO[bytes], told), storage)
            if work.cancelled():
                raise Stopped("The export goes on with the next worker.")
            file.flush()
            os.fsync(file.fileno())
    target = runs.path_of(work.process.settings, key.batch_id)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft.replace(target)
    sync_folder(target.parent)
    size = target.stat().st_size

    def end(session: Session) -> None:
        kept = session.get_one(ExchangeFile, (key.workspace_id, key.batch_id))
        kept.byte_size = size
        recording.end(session, key)
        export.record(session, principal, counts)

    work.finish(end)


def _import(work: Work, key: Key) -> None:
    process = work.process
    path = runs.path_of(process.settings, key.batch_id)
    if not path.is_file():
        raise Refused(LOST)
    with Archive(path) as archive:
        with unit_of_work() as session:
            principal = _asker(session, key)
            lacking = importer.missing(session, principal, archive)
        home, storage = key.workspace_id, process.storage
        stored = importer.store(archive, lacking, storage, home, work.scratch)
        try:
            work.part(lambda session: _apply(session, work, key, archive, stored))
        finally:
            with unit_of_work() as session:
                contents.forget(storage, contents.unnamed(session, home, stored))
    work.finish(lambda session: None)
    path.unlink(missing_ok=True)
    live.publish(key.workspace_id, live.REFRESH)


def _apply(
    session: Session, work: Work, key: Key, archive: Archive, stored: dict[str, Stored]
) -> None:
    batch = recording.hold(session, key)
    if batch.state not in _DOING:
        return
    principal = _asker(session, key)
    report = importer.apply(session, principal, archive, stored, batch=key)
    kept = session.get(ExchangeFile, (key.workspace_id, key.batch_id))
    if kept is not None:
        kept.report = runs.told(report)
    recording.end(session, key)
    # Last, so that the row is free for the lease's renewal meanwhile.
    advance(session, work.claim, 1.0)


def _undo(work: Work, key: Key) -> None:
    settings, storage = work.process.settings, work.process.storage

    def piece(session: Session) -> tuple[bool, float]:
        principal = _asker(session, key)
        days = settings.trash_days
        over = undo.advance(session, principal, key, storage=storage, days=days)
        batch = recording.hold(session, key)
        share = 1 - batch.done / max(1, batch.total)
        advance(session, work.claim, share)
        return over, share

    told = time.monotonic()
    while not work.part(piece)[0]:
        if time.monotonic() - told > 1:
            told = time.monotonic()
            live.publish(key.workspace_id, live.BATCH, key.batch_id)
        if work.cancelled():
            raise Stopped("The undo goes on with the next worker.")
    work.finish(lambda session: undo.finish(session, key))
    live.publish(key.workspace_id, live.REFRESH)


def _expected(session: Session, key: Key, *, with_files: bool) -> int:
    """About how many bytes the export will have; only for the share that is shown."""
    mine = Asset.workspace_id == key.workspace_id
    number = session.scalar(select(func.count()).select_from(Asset).where(mine)) or 0
    size = 0
    if with_files:
        query = select(func.sum(Blob.byte_size)).where(Blob.workspace_id == key.workspace_id)
        size = int(session.scalar(query) or 0)
    return max(1, size + number * LINE_BYTES)


def _asker(session: Session, key: Key) -> Principal:
    """Whose rights count, as they are now."""
    batch = session.get_one(Batch, (key.workspace_id, key.batch_id))
    if batch.asked_by is None:
        return Principal.system(key.workspace_id)
    try:
        member = members.principal_of(session, batch.asked_by, key.workspace_id)
    except NotFound as error:
        raise Forbidden(NO_LONGER) from error
    return replace(member, scopes=None if batch.scopes is None else frozenset(batch.scopes))


def _key(work: Work) -> Key:
    assert work.claim.batch_id is not None, "a task of this step has a batch"  # noqa: S101
    return Key(work.claim.workspace_id, work.claim.batch_id)


class _Told:
    """A file that says how much was written to it."""

    def __init__(self, file: IO[bytes], tell: Callable[[int], None]) -> None:
        self._file = file
        self._tell = tell
        self._written = 0

    def write(self, data: bytes) -> int:
        self._written += len(data)
        self._tell(self._written)
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
