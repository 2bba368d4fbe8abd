"""Which workers are there: what the processing page says of the machines."""

from typing import NamedTuple

from redis.exceptions import RedisError
from rq import Worker

from jobs import broker
from lectern.pipeline.registry import Queue


class Crew(NamedTuple):
    """The workers of one queue: how many there are, and how many of them are at work."""

    queue: Queue
    present: int
    busy: int


def crews() -> list[Crew] | None:
    """Every queue with its workers, or None while nobody can tell."""
    try:
        workers = Worker.all(connection=broker.connection())
        known = [(worker.queue_names(), worker.get_state() == "busy") for worker in workers]
    except RedisError:
        return None
    return [
        Crew(
            queue,
            sum(queue in names for names, _ in known),
            sum(busy for names, busy in known if queue in names),
        )
        for queue in Queue
    ]
