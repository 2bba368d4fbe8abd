"""Deleting what nothing names any more, now and with an operator's yes."""

from pathlib import Path

import click
from sqlalchemy import select

from jobs import garbage, process
from jobs.process import Process
from lectern import host
from lectern.database import sessions
from lectern.database.sessions import unit_of_work
from lectern.errors import Conflict
from lectern.models import Collection, Workspace
from web.cli.options import data_option, servers_for


@click.command()
@click.option("--yes", is_flag=True, help="Also what is so much that it looks like an error.")
@data_option
def collect(yes: bool, data: Path | None) -> None:
    """Delete the files that nothing has named for longer than backups are kept.

    `schedule` does so once a day. It stops, and this command says why, while fsck finds something,
    or when a round would delete more than 1,000 files or much of all bytes at once. Ends with
    status 1 if it stopped.
    """
    with servers_for(data, host.Kind.COMMAND) as hosted:
        this = process.start(hosted.settings)
        try:
            stopped = _rounds(this, yes)
        finally:
            sessions.SessionLocal.kw["bind"].dispose()
    if stopped:
        raise click.ClickException("Nothing was deleted where a reason is given above.")


def _rounds(this: Process, agreed: bool) -> int:
    """One round for every workspace; returns how many were stopped."""
    stopped = 0
    with garbage.alone() as first:
        if not first:
            raise Conflict("Another process is collecting at this moment. Try again later.")
        with unit_of_work() as session:
            spaces = session.execute(select(Workspace.id, Workspace.slug).order_by(Workspace.slug))
            known = [(workspace_id, slug) for workspace_id, slug in spaces]
        for workspace_id, slug in known:
            done = garbage.round_of(this, workspace_id, agreed=agreed)
            click.echo(f"{slug}: {_said(done)}")
            stopped += done.stopped is not None
    return stopped


def _said(done: Collection) -> str:
    if done.stopped is not None:
        return f"{done.stopped}"
    return (
        f"{done.deleted:,} files deleted, {done.freed:,} bytes; {done.condemned:,} more will be "
        "when their grace is over."
    )
