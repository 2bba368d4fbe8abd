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
from lectern.bulk.preview import MOST_REFUSALS, DryRun, Refusal, Renamed, dry_run
from lectern.bulk.registry import KINDS
from lectern.bulk.runner import (
    CHUNK,
    Ahead,
    News,
    Overtaken,
    Progress,
    advance,
    fail,
    finish,
    may_run_ahead,
)
from lectern.bulk.targets import Targets

__all__ = [
    "AT_ONCE",
    "CHUNK",
    "KINDS",
    "MOST_REFUSALS",
    "Ahead",
    "DryRun",
    "News",
    "Overtaken",
    "Progress",
    "Refusal",
    "Renamed",
    "Started",
    "Targets",
    "advance",
    "can_undo",
    "dry_run",
    "fail",
    "finish",
    "forget_old",
    "get",
    "may_run_ahead",
    "recent",
    "start",
    "told",
    "undo",
]
