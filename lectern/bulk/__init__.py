"""Changes to many assets at once: what they would do, done in short transactions, undone as one."""

from lectern.bulk.batches import (
    AT_ONCE,
    Started,
    can_undo,
    forget_old,
    get,
    recent,
    start,
    told,
    undo,
)
from lectern.bulk.preview import MOST_TOLD, Renamed, Told, Would, dry_run
from lectern.bulk.registry import KINDS
from lectern.bulk.runner import CHUNK, News, Progress, advance, fail, finish
from lectern.bulk.targets import Chosen

__all__ = [
    "AT_ONCE",
    "CHUNK",
    "KINDS",
    "MOST_TOLD",
    "Chosen",
    "News",
    "Progress",
    "Renamed",
    "Started",
    "Told",
    "Would",
    "advance",
    "can_undo",
    "dry_run",
    "fail",
    "finish",
    "forget_old",
    "get",
    "recent",
    "start",
    "told",
    "undo",
]
