"""Changes to many assets at once: what they would do, done in short transactions, undone as one."""

from lectern.library.bulk.batches import (
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
from lectern.library.bulk.choosing import Chosen
from lectern.library.bulk.foreseeing import MOST_TOLD, Renamed, Told, Would, dry_run
from lectern.library.bulk.kinds import KINDS
from lectern.library.bulk.working import News, Progress, advance, fail, finish

__all__ = [
    "AT_ONCE",
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
