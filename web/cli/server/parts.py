"""One part of Lectern in a process of its own: a worker, or the periodic work."""

from collections.abc import Sequence
from pathlib import Path

import click

from jobs import schedule as scheduler
from jobs import worker as queue_worker
from lectern import host, settings
from lectern.pipeline.registry import Queue
from lectern.settings import Settings
from web.cli.options import data_option, servers_for
from web.cli.server.serve import PYTHON, environment_for, scheduling
from web.cli.server.supervisor import Part, Supervisor


@click.command()
@click.argument(
    "queues", nargs=-1, metavar="[QUEUE…]", type=click.Choice([queue.value for queue in Queue])
)
@data_option
def worker(queues: Sequence[str], data: Path | None) -> None:
    """Work on queues (all of them if none is named), one process each."""
    configured = settings.read(data=data)
    if len(queues) == 1 and self_sufficient(configured):
        queue_worker.work(configured, queues[0])
        return
    with servers_for(data, host.Kind.PART) as hosted, Supervisor(hosted) as parts:
        for queue in queues or Queue:
            part = Part(queue, (*PYTHON, "-m", "web.cli", "worker", queue))
            parts.add(part, environment_for(hosted))
        parts.watch()


@click.command()
@data_option
def schedule(data: Path | None) -> None:
    """Do the periodic work: what was lost is taken up again, what has expired goes."""
    configured = settings.read(data=data)
    if self_sufficient(configured):
        scheduler.run(configured)
        return
    with servers_for(data, host.Kind.PART) as hosted, Supervisor(hosted) as parts:
        parts.add(scheduling(), {**environment_for(hosted), **hosted.collector_environment})
        parts.watch()


def self_sufficient(configured: Settings) -> bool:
    """True when the environment names every server, so that none has to be looked for."""
    return bool(configured.database_url and configured.redis_url and configured.secret_key)
