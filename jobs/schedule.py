"""The periodic process: a sweep every few seconds, whatever happens to Redis or PostgreSQL."""

import logging
import signal

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from jobs import process, sweep
from lectern.settings import Settings

log = logging.getLogger(__name__)


def run(settings: Settings) -> None:
    """Sweep every `settings.sweep_s` seconds until SIGTERM or SIGINT. Any number may run."""
    this = process.start(settings)
    signal.signal(signal.SIGTERM, lambda *_: this.stopping.set())
    signal.signal(signal.SIGINT, lambda *_: this.stopping.set())
    while not this.stopping.is_set():
        try:
            sweep.once(this)
        except (SQLAlchemyError, RedisError, OSError) as error:
            log.warning("this sweep was cut short: %s", error)
        this.stopping.wait(settings.sweep_s)
