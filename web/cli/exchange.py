"""All metadata out of the library as one file."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.database.sessions import unit_of_work
from lectern.durable import sync_folder
from lectern.errors import LecternError, NotFound
from lectern.exchange import export as archive_export
from lectern.models import Workspace
from lectern.people import workspaces
from lectern.people.principal import Principal
from lectern.storage import storage_of
from web.cli.options import data_option, library

workspace_option = click.option("--workspace", metavar="SLUG", help="Default: the first.")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--with-files", is_flag=True, help="The bytes of every version as well.")
@workspace_option
@data_option
def export(file: Path, with_files: bool, workspace: str | None, data: Path | None) -> None:
    """Write all metadata into FILE, a ZIP of JSON Lines; docs/exchange.md describes it."""
    with library(data) as hosted:
        storage = storage_of(hosted.settings) if with_files else None
        with replaced(file) as path, unit_of_work() as session:
            archive_export.steady(session)
            principal = owner_of(session, workspace)
            with path.open("wb") as target:
                counts = archive_export.write(session, principal, target, storage)
        with unit_of_work() as session:
            archive_export.record(session, principal, counts)
    click.echo(f"Wrote {file}: {counts['assets']} files, {counts['usages']} uses, all metadata.")


def owner_of(session: Session, slug: str | None) -> Principal:
    """Lectern itself, in the workspace that is meant.

    Raises:
        NotFound: there is none.
    """
    query = select(Workspace).where(Workspace.slug == slug)
    found = session.scalar(query) if slug else workspaces.first(session)
    if found is None:
        named = f" called {slug}" if slug else " yet; make one with: bin/lectern user add"
        raise NotFound(f"There is no workspace{named}.")
    return Principal.system(found.id)


@contextmanager
def replaced(file: Path) -> Iterator[Path]:
    """A draft beside `file` that takes its place, durably, when the block ends well."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    except OSError as error:
        raise LecternError(f"{file} cannot be written: {error.strerror}.") from error
    draft = Path(name)
    try:
        yield draft
        os.fsync(descriptor)
        draft.replace(file)
        sync_folder(file.absolute().parent)
    finally:
        os.close(descriptor)
        draft.unlink(missing_ok=True)
