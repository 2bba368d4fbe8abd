"""All metadata out of the library as one file, and back into this or another one."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.db import SessionLocal, unit_of_work
from lectern.durable import sync_folder
from lectern.errors import LecternError, NotFound
from lectern.exchange import contents, importing
from lectern.exchange import export as exporting
from lectern.exchange.archive import Archive
from lectern.exchange.report import Report
from lectern.models import Workspace
from lectern.people import workspaces
from lectern.people.principal import Principal
from lectern.settings import Settings
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
        with _replaced(file) as path, unit_of_work() as session:
            exporting.steady(session)
            principal = owner_of(session, workspace)
            with path.open("wb") as target:
                counts = exporting.write(session, principal, target, storage)
        with unit_of_work() as session:
            exporting.record(session, principal, counts)
    click.echo(f"Wrote {file}: {counts['assets']} files, {counts['usages']} uses, all metadata.")


@click.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would change, field by field.")
@workspace_option
@data_option
def import_(path: Path, dry_run: bool, workspace: str | None, data: Path | None) -> None:
    """Bring an export into the library: add what is missing, change what differs.

    Nothing is removed, and a second time changes nothing; docs/exchange.md.
    """
    with library(data) as hosted, Archive(path) as archive:
        with unit_of_work() as session:
            principal = owner_of(session, workspace)
        bring = _rehearse if dry_run else _bring
        report = bring(hosted.settings, principal, archive)
    for line in told(report):
        click.echo(line)
    click.echo(summary(report, dry_run))


def _rehearse(settings: Settings, principal: Principal, archive: Archive) -> Report:
    with SessionLocal() as session:
        report = importing.apply(session, principal, archive, everybody=True, rehearsal=True)
        session.rollback()
    return report


def _bring(settings: Settings, principal: Principal, archive: Archive) -> Report:
    storage, home = storage_of(settings), principal.workspace_id
    settings.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    with unit_of_work() as session:
        lacking = importing.missing(session, principal, archive)
    stored = importing.store(archive, lacking, storage, home, settings.scratch)
    try:
        with unit_of_work() as session:
            return importing.apply(session, principal, archive, stored, everybody=True)
    finally:
        with unit_of_work() as session:
            contents.forget(storage, contents.unnamed(session, home, stored))


def told(report: Report) -> Iterator[str]:
    """The report line by line: every field that differs, and everything left as it is."""
    for change in report.changes:
        yield f"{change.file} {change.id} {change.name}"
        for name, field in change.fields.items():
            yield f"  {name}: {_shown(field['before'])} → {_shown(field['after'])}"
    for left in report.left_out:
        yield f"{left.file} {left.id} {left.name}: left out. {left.reason}"


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def summary(report: Report, dry_run: bool) -> str:
    """The last line."""
    added, changed = report.added.total(), report.changed.total()
    done = "Would add" if dry_run else "Added"
    line = f"{done} {added} and {'change' if dry_run else 'changed'} {changed} things"
    line += f"; {report.same.total()} are the same, {report.left.total()} left out."
    if report.without_bytes:
        line += f" {report.without_bytes} files are without their bytes; import an export with"
        line += " --with-files, or upload them and import again."
    return line


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
def _replaced(file: Path) -> Iterator[Path]:
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
