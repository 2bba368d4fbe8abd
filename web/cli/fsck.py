"""Whether everything stored is as promised; also beside a running server."""

from itertools import chain
from pathlib import Path

import click

from lectern.db import unit_of_work
from lectern.library import fsck as checks
from lectern.storage import storage_of
from web.cli.options import data_option, library


@click.command()
@click.option("--repair", is_flag=True, help="Recount what can be recounted from other rows.")
@data_option
def fsck(repair: bool, data: Path | None) -> None:
    """Check every promise over the whole store, and print what is wrong.

    Digests of all files, version pointers, usage counts, unfinished uploads, the audit log.
    Ends with status 1 if anything is wrong, and was not repaired.
    """
    with library(data) as hosted:
        if repair:
            with unit_of_work() as session:
                click.echo(f"Put right: {checks.repair(session)} rows.")
        with unit_of_work() as session:
            storage = storage_of(hosted.settings)
            files, size = checks.count_stored(session)
            wrong = 0
            for finding in chain(
                checks.rows(session),
                checks.chains(session),
                checks.spooled(session, hosted.settings),
                checks.stored(session, storage),
            ):
                click.echo(finding.sentence)
                wrong += 1
    if wrong:
        raise click.ClickException(f"{wrong} promises are broken; each is named above.")
    click.echo(f"All is well: {files} stored files, {size:,} bytes, every digest read.")
