"""A running web process with an owner, for the benches that measure it from outside."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from jobs import broker
from lectern import host
from lectern.database import sessions
from lectern.host import schema
from lectern.host.postgres import SUPERUSER
from lectern.people import audit, setup, tokens
from lectern.people.principal import Principal
from lectern.settings import Settings, read
from web.cli.server.serve import ENVIRONMENT, GRANIAN

CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Site:
    """Where it answers, its process, and how to be let in."""

    port: int
    process: psutil.Process
    settings: Settings
    owner: Principal
    cookie: str
    token: str
    # As the role that no rule binds, to fill a database quickly.
    superuser_url: str
    environment: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def running() -> Iterator[Site]:
    """Servers, migrations, one web process, one owner; all gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="lectern-bench-", dir=_disk()) as folder:
        settings = read({}, data=Path(folder) / "data")
        with host.servers(settings) as hosted:
            schema.upgrade(hosted.migrate_url)
            with _web(dict(hosted.environment), "asgi", "web.asgi:app") as (port, process):
                assert hosted.postgres is not None
                made = _site(port, process, hosted.settings, hosted.postgres.url(SUPERUSER))
                yield replace(made, environment=dict(hosted.environment))


@contextmanager
def bare(site: Site) -> Iterator[tuple[int, psutil.Process]]:
    """Port and process of `bench.bare_app`, run by the same server beside the site."""
    with _web(site.environment, "wsgi", "bench.bare_app:app") as running:
        yield running


def _disk() -> str:
    """A folder on a real disk where there is one: a file in memory needs no `fdatasync`."""
    return os.environ.get("LECTERN_BENCH_DIR", "/var/tmp")


@contextmanager
def _web(
    environ: Mapping[str, str], interface: str, application: str
) -> Iterator[tuple[int, psutil.Process]]:
    """The server as `serve` runs it, with one process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [*GRANIAN, "--interface", interface, "--port", str(port), "--log-level", "error"]
    command += ["--workers", "1", application]
    environ = {**os.environ, **environ, **ENVIRONMENT, "PYTHONPATH": str(CHECKOUT)}
    with subprocess.Popen(command, env=environ, cwd=CHECKOUT) as server:
        try:
            _wait_until_open(port)
            yield port, psutil.Process(server.pid).children()[0]
        finally:
            server.terminate()


def _wait_until_open(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)


def _site(port: int, process: psutil.Process, settings: Settings, superuser_url: str) -> Site:
    audit.configure(settings.secret_key)
    broker.configure(settings.redis_url)
    sessions.connect(settings.database_url)
    with sessions.unit_of_work() as session:
        link = setup.first_owner_link(session)
    with sessions.unit_of_work() as session:
        signed_in = setup.use(
            session,
            link or "",
            email="owner@example.org",
            name="Owner",
            password="correct horse battery",  # noqa: S106 - of a library that lives for a minute
            workspace_name="Bench",
        )
        owner = signed_in.principal
        token = tokens.create(session, owner, owner.workspace_id, "bench", ["read", "write"])
    return Site(port, process, settings, owner, signed_in.secret, token, superuser_url)
