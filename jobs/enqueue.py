"""Ringing for tasks, after the commit that made them due. Imports no job: it would load the box."""

import logging
import uuid
from collections.abc import Iterable, Mapping
from typing import Protocol

from redis.exceptions import RedisError

from jobs import broker
from lectern.pipeline.registry import Queue

log = logging.getLogger(__name__)

# RQ keeps a ring whose run raised this long; the row knows more about it.
FAILURE_TTL_S = 60


class Ringable(Protocol):
    """What names one run of a task: a `Task` row or a `Due`."""

    @property
    def workspace_id(self) -> uuid.UUID: ...
    @property
    def id(self) -> uuid.UUID: ...
    @property
    def queue(self) -> str: ...
    @property
    def fence(self) -> int: ...


def ring(tasks: Iterable[Ringable]) -> None:
    """Wake a worker for each task. A ring that fails is repeated by the sweeper."""
    try:
        for task in tasks:
            _enqueue(task)
    except RedisError as error:
        log.warning("nobody was rung, the sweeper will: %s", error)


def ring_missing(tasks: Iterable[Ringable]) -> int:
    """Ring for those that no queue holds (lost by a flush or a dying worker); returns how many."""
    waiting: Mapping[str, set[str]] = {
        name: set(broker.queue(name).get_job_ids()) for name in Queue
    }
    missing = [task for task in tasks if ring_id(task) not in waiting[task.queue]]
    ring(missing)
    return len(missing)


def ring_id(task: Ringable) -> str:
    """RQ's job id: one for each claim that can follow, so a doubled ring finds nothing to do."""
    return f"{task.id}-{task.fence}"


def _enqueue(task: Ringable) -> None:
    broker.queue(task.queue).enqueue(
        "jobs.run.run",
        str(task.workspace_id),
        str(task.id),
        job_id=ring_id(task),
        # Limits live in the sandbox; RQ's own stops neither C code nor a child process
        # (docs/reliability.md#tasks).
        job_timeout=-1,
        result_ttl=0,
        failure_ttl=FAILURE_TTL_S,
    )
