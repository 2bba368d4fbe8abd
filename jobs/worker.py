"""A worker process: one queue, one task at a time, surviving restarts of Redis and PostgreSQL."""

import importlib
import logging
import signal
import time
from types import FrameType

from redis import Redis
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty
from rq.worker import WorkerStatus

from jobs import broker, process
from lectern.settings import Settings

log = logging.getLogger(__name__)

# Redis answers again within this long of its return, at worst.
RECONNECT_S = 2.0


def work(settings: Settings, queue: str) -> None:
    """Take tasks of `queue` until SIGTERM or SIGINT; a task in hand is given back unfinished.

    One queue only: RQ moves an entry atomically to the worker then (docs/reliability.md#tasks).
    """
    this = process.start(settings)
    # By name: whoever imports this module (the commands do) must not load the sandbox.
    importlib.import_module("jobs.run").prepare(settings)
    process.settle()
    connection = broker.connect(settings.redis_url)
    signal.signal(signal.SIGTERM, lambda *_: this.stopping.set())
    signal.signal(signal.SIGINT, lambda *_: this.stopping.set())
    while not this.stopping.is_set():
        try:
            _Worker(this, queue, connection).work(logging_level="WARNING")
        except (RedisError, ValueError) as error:
            log.warning("the queue cannot be reached: %s", error)
        if not this.stopping.is_set():
            time.sleep(RECONNECT_S / 2)


class _Worker(SimpleWorker):
    """RQ's in-process worker; the sandbox is the child that may crash, so no fork is needed."""

    # With no time limit there is no alarm: signals are ours.
    death_penalty_class = TimerDeathPenalty
    max_connection_wait_time = RECONNECT_S

    def __init__(self, this: process.Process, queue: str, connection: Redis) -> None:
        super().__init__([queue], connection=connection, serializer=JSONSerializer)
        self._process = this

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Tell the running task to give itself back; an idle worker ends at once."""
        self._process.stopping.set()
        self._stop_requested = True
        if self.get_state() != WorkerStatus.BUSY:
            raise StopRequested
