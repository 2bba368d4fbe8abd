"""Database and files together into a folder, and back."""

from pathlib import Path

import click

from lectern import settings
from lectern.backup import backup as backups
from lectern.settings import Settings
from lectern.storage import storage_of
from web.cli.backups import restoration
from web.cli.options import data_option, library

DIRECTORY = click.Path(file_okay=False, path_type=Path)
# In the data folder: where the newest backup went, for `drill`.
NOTE = "last_backup"


@click.command()
@click.argument("folder", metavar="DIR", type=DIRECTORY)
@click.option("--with-secrets", is_flag=True, help="The key of signatures as well: keep DIR safe.")
@data_option
def backup(folder: Path, with_secrets: bool, data: Path | None) -> None:
    """Write a backup into DIR, beside a running server; the next time only what is new."""
    with library(data) as hosted:
        storage = storage_of(hosted.settings)
        made = backups.back_up(
            hosted.migrate_url, hosted.settings, storage, folder, with_secrets=with_secrets
        )
        (hosted.settings.data / NOTE).write_text(f"{folder.absolute()}\n")
    for problem in made.problems:
        click.echo(problem)
    manifest = made.manifest
    click.echo(
        f"Backed up the database and {manifest.blobs} files ({manifest.bytes:,} bytes) into "
        f"{folder}; {made.copied} of them are new."
    )
    if not with_secrets:
        click.echo(
            "Not in it: secrets/secret_key, without which the audit log cannot be verified. "
            "Keep a copy elsewhere, or use --with-secrets."
        )
    if made.problems:
        raise click.ClickException(f"{len(made.problems)} files could not be backed up.")


@click.command()
@click.argument("folder", metavar="DIR", type=DIRECTORY)
@data_option
def restore(folder: Path, data: Path | None) -> None:
    """Restore the backup in DIR into an empty data folder, check all of it, and say so."""
    made = restoration.restore(folder, settings.read(data=data))
    for sentence in made.wrong:
        click.echo(sentence)
    if made.wrong:
        raise click.ClickException(f"{len(made.wrong)} promises are broken; each is named above.")
    click.echo(
        f"Restored {made.brought} files and the database of {made.manifest.made_at}. All is well."
    )


def last_backup(place: Settings) -> Path | None:
    """Where the newest backup of a data folder went."""
    try:
        return Path((place.data / NOTE).read_text().rstrip("\n"))
    except FileNotFoundError:
        return None
