"""All of Lectern on one machine, or one part of it for many machines."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from lectern import host
from lectern.database import sessions
from lectern.people import audit, setup
from lectern.pipeline.registry import Queue
from lectern.settings import Settings
from web.cli.options import data_option, servers_for
from web.cli.server import addresses
from web.cli.server.supervisor import Part, Supervisor

# -P and its variable: a folder called web where the caller stands is not ours.
PYTHON = (sys.executable, "-P")
# glibc would keep freed memory in a pool for each of many threads: some MiB for every process.
# Compiling all modules at each start, as images for containers like to ask for, costs every process
# a second and 7 MiB.
ENVIRONMENT = {
    "PYTHONSAFEPATH": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONDONTWRITEBYTECODE": "",
    "MALLOC_ARENA_MAX": "2",
}
# Each open page is a connection that stays: the default backpressure would let 1024 in, no more.
# -OO: SQLAlchemy's docstrings alone are 4 MiB of every web process.
GRANIAN = (*PYTHON, "-OO", "-m", "granian", "--no-access-log", "--backpressure", "4096")
# Media work is for the sandbox, one process a task; half the cores leave the pages quick.
DEFAULT_SHARE = 2

host_option = click.option("--host", "host_name", default="127.0.0.1", show_default=True)
port_option = click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any free."
)


@click.command()
@host_option
@port_option
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Processes that turn files into streams.  [default: half the cores]",
)
@click.option("--demo", is_flag=True, help="Fill an empty library with a sample course.")
@data_option
def serve(host_name: str, port: int, workers: int | None, demo: bool, data: Path | None) -> None:
    """Run all of Lectern on this machine until Ctrl-C or SIGTERM."""
    with servers_for(data, host.Kind.SERVE) as hosted, Supervisor(hosted) as parts:
        port = addresses.free_port(host_name, port)
        address = addresses.shown(host_name, port)
        hosted.announce(address)
        environment = environment_for(hosted)
        parts.add(web_part(host_name, port), environment)
        # Pages first: beside workers that load their libraries they would be seconds later.
        parts.wait_for(address)
        parts.add(scheduling(), {**environment, **hosted.collector_environment})
        for name, queue in queues(workers or share()):
            parts.add(Part(name, (*PYTHON, "-m", "web.cli", "worker", queue)), environment)
        click.echo(f"Lectern is ready at {hosted.settings.public_url or address}")
        offer_first_owner(hosted.settings, address)
        if demo:
            parts.run_once(Part("demo", (*PYTHON, "-m", "web.cli.demo")), environment)
        parts.watch()


@click.command()
@host_option
@port_option
@data_option
def web(host_name: str, port: int, data: Path | None) -> None:
    """Serve the pages only; on many machines behind one balancer."""
    with servers_for(data, host.Kind.PART) as hosted, Supervisor(hosted) as parts:
        port = addresses.free_port(host_name, port)
        address = addresses.shown(host_name, port)
        parts.add(web_part(host_name, port), environment_for(hosted))
        parts.wait_for(address)
        click.echo(f"Lectern's pages are at {hosted.settings.public_url or address}")
        parts.watch()


def environment_for(hosted: host.Servers) -> Mapping[str, str]:
    """What a part finds in its environment; secrets are on no command line."""
    return {**os.environ, **ENVIRONMENT, **hosted.environment}


def share() -> int:
    """How many processes do the heavy work by default."""
    return max(1, len(os.sched_getaffinity(0)) // DEFAULT_SHARE)


def queues(encoders: int) -> list[tuple[str, str]]:
    """The worker processes of `serve`: name in the log, queue."""
    one_each = [(str(queue), str(queue)) for queue in Queue if queue is not Queue.STREAMS]
    streams = str(Queue.STREAMS)
    return [*one_each, *((f"{streams} {number}", streams) for number in range(1, encoders + 1))]


def scheduling() -> Part:
    """The periodic process."""
    return Part("schedule", (*PYTHON, "-m", "web.cli", "schedule"))


def web_part(host_name: str, port: int) -> Part:
    """The web server: one process for pages and WebSockets for every two cores."""
    command = ["--interface", "asgi", "web.asgi:app", "--host", host_name, "--port", str(port)]
    command += ["--workers", str(share()), "--log-level", "warning", "--workers-kill-timeout", "5"]
    return Part("web", (*GRANIAN, *command))


def offer_first_owner(configured: Settings, address: str) -> None:
    """Print the one-time link while nobody owns the library."""
    audit.configure(configured.secret_key)
    engine = sessions.connect(configured.database_url)
    with sessions.unit_of_work() as session:
        secret = setup.first_owner_link(session)
    engine.dispose()
    if secret:
        base = configured.public_url or address
        click.echo(f"Make the first owner here (works once, within a day): {base}/setup/{secret}")
