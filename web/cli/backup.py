"""Database and files together into a folder, and back."""

from itertools import chain
from pathlib import Path

import click

from lectern import db, host, settings
from lectern.db import unit_of_work
from lectern.exchange import backup as backing
from lectern.exchange import restoring
from lectern.host import schema
from lectern.library import fsck as checks
from lectern.people import audit
from lectern.storage import storage_of
from web.cli.options import data_option, library, say_who_has_it

DIRECTORY = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("folder", metavar="DIR", type=DIRECTORY)
@click.option("--with-secrets", is_flag=True, help="The key of signatures as well: keep DIR safe.")
@data_option
def backup(folder: Path, with_secrets: bool, data: Path | None) -> None:
    """Write a backup into DIR, beside a running server; the next time only what is new."""
    with library(data) as hosted:
        storage = storage_of(hosted.settings)
        made = backing.back_up(
            hosted.migrate_url, hosted.settings, storage, folder, with_secrets=with_secrets
        )
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
    place = settings.read(data=data)
    manifest = restoring.check(folder, place.data)
    restoring.bring_secrets(folder, place.data)
    had_key = bool(place.secret_key) or (place.data / "secrets" / backing.KEY).is_file()
    with host.servers(place, host.Kind.COMMAND, say_who_has_it) as hosted:
        audit.configure(hosted.settings.secret_key)
        storage = storage_of(hosted.settings)
        restoring.load(hosted.migrate_url, folder, manifest)
        brought = restoring.bring_files(folder, manifest, storage)
        schema.upgrade(hosted.migrate_url)
        engine = db.connect(hosted.settings.database_url)
        try:
            wrong = _settle(folder, manifest, hosted, had_key)
        finally:
            engine.dispose()
    for sentence in wrong:
        click.echo(sentence)
    if wrong:
        raise click.ClickException(f"{len(wrong)} promises are broken; each is named above.")
    click.echo(f"Restored {brought} files and the database of {manifest.made_at}. All is well.")


def _settle(
    folder: Path, manifest: backing.Manifest, hosted: host.Servers, had_key: bool
) -> list[str]:
    """Tie up what was open, and check everything; returns what is wrong."""
    with unit_of_work() as session:
        restoring.settle(session, folder, hosted.settings)
    with unit_of_work() as session:
        wrong = restoring.differences(session, manifest)
        chains = checks.chains(session) if had_key else iter(())
        findings = chain(
            checks.rows(session),
            chains,
            checks.spooled(session, hosted.settings),
            checks.stored(session, storage_of(hosted.settings)),
        )
        wrong += [finding.sentence for finding in findings]
    if not had_key:
        wrong.append(
            "The backup has no secrets and secrets/secret_key was not put in place, so the audit "
            "log cannot be verified. Restore again with the key in LECTERN_SECRET_KEY."
        )
    elif not wrong:
        with unit_of_work() as session:
            restoring.record(session, manifest)
    return wrong
