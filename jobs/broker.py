"""Redis, bound once by `configure()`: the queues that wake workers, and live news for open pages.

Nothing here is needed for truth. Redis may be flushed, restarted or away at any time.
"""

import uuid

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

CHANNEL = "lectern:live:"
# A page must not wait for a Redis that hangs; the sweeper enqueues again.
PATIENCE_S = 2.0

_connection: "Redis | None" = None


class NotConfigured(RuntimeError):
    """`configure()` was not called in this process."""


def configure(url: str) -> None:
    """Bind this process to the Redis at `url` (`redis://`, `rediss://`, `unix://`)."""
    global _connection
    _connection = connect(url, patience_s=PATIENCE_S)


def connect(url: str, patience_s: float | None = None) -> Redis:
    """A client of its own, waiting `patience_s` seconds for each answer (None: for ever)."""
    return Redis.from_url(
        url, socket_connect_timeout=PATIENCE_S, socket_timeout=patience_s, health_check_interval=30
    )


def connection() -> Redis:
    """The process's client. Raises NotConfigured before `configure()`."""
    if _connection is None:
        raise NotConfigured("jobs.broker.configure() must run first")
    return _connection


def queue(name: str) -> Queue:
    """The RQ queue `name`; its payloads are JSON, so a poisoned entry runs nothing."""
    return Queue(name, connection=connection(), serializer=JSONSerializer)


def channel(workspace_id: uuid.UUID) -> str:
    """The pub/sub channel with the news of one workspace."""
    return f"{CHANNEL}{workspace_id}"
