"""One claimed task while it runs: its lease, its scratch folder, its way to the rows."""

import logging
import shutil
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from jobs import endings, live
from jobs.process import Process
from lectern.database import retry
from lectern.database.sessions import unit_of_work
from lectern.library import progress
from lectern.models import TaskState
from lectern.pipeline import registry, tasks
from lectern.pipeline.tasks import Claim, LostLease

T = TypeVar("T")
log = logging.getLogger(__name__)

# The row and the open pages learn of progress at most this often.
PROGRESS_S = 1.0
LONGEST_LOG = 8_000
DATABASE_AWAY = (OperationalError, InterfaceError)


class Work:
    """Holds the lease by renewing it from a thread; its scratch folder goes with the block."""

    def __init__(self, process: Process, claim: Claim) -> None:
        self.process = process
        self.claim = claim
        # Named for this run: a worker that lost its lease must not share a folder with the next.
        self.scratch = process.settings.scratch / f"{claim.task_id}.{claim.fence}"
        self._lost = threading.Event()
        self._over = threading.Event()
        self._held_until = time.monotonic() + process.settings.lease_s
        self._told = 0.0
        self._log = ""
        self._keeper = threading.Thread(target=self._keep, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self.scratch.mkdir(mode=0o700, parents=True)
        self._keeper.start()
        self.tell()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._keeper.join()
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.tell()

    def cancelled(self) -> bool:
        """True when to stop at once: the lease is lost, or the process is asked to end."""
        return self._lost.is_set() or self.process.stopping.is_set()

    def progress(self, share: float) -> None:
        """Say how far the step is, 0.0 to 1.0; cheap to call often."""
        now = time.monotonic()
        if now - self._told < PROGRESS_S:
            return
        self._told = now
        try:
            with unit_of_work() as session:
                tasks.record_progress(session, self.claim, share)
        except LostLease:
            self._lost.set()
        except DATABASE_AWAY as error:
            log.warning("progress was not recorded: %s", error)
        else:
            # What a ready asset still gets changes nothing else on its pages.
            essential = self.claim.step in registry.ESSENTIAL
            self.tell(live.CHANGED if essential else live.PROGRESS)

    def read(self, question: Callable[[Session], T]) -> T:
        """Ask the rows, waiting while the database is away as long as the lease may hold."""
        return self._insist(question)

    def part(self, change: Callable[[Session], T]) -> T:
        """Write a part of the results in one transaction, which must prove the lease itself.

        `change` may run again, so it must only touch the session.

        Raises:
            LostLease: the task is somebody else's by now, and nothing was written.
        """
        return self._insist(change)

    def finish(
        self,
        change: Callable[[Session], T],
        state: TaskState = TaskState.DONE,
        reason: str | None = None,
    ) -> T:
        """End the task and write its results in one transaction; `change` sees the task ended.

        `change` may run again when the database went away, so it must only touch the session.

        Raises:
            LostLease: the task is somebody else's by now, and nothing was written.
        """

        def both(session: Session) -> T:
            tasks.finish(session, self.claim, state, reason)
            return change(session)

        return self._insist(both)

    def refuse(self, reason: str) -> None:
        """End the task as failed for good: trying again would not help."""

        def change(session: Session) -> None:
            tasks.finish(session, self.claim, TaskState.FAILED, reason)
            self._write_log(session)
            endings.close(session, self.claim, reason)

        self._insist(change)

    def retry(self, reason: str) -> None:
        """Put the task back for later; at the end of its budget it fails with `reason`."""

        def change(session: Session) -> None:
            ended = tasks.retry_later(session, self.claim, reason)
            self._write_log(session)
            if ended is TaskState.FAILED:
                endings.close(session, self.claim, reason)

        self._insist(change)

    def note(self, text: str) -> None:
        """What whoever runs the server may read about this attempt if it fails."""
        self._log = text[-LONGEST_LOG:]

    def wait(self, awaits: str, reason: str) -> None:
        """Put the task aside: it cannot be done before `awaits` is there, as `reason` explains."""
        self._insist(lambda session: tasks.wait(session, self.claim, awaits, reason))

    def give_back(self) -> None:
        """Return the task unfinished, since this process is asked to stop."""
        self._insist(lambda session: tasks.give_back(session, self.claim))

    def tell(self, event: live.Event = live.CHANGED) -> None:
        """Have open pages look again."""
        live.publish_task(self.claim, event)

    def _write_log(self, session: Session) -> None:
        if self._log:
            progress.write_log(session, self.claim.task_id, self.claim.workspace_id, self._log)

    def _insist(self, change: Callable[[Session], T]) -> T:
        def once() -> T:
            with unit_of_work() as session:
                return change(session)

        while True:
            try:
                return retry.retry_on_conflict(once)
            except DATABASE_AWAY as error:
                if self._lost.is_set() or time.monotonic() > self._held_until:
                    raise LostLease("The database was away for longer than the lease.") from error
                log.warning("waiting for the database: %s", error)
                time.sleep(1.0)

    def _keep(self) -> None:
        lease_s = self.process.settings.lease_s
        while not self._over.wait(lease_s / 4):
            asked = time.monotonic()
            try:
                with unit_of_work() as session:
                    tasks.renew(session, self.claim, lease_s)
                self._held_until = asked + lease_s
            except LostLease:
                self._lost.set()
            except DATABASE_AWAY as error:
                log.warning("the lease was not renewed: %s", error)
                if time.monotonic() > self._held_until:
                    self._lost.set()
            if self._lost.is_set():
                return
