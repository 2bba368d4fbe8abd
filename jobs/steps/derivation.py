"""What the steps share that derive something from a version's bytes: load, make, store, record."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy.orm import Session

from jobs import subject
from jobs.work import Work
from lectern.library import assets
from lectern.media.facts import Facts
from lectern.media.playable import Cancelled, Progress
from lectern.models import Blob, TaskState
from lectern.pipeline import tasks
from lectern.renditions import renditions
from lectern.storage import blobs
from lectern.storage.blobs import Stored

T = TypeVar("T")
R = TypeVar("R", covariant=True)


class Maker(Protocol[R]):
    """What makes files of a source in a scratch folder, as the functions of `lectern.media` do."""

    def __call__(
        self, source: Path, facts: Facts, scratch: Path, on_progress: Progress, cancelled: Cancelled
    ) -> R: ...


class Results:
    """Stores first, names in the task's last transaction, then drops copies that were redundant.

    After a failed transaction nothing is deleted: its commit may have happened unheard, and a
    blob without bytes is worse than bytes without a blob.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._storage = work.process.storage
        self._stored: list[tuple[Stored, str]] = []
        self._redundant: list[Stored] = []

    def store(self, file: Path, mime: str) -> Stored:
        """Put a finished file into storage."""
        stored = blobs.store(self._storage, self._work.claim.workspace_id, file)
        self._stored.append((stored, mime))
        return stored

    def add(self, session: Session) -> Sequence[Blob]:
        """The blobs of all that was stored, in that order."""
        added = [
            (stored, *blobs.add(session, self._work.claim.workspace_id, stored, mime))
            for stored, mime in self._stored
        ]
        self._redundant = [stored for stored, _, redundant in added if redundant]
        return [blob for _, blob, _ in added]

    def tidy(self) -> None:
        """Delete the copies that turned out redundant; call it after the commit only."""
        for stored in self._redundant:
            self._storage.delete(stored.key)


class Derivation:
    """One run of a step over its version; it ends with `finish`, `done` or `skip`.

    Where the step is essential, the asset's state follows in the same transaction.
    """

    def __init__(self, work: Work) -> None:
        self.work = work
        self.subject = subject.load(work)
        self.version = self.subject.version
        self.facts = self.subject.facts
        self._results = Results(work)

    @property
    def source(self) -> tuple[uuid.UUID, uuid.UUID]:
        """Workspace and blob that the derived things belong to."""
        return self.subject.workspace_id, self.subject.blob_id

    def has(self, spec: str) -> bool:
        """True when equal bytes of this workspace have that rendition already."""
        return self.work.read(lambda s: renditions.find(s, *self.source, spec)) is not None

    def original(self) -> AbstractContextManager[Path]:
        """A local file with the original bytes, to be read only, while the block lasts."""
        return subject.original(self.work, self.subject)

    def opened(self, *, seeking: bool = False) -> AbstractContextManager[tuple[Path, Facts]]:
        """See `subject.opened`."""
        return subject.opened(self.work, self.subject, seeking=seeking)

    def make(self, maker: Maker[T], *, seeking: bool = False) -> T:
        """What `maker` makes of the file that is `opened`."""
        work = self.work
        with self.opened(seeking=seeking) as (file, facts):
            return maker(file, facts, work.scratch, work.progress, work.cancelled)

    def make_of_original(self, maker: Maker[T]) -> T:
        """What `maker` makes of the original."""
        work = self.work
        with self.original() as file:
            return maker(file, self.facts, work.scratch, work.progress, work.cancelled)

    def make_of_played(self, maker: Maker[T], progress: Progress = None) -> tuple[T, Facts]:
        """What `maker` makes of what a browser plays, with the facts of that file."""
        work = self.work
        with subject.played(work, self.subject) as (source, facts):
            report = progress or work.progress
            return maker(source, facts, work.scratch, report, work.cancelled), facts

    def store(self, file: Path, mime: str) -> None:
        """Put a finished file into storage; `finish` gets its blob."""
        self._results.store(file, mime)

    def record(self, session: Session, spec: str, blob: Blob, facts: Mapping[str, Any]) -> None:
        """Name a blob as that rendition of the version's bytes."""
        renditions.record(session, *self.source, spec, blob, dict(facts))

    def finish(
        self,
        record: Callable[[Session, Sequence[Blob]], T],
        state: TaskState = TaskState.DONE,
        reason: str | None = None,
    ) -> T:
        """End the task; `record` names what was stored, in the same transaction."""

        def change(session: Session) -> T:
            value = record(session, self._results.add(session))
            self._settle(session)
            return value

        value = self.work.finish(change, state, reason)
        self._results.tidy()
        return value

    def part(self, record: Callable[[Session, Sequence[Blob]], T], progress: float) -> T:
        """Name what was stored so far while the task goes on, `progress` being 0.0 to 1.0."""
        results, self._results = self._results, Results(self.work)

        def change(session: Session) -> T:
            tasks.advance(session, self.work.claim, progress)
            return record(session, results.add(session))

        value = self.work.part(change)
        results.tidy()
        return value

    def done(self) -> None:
        """End the task well with nothing to store."""
        self.work.finish(self._settle)

    def skip(self, reason: str, state: TaskState = TaskState.SKIPPED) -> None:
        """End the task without a result, for a reason that people read."""
        self.work.finish(self._settle, state, reason)

    def _settle(self, session: Session) -> None:
        if self.work.claim.step.rule.essential:
            assets.settle(session, self.subject.workspace_id, self.subject.asset_id)
