"""Files of another system into the library: copied, opened in the sandbox, stored, written down.

The command runs this by itself, beside a server or without one. What it has committed is done, so
it may be killed at any moment and run again.
"""

import shutil
import tempfile
import uuid
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import core_ext
from lectern.database import retry
from lectern.database.sessions import SessionLocal, unit_of_work
from lectern.errors import (
    Conflict,
    Invalid,
    LecternError,
    Message,
    StorageAway,
    StorageDamaged,
    StorageFull,
)
from lectern.exchange.importers import bringing, reading, walking
from lectern.exchange.importers.bringing import Content, Outcome, Result, Source
from lectern.exchange.importers.origins import Look, Origin
from lectern.exchange.importers.table import Table, TableEntry
from lectern.exchange.importers.walking import Skipped, SourceFile
from lectern.exchange.imports import contents, recording
from lectern.exchange.imports.recording import Key
from lectern.media import office
from lectern.media.probe import probe
from lectern.media.sandbox import sandbox
from lectern.media.sandbox.refusal import SandboxUnavailable
from lectern.media.sniff import HEAD_BYTES, sniff
from lectern.models import BatchState, LegacyFile
from lectern.people.principal import Principal
from lectern.settings import Settings
from lectern.storage import Storage, blobs, storage_of

# Looked up together.
AT_ONCE = 200
# Read and opened at the same time; the rows are written one file after the other.
WORKERS = 2
CHANGED = Message("The file was being written while it was read. The next run will import it.")
# What is no file's fault ends the run; what was brought in until then stays.
OURS = (StorageFull, StorageAway, StorageDamaged, SandboxUnavailable)
BUSY = Message("Another import from this folder is in progress.")


@dataclass(frozen=True)
class ImportRun:
    """One run over one folder or bucket. `rehearsal` writes nothing at all."""

    settings: Settings
    principal: Principal
    origin: Origin
    table: Table
    rehearsal: bool = False

    @property
    def name(self) -> str:
        """What the place is remembered as."""
        return self.origin.name


def run(job: ImportRun) -> Generator[Outcome | Skipped, None, None]:
    """Bring in everything that is there and say, file by file, what became of it.

    Raises:
        Conflict: another run over this folder is under way.
    """
    sandbox.configure(job.settings)
    office.configure(job.settings)
    job.settings.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        _alone(job),
        tempfile.TemporaryDirectory(dir=job.settings.scratch) as scratch,
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        source = Source(job.name) if job.rehearsal else _source(job)
        try:
            yield from _Run(job, source, Path(scratch), pool).all()
        finally:
            _close(source)


def _source(job: ImportRun) -> Source:
    """The folder with a batch: the one that a killed run left, or a new one."""
    with unit_of_work() as session:
        batch = recording.unfinished(session, job.principal, job.name)
        if batch is None:
            args = {"source": job.name}
            batch = recording.begin(session, job.principal, recording.IMPORT, args)
            batch.state = BatchState.RUNNING
        return Source(job.name, Key(batch.workspace_id, batch.id))


def _close(source: Source) -> None:
    """End the batch; one that holds nothing goes."""
    if source.key is None:
        return
    with unit_of_work() as session:
        batch = recording.hold(session, source.key)
        if batch.total == 0:
            session.delete(batch)
        else:
            recording.end(session, source.key)


@contextmanager
def _alone(job: ImportRun) -> Iterator[None]:
    """Two runs over one folder would bring each file in twice."""
    name = func.hashtextextended(f"import:{job.principal.workspace_id}:{job.name}", 0)
    with SessionLocal() as guard, guard.begin():
        if not guard.scalar(select(func.pg_try_advisory_xact_lock(name))):
            raise Conflict(BUSY)
        yield


