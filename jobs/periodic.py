"""What falls due by itself: replacements, storage counts, partitions, CRCs of old content."""

import logging
import time
import uuid
from functools import partial
from pathlib import Path

import core_ext
from jobs import live
from jobs.process import Process
from lectern.database import retry
from lectern.database.sessions import unit_of_work
from lectern.exchange import runs
from lectern.integrity import storage_totals
from lectern.learners import events
from lectern.library import schedules
from lectern.storage import blobs

log = logging.getLogger(__name__)


def switch_due() -> None:
    """Make current what is due and ready, each file in a transaction of its own."""
    with unit_of_work() as session:
        due = schedules.due(session)
    for workspace_id, asset_id in due:
        if retry.retry_on_conflict(partial(_switch, workspace_id, asset_id)):
            live.publish(workspace_id, live.CHANGED, asset_id)


def count_storage() -> None:
    """Count again what is too old, each workspace in a transaction of its own."""
    with unit_of_work() as session:
        due = storage_totals.due(session)
    for workspace_id in due:
        with unit_of_work() as session:
            kept = storage_totals.recount(session, workspace_id)
            log.info("storage of workspace %s counted in %d ms", workspace_id, kept.took_ms)


def keep_partitions() -> None:
    """Make the partitions of playback events that the next months need."""
    with unit_of_work() as session:
        made = events.keep_partitions(session)
    if made:
        log.info("%d partitions of playback events were made", made)


class Checksums:
    """Computes the CRC-32 of content that was stored before it was kept, some in each sweep.

    Only of files on this machine: reading a bucket costs money, and a ZIP learns it as it goes.
    """

    MOST_BYTES = 256 << 20
    AT_ONCE = 100

    def __init__(self) -> None:
        self._after: uuid.UUID | None = None

    def fill(self, this: Process) -> int:
        """Go on where the last sweep ended; returns how many were computed.

        What is damaged or gone is for fsck to tell, and not looked at again by this process.
        """
        left, number = self.MOST_BYTES, 0
        with unit_of_work() as session:
            due = blobs.without_crc(session, self._after, self.AT_ONCE)
        for blob in due:
            if left <= 0 or this.stopping.is_set():
                break
            self._after = blob.id
            path = this.storage.path(blob.key)
            if path is None:
                continue
            left -= blob.byte_size
            try:
                digest, crc32 = core_ext.digest_and_crc(path)
            except OSError:
                continue
            if digest == blob.digest:
                with unit_of_work() as session:
                    blobs.learn_crc(session, blob.workspace_id, blob.id, crc32)
                number += 1
        return number


checksums = Checksums()


def _switch(workspace_id: uuid.UUID, asset_id: uuid.UUID) -> bool:
    with unit_of_work() as session:
        return schedules.switch_due(session, workspace_id, asset_id)


# A file that no row names may belong to a request that is still being received.
STRAY_S = 24 * 3600.0


def clear(this: Process) -> None:
    """Forget what has expired, then delete its bytes, and those that a crash left."""
    with unit_of_work() as session:
        gone = runs.expire(session)
        runs.forget_items(session)
    for batch_id in gone:
        runs.path_of(this.settings, batch_id).unlink(missing_ok=True)
    for file in runs.path_of(this.settings, uuid.UUID(int=0)).parent.glob("*.zip"):
        if _stray(file):
            file.unlink(missing_ok=True)


def _stray(file: Path) -> bool:
    try:
        batch_id = uuid.UUID(file.stem)
        if time.time() - file.stat().st_mtime < STRAY_S:
            return False
    except (ValueError, FileNotFoundError):
        return False
    with unit_of_work() as session:
        return not runs.is_kept(session, batch_id)
