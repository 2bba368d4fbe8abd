"""Whether everything stored is as promised; also beside a running server."""

from itertools import islice
from pathlib import Path

import click
from sqlalchemy.orm import Session

from lectern import integrity
from lectern.database.sessions import unit_of_work
from lectern.integrity import fsck as checks
from lectern.integrity import strays
from lectern.storage import Storage, storage_of
from web.cli.options import data_option, library

# Files that nothing names are listed up to here, and counted beyond.
SHOWN = 20


@click.command()
@click.option(
    "--repair",
    is_flag=True,
    help="Recount what can be recounted, and give files that nothing names to the collection.",
)
@click.option("--quick", is_flag=True, help="Compare sizes only, instead of reading every file.")
@data_option
def fsck(repair: bool, quick: bool, data: Path | None) -> None:
    """Check every promise over the whole store, and print what is wrong.

    Digests of all files, version pointers, counts, unfinished uploads, the trash, the audit log.
    Ends with status 1 if anything is wrong, and was not repaired.
    """
    with library(data) as hosted:
        storage = storage_of(hosted.settings)
        if repair:
            with unit_of_work() as session:
                click.echo(f"Put right: {checks.repair(session)} rows.")
        with unit_of_work() as session:
            files, size = checks.count_stored(session)
            here = integrity.Here(session, hosted.settings, storage, read=not quick)
            wrong = 0
            for finding in integrity.all_findings(here):
                click.echo(finding.sentence)
                wrong += 1
        look_for_strays(storage, repair)
    if wrong:
        raise click.ClickException(f"{wrong} promises are broken; each is named above.")
    how = "every size compared" if quick else "every digest read"
    click.echo(f"All is well: {files} stored files, {size:,} bytes, {how}.")


def look_for_strays(storage: Storage, adopt: bool) -> None:
    """Name the files that nothing names, which is no fault; with `adopt` have them collected."""
    with unit_of_work() as session:
        found = list(strays.find(session, storage))
    for stray in islice(found, SHOWN):
        click.echo(f"Nothing names the file {stray.key} ({stray.byte_size:,} bytes).")
    if len(found) > SHOWN:
        click.echo(f"… and {len(found) - SHOWN:,} more.")
    if found and not adopt:
        click.echo(f"{len(found):,} files that nothing names; --repair has them collected.")
    elif found:
        with unit_of_work() as session:
            taken = sum(_adopted(session, storage, stray) for stray in found)
        left = f"; {len(found) - taken:,} are not surely Lectern's and stay" * (taken < len(found))
        click.echo(f"{taken:,} files that nothing names will be collected{left}.")


def _adopted(session: Session, storage: Storage, stray: strays.Stray) -> bool:
    try:
        return strays.adopt(session, storage, stray)
    except FileNotFoundError:
        return False