class _Run:
    """The files of one run: prepared by threads a few ahead, written by the caller's."""

    def __init__(
        self, job: ImportRun, source: Source, scratch: Path, pool: ThreadPoolExecutor
    ) -> None:
        self._job = job
        self._source = source
        self._scratch = scratch
        self._pool = pool
        self._storage: Storage = storage_of(job.settings)
        # In a rehearsal no row says that a content is here: digest → the first path that has it.
        self._brought: dict[str, str] = {}

    def all(self) -> Iterator[Outcome | Skipped]:
        """Each file's outcome, in the order of the walk."""
        waiting: deque[tuple[SourceFile, TableEntry, Future[Content]]] = deque()
        for thing, row in self._looked_up():
            if isinstance(thing, Skipped):
                yield thing
                continue
            entry = self._job.table.of(thing.path) or TableEntry()
            if entry.problem is None and bringing.unchanged(row, thing, entry):
                yield Outcome(thing.path, Result.SAME, row.asset_id if row else None)
                continue
            waiting.append((thing, entry, self._pool.submit(self._prepare, thing, entry, row)))
            if len(waiting) > WORKERS:
                yield self._finish(*waiting.popleft())
        while waiting:
            yield self._finish(*waiting.popleft())

    def _looked_up(self) -> Iterator[tuple[SourceFile | Skipped, LegacyFile | None]]:
        """What is found, with what earlier runs wrote down about it."""
        things = self._job.origin.walk()
        while batch := list(islice(things, AT_ONCE)):
            paths = [thing.path for thing in batch if isinstance(thing, SourceFile)]
            with unit_of_work() as session:
                rows = bringing.known(session, self._job.principal, self._source.name, paths)
            for thing in batch:
                yield thing, rows.get(thing.path)

    def _prepare(self, file: SourceFile, entry: TableEntry, row: LegacyFile | None) -> Content:
        """Read, check and store the file's bytes; runs in a thread.

        Raises:
            Invalid, Refused: it is refused. reading.Changed: it was being written meanwhile.
        """
        if entry.problem is not None:
            raise Invalid(entry.problem)
        same = row is not None and row.state == "imported" and row.digest is not None
        if same and row is not None and (row.byte_size, row.mtime_ns) == reading.stamp(file):
            # Only its lines are new.
            return Content(row.digest or "", {})
        reading.check_size(file, self._job.settings.max_upload_bytes)
        name = uuid.uuid4().hex
        copy, room = self._scratch / f"{name}.file", self._scratch / name
        room.mkdir(mode=0o700)
        try:
            look = Look(HEAD_BYTES, lambda head: _sniffed(head, file))
            with self._job.origin.fetched(file, copy, look, keep=not self._job.rehearsal) as path:
                facts = probe(path, file.path.rpartition("/")[2], room).to_json()
                digest = core_ext.digest_file(path)
            return self._stored(Content(digest, facts), copy)
        finally:
            copy.unlink(missing_ok=True)
            shutil.rmtree(room, ignore_errors=True)

    def _stored(self, content: Content, copy: Path) -> Content:
        home = self._job.principal.workspace_id
        with unit_of_work() as session:
            if contents.here(session, home, [content.digest]):
                return content
        if self._job.rehearsal:
            # Never in storage; the transaction that names it is rolled back.
            key = f"b1/{content.digest[:2]}/{content.digest}/{uuid.uuid4().hex}"
            return replace(content, stored=blobs.Stored(uuid.uuid4(), content.digest, 0, key))
        return replace(content, stored=blobs.store(self._storage, home, copy))

    def _finish(self, file: SourceFile, entry: TableEntry, prepared: "Future[Content]") -> Outcome:
        """Write one file down, or why it is refused."""
        content: Content | None = None
        try:
            content = prepared.result()
            if (first := self._brought.get(content.digest)) is not None:
                return Outcome(
                    file.path,
                    Result.KNOWN,
                    None,
                    Message("It is the same as %(first)s.", first=first),
                )
            outcome = retry.retry_on_conflict(partial(self._write, file, entry, content))
        except (reading.Changed, FileNotFoundError):
            return Outcome(file.path, Result.LATER, None, CHANGED)
        except OURS:
            raise
        except LecternError as problem:
            return self._refuse(file, entry, str(problem))
        except OSError as problem:
            why = problem.strerror or "it cannot be read"
            return self._refuse(file, entry, Message(walking.UNREADABLE, why=why))
        finally:
            if content is not None and not self._job.rehearsal:
                self._tidy(content)
        if self._job.rehearsal and outcome.result is Result.ADDED:
            self._brought[content.digest] = file.path
        return outcome

    def _write(self, file: SourceFile, entry: TableEntry, content: Content) -> Outcome:
        with self._unit() as session:
            return bringing.bring(session, self._job.principal, self._source, file, entry, content)

    def _refuse(self, file: SourceFile, entry: TableEntry, reason: str) -> Outcome:
        with self._unit() as session:
            who = self._job.principal
            return bringing.refuse(session, who, self._source, file, entry, reason)

    @contextmanager
    def _unit(self) -> Iterator[Session]:
        """A transaction; in a rehearsal it never happened."""
        if not self._job.rehearsal:
            with unit_of_work() as session:
                yield session
            return
        with SessionLocal() as session:
            yield session
            session.rollback()

    def _tidy(self, content: Content) -> None:
        """Delete what no row names after all."""
        if content.stored is None:
            return
        stored = {content.digest: content.stored}
        with unit_of_work() as session:
            home = self._job.principal.workspace_id
            contents.forget(self._storage, contents.unnamed(session, home, stored))


def _sniffed(head: bytes, file: SourceFile) -> None:
    sniff(head, file.byte_size, file.path)
