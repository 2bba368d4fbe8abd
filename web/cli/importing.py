"""Into the library: an export, or a folder of files with the courses that use them; and undo."""

import importlib
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from jobs import broker, live
from lectern import csv_files
from lectern.database.sessions import SessionLocal, unit_of_work
from lectern.exchange import undo as import_undo
from lectern.exchange.archive import Archive
from lectern.exchange.importers import bucket
from lectern.exchange.importers import table as tables
from lectern.exchange.importers.bringing import Outcome, Result
from lectern.exchange.importers.origins import Folder, Origin
from lectern.exchange.importers.table import Table, TableEntry
from lectern.exchange.imports import contents, importer, recording
from lectern.exchange.imports.recording import Key
from lectern.exchange.imports.report import Report
from lectern.models import BatchState
from lectern.people.principal import Principal
from lectern.settings import Settings
from lectern.storage import storage_of
from lectern.text import clean_text
from web.cli.exchange import owner_of, replaced, workspace_option
from web.cli.options import data_option, library

THERE = click.Path(exists=True, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_WORDS = {
    Result.ADDED: ("added", "would add"),
    Result.VERSION: ("new version", "would become a new version"),
    Result.KNOWN: ("here already", "is here already"),
    Result.REFUSED: ("refused", "would be refused"),
    Result.LATER: ("later", "later"),
}


class Source(click.ParamType[Path | str]):
    """A file or folder that is there, or the address of a bucket."""

    name = "path"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path | str:
        """See click."""
        if isinstance(value, str) and bucket.is_address(value):
            return value
        path: Path = THERE.convert(value, param, ctx)
        return path


@click.command("import")
@click.argument("path", required=False, type=Source())
@click.option("--map", "table", type=FILE, help="CSV: which courses use the files of a folder.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="CSV of all files.")
@click.option("--undo", metavar="ID", type=click.UUID, help="Undo the import with this id.")
@workspace_option
@data_option
def import_(
    path: Path | str | None,
    table: Path | None,
    dry_run: bool,
    report: Path | None,
    undo: uuid.UUID | None,
    workspace: str | None,
    data: Path | None,
) -> None:
    """Bring an export, or all files of a folder or of b2://BUCKET/FOLDER, into the library.

    Nothing is removed, and a second time only what is new or has changed is brought in. Ends with
    status 1 when something was refused.
    """
    if (path is None) == (undo is None):
        raise click.UsageError("Name what to import, or with --undo the import to undo.")
    archive = path if isinstance(path, Path) and not path.is_dir() else None
    if (table or report) and (path is None or archive is not None):
        raise click.UsageError("--map and --report go with a folder or bucket.")
    with library(data) as hosted:
        broker.configure(hosted.settings.redis_url)
        with unit_of_work() as session:
            principal = owner_of(session, workspace)
        if undo is not None:
            _undo(hosted.settings, principal, undo)
        elif archive is not None:
            _bring_archive(hosted.settings, principal, archive, dry_run)
        elif path is not None:
            origin = _origin(hosted.settings, path, table)
            options = _Folder(hosted.settings, principal, origin, table, report, dry_run)
            refused = _bring_folder(options)
            live.publish(principal.workspace_id, live.REFRESH)
            if refused:
                # Not click's own way, which a command line that catches errors itself loses.
                raise SystemExit(1)


def _origin(settings: Settings, path: Path | str, table: Path | None) -> Origin:
    if isinstance(path, Path):
        return Folder(path.resolve(), table)
    return bucket.at(path, settings.b2_key_id, settings.b2_key)


@dataclass
class _Folder:
    """What the command was asked, and what has become of the files so far."""

    settings: Settings
    principal: Principal
    origin: Origin
    table: Path | None
    report: Path | None
    dry_run: bool
    counts: Counter[str] = field(default_factory=Counter)
    matched: set[str] = field(default_factory=set)


def _bring_folder(asked: _Folder) -> bool:
    """Bring a folder in, tell it file by file, and say at the end whether anything was refused."""
    table = tables.read(asked.table) if asked.table else Table()
    for name in table.unknown:
        click.echo(f"The column “{clean_text(name)[:80]}” means nothing here and is not read.")
    # By name: whoever imports the commands must not load the sandbox.
    importers: Any = importlib.import_module("jobs.importers")
    job = importers.ImportRun(asked.settings, asked.principal, asked.origin, table, asked.dry_run)
    with _sheet(asked.report) as write:
        for outcome in importers.run(job):
            _tell(asked, table, outcome, write)
    wrong = list(tables.unmatched(table, asked.matched))
    for line in wrong:
        click.echo(f"refused: {clean_text(line)}")
    click.echo(_totals(asked, len(wrong)))
    came = [asked.counts[result] for result in (Result.ADDED, Result.VERSION, Result.KNOWN)]
    if not asked.dry_run and any(came):
        _tell_undo(asked.principal)
    return bool(wrong or asked.counts[Result.REFUSED])


def _tell(asked: _Folder, table: Table, outcome: Any, write: Callable[[list[Any]], None]) -> None:
    key = tables.key_of(outcome.path)
    if not isinstance(outcome, Outcome):
        asked.counts["skipped"] += 1
        click.echo(f"skipped: {clean_text(outcome.path)}: {outcome.reason}")
        write([outcome.path, "skipped", "", "", outcome.reason])
        return
    asked.counts[outcome.result] += 1
    entry = table.files.get(key, TableEntry())
    if key in table.files:
        asked.matched.add(key)
    old_id = next((line.facts["old_id"] for line in entry.lines if "old_id" in line.facts), "")
    write([outcome.path, outcome.result, outcome.asset_id or "", old_id, outcome.reason])
    if outcome.result is not Result.SAME:
        why = f": {outcome.reason}" if outcome.reason else ""
        click.echo(f"{_WORDS[outcome.result][asked.dry_run]}: {clean_text(outcome.path)}{why}")


def _totals(asked: _Folder, wrong: int) -> str:
    count = asked.counts
    would = "Would bring in" if asked.dry_run else "Brought in"
    return (
        f"{would} {count[Result.ADDED]} files and {count[Result.VERSION]} new versions; "
        f"{count[Result.KNOWN]} were here already, {count[Result.SAME]} are unchanged, "
        f"{count[Result.REFUSED]} refused, {count[Result.LATER]} left for the next run, "
        f"{count['skipped']} skipped; {wrong} lines of the table came to nothing."
    )


@contextmanager
def _sheet(report: Path | None) -> Iterator[Callable[[list[Any]], None]]:
    """Writes lines of the report, which appears when all of it is there."""
    if report is None:
        yield lambda row: None
        return
    with replaced(report) as draft, draft.open("w", encoding="utf-8", newline="") as target:
        heads = ("path", "result", "id", "old_id", "reason")
        target.writelines(csv_files.lines(heads, ()))
        yield lambda row: print(csv_files.row(row), end="", file=target)


def _bring_archive(settings: Settings, principal: Principal, path: Path, dry_run: bool) -> None:
    with Archive(path) as archive:
        rehearsal = _rehearse(principal, archive)
        for line in told(rehearsal):
            click.echo(line)
        if not dry_run and rehearsal.writes:
            report = _apply(settings, principal, archive, path.name)
            click.echo(summary(report, dry_run))
            _tell_undo(principal)
        else:
            click.echo(summary(rehearsal, dry_run))


def _rehearse(principal: Principal, archive: Archive) -> Report:
    with SessionLocal() as session:
        report = importer.apply(session, principal, archive, everybody=True, rehearsal=True)
        session.rollback()
    return report


def _apply(settings: Settings, principal: Principal, archive: Archive, name: str) -> Report:
    storage, home = storage_of(settings), principal.workspace_id
    settings.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    with unit_of_work() as session:
        lacking = importer.missing(session, principal, archive)
    stored = importer.store(archive, lacking, storage, home, settings.scratch)
    try:
        with unit_of_work() as session:
            batch = recording.begin(session, principal, recording.IMPORT, {"file": name})
            key = Key(home, batch.id)
            report = importer.apply(session, principal, archive, stored, everybody=True, batch=key)
            recording.end(session, key)
            return report
    finally:
        with unit_of_work() as session:
            contents.forget(storage, contents.unnamed(session, home, stored))


def _undo(settings: Settings, principal: Principal, batch_id: uuid.UUID) -> None:
    key = Key(principal.workspace_id, batch_id)
    with unit_of_work() as session:
        # A command that was killed in the middle is gone on with.
        if recording.get(session, principal, batch_id).state != BatchState.UNDOING:
            import_undo.begin(session, principal, batch_id)
    done, storage = False, storage_of(settings)
    while not done:
        with unit_of_work() as session:
            done = import_undo.advance(
                session, principal, key, storage=storage, days=settings.trash_days
            )
    with unit_of_work() as session:
        import_undo.finish(session, key)
        batch = recording.get(session, principal, batch_id)
        for leftover in import_undo.kept(session, batch):
            click.echo(f"kept: {leftover.file} {leftover.id} {leftover.name}: {leftover.reason}")
    live.publish(principal.workspace_id, live.REFRESH)
    click.echo(f"Undid {batch.undone} things; {batch.kept} stay as they are.")


def _tell_undo(principal: Principal) -> None:
    with unit_of_work() as session:
        batch = recording.newest(session, principal)
    if batch is not None:
        click.echo(f"Undo this import with: bin/lectern import --undo {batch.id}")


def told(report: Report) -> Iterator[str]:
    """The report line by line: every field that differs, and everything left as it is."""
    for change in report.changes:
        yield f"{change.file} {change.id} {change.name}"
        for name, values in change.fields.items():
            yield f"  {name}: {_shown(values['before'])} → {_shown(values['after'])}"
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
        line += " --with-files, or upload them, and they are completed."
    return line
