"""Where the files of a library are: moving them to another storage while it is used."""

from pathlib import Path

import click

from lectern import settings
from lectern.database.sessions import unit_of_work
from lectern.errors import LecternError
from lectern.settings import Settings
from lectern.storage import Storage, moving, open_storage
from web.cli.options import data_option, library

# What is told while a long move runs: after so many files.
TOLD_EACH = 500


@click.group()
def storage() -> None:
    """Where files are: in a folder, or in a bucket of Backblaze B2."""


@storage.command()
@click.option(
    "--to", metavar="URL", help="The new storage.  [default: finish a move to LECTERN_STORAGE_URL]"
)
@click.option(
    "--at-once", type=click.IntRange(1, 64), default=4, show_default=True, help="Files together."
)
@data_option
def move(to: str | None, at_once: int, data: Path | None) -> None:
    """Copy all files to another storage, also beside a running server.

    Every file is compared with its digest. What is there already is not sent again, so the
    command may be stopped and run again at any time. Nothing is deleted in the old storage.
    """
    here = settings.read(data=data)
    source, target = _ends(here, to)
    with library(data):
        with unit_of_work() as session:
            files, size = moving.count(session)
        click.echo(f"{files:,} files, {size:,} bytes.")
        copied = done = wrong = 0
        for outcome in moving.copy_all(unit_of_work, source, target, at_once):
            done += 1
            copied += outcome.copied
            if outcome.wrong:
                wrong += 1
                click.echo(outcome.wrong)
            if done % TOLD_EACH == 0:
                click.echo(f"{done:,} of {files:,} …")
    if wrong:
        raise click.ClickException(f"{wrong} files could not be moved; each is named above.")
    click.echo(f"All {done:,} files are in the new storage; {copied:,} were copied now.")
    click.echo(_next(here, to))


def _ends(here: Settings, to: str | None) -> tuple[Storage, Storage]:
    """From where, to where. Raises LecternError when that is no move."""
    if to is not None and here.storage_old_url is not None:
        raise LecternError("A move is under way already; finish it without --to.")
    old = here.storage_url if to is not None else here.storage_old_url
    new = here.storage_url if to is None else to
    if old is None:
        raise LecternError("Say where to: --to file:///… or --to b2://BUCKET.")
    if old == new:
        raise LecternError("That is where the files are already.")
    return open_storage(old, here), open_storage(new, here)


def _next(here: Settings, to: str | None) -> str:
    if to is None:
        return "Start Lectern without LECTERN_STORAGE_OLD_URL now; then the old storage may go."
    return (
        f"Start Lectern with LECTERN_STORAGE_URL={to} and LECTERN_STORAGE_OLD_URL="
        f"{here.storage_url} now, then run `storage move` once more for what came meanwhile."
    )
