"""Files that a task made: stored before any row names them."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from jobs.work import Work
from lectern.models import Blob
from lectern.storage import blobs
from lectern.storage.blobs import Stored


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
