"""Deleting the archives of exports and imports whose time is over."""

import time
import uuid
from pathlib import Path

from jobs.process import Process
from lectern.database.sessions import unit_of_work
from lectern.exchange import runs

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
