"""Notifying workers of tasks, after the commit that made them due.

It imports no step: that would load the sandbox.
"""

import logging
import uuid
from collections.abc import Iterable, Mapping
from typing import Protocol

from redis.exceptions import RedisError

from jobs import broker
from lectern.pipeline.registry import Queue

log = logging.getLogger(__name__)

# RQ keeps an entry whose run raised this long; the row knows more about it.
FAILURE_TTL_S = 60


class Runnable(Protocol):
    """What names one run of a task: a `Task` row or a `Due`."""

    @property
    def workspace_id(self) -> uuid.UUID: ...
    @property
    def id(self) -> uuid.UUID: ...
    @property
    def queue(self) -> str: ...
    @property
    def fence(self) -> int: ...


def notify(tasks: Iterable[Runnable], *, at_front: bool = False) -> None:
    """Wake a worker for each task. A notice that fails is repeated by the sweeper."""
    try:
        for task in tasks:
            _enqueue(task, at_front)
    except RedisError as error:
        log.warning("no worker was notified, the sweeper will do it: %s", error)


def notify_missing(tasks: Iterable[Runnable]) -> int:
    """Enqueue those that no queue holds (lost by a flush or a dying worker); returns how many."""
    waiting: Mapping[str, set[str]] = {
        name: set(broker.queue(name).get_job_ids()) for name in Queue
    }
    missing = [task for task in tasks if job_id(task) not in waiting[task.queue]]
    notify(missing)
    return len(missing)


def job_id(task: Runnable) -> str:
    """RQ's job id: one for each claim that can follow, so a doubled entry finds nothing to do."""
    return f"{task.id}-{task.fence}"


def _enqueue(task: Runnable, at_front: bool) -> None:
    broker.queue(task.queue).enqueue(
        "jobs.run.run",
        str(task.workspace_id),
        str(task.id),
        job_id=job_id(task),
        at_front=at_front,
        # Limits live in the sandbox; RQ's own stops neither C code nor a child process
        # (docs/reliability.md#tasks).
        job_timeout=-1,
        result_ttl=0,
        failure_ttl=FAILURE_TTL_S,
    )
