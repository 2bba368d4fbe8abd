"""What all commands share: the data folder, its settings, and a database that is up to date."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from lectern import host, settings
from lectern.database import sessions
from lectern.host import schema
from lectern.people import audit

Function = TypeVar("Function", bound=Callable[..., Any])


def data_option(function: Function) -> Function:
    """`--data DIR`, handed on as `data`; `LECTERN_DATA` is read with the other settings."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder of everything Lectern stores.  [default: ./var, or LECTERN_DATA]",
    )(function)


def say_who_has_it(owner: host.Owner) -> None:
    """Told once, when another command must end before this one can begin."""
    click.echo(f"Waiting for another command (pid {owner.pid}) to end …", err=True)


@contextmanager
def servers_for(data: Path | None, kind: host.Kind) -> Iterator[host.Servers]:
    """Servers of the data folder with the schema of this release."""
    with host.servers(settings.read(data=data), kind, say_who_has_it) as hosted:
        schema.upgrade(hosted.migrate_url)
        yield hosted


@contextmanager
def library(data: Path | None) -> Iterator[host.Servers]:
    """For a short command: `unit_of_work` works inside, and the audit log is bound."""
    with servers_for(data, host.Kind.COMMAND) as hosted:
        engine = sessions.connect(hosted.settings.database_url)
        audit.configure(hosted.settings.secret_key)
        try:
            yield hosted
        finally:
            engine.dispose()
