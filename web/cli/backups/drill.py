"""A backup is as good as its last restore: the rehearsal that cron can do."""

import shutil
import tempfile
import time
from pathlib import Path

import click

from lectern import host, settings
from lectern.backup.backup import KEY
from lectern.errors import LecternError
from lectern.settings import Settings
from web.app import create_app
from web.cli.backups import restoration
from web.cli.backups.backup import DIRECTORY, last_backup
from web.cli.options import data_option

NONE = "No backup was made of {} yet, or nobody knows where to. Name its folder: drill DIR."


@click.command()
@click.argument("folder", metavar="[DIR]", required=False, type=DIRECTORY)
@click.option(
    "--scratch",
    type=DIRECTORY,
    help="Where to restore to, for the while.  [default: beside the backup, which saves copying]",
)
@data_option
def drill(folder: Path | None, scratch: Path | None, data: Path | None) -> None:
    """Prove the backup in DIR (or the last one): restore it elsewhere, check all, and remove it.

    Runs servers of its own and touches neither the library nor the backup. Ends with status 1
    when the backup could not be restored, or not all of it was right.
    """
    place = settings.read(data=data)
    folder = folder or last_backup(place)
    if folder is None:
        raise LecternError(NONE.format(place.data))
    started = time.monotonic()
    empty = _empty(scratch or folder.absolute().parent)
    try:
        made = restoration.restore(folder, _apart(place, empty), _Teller(), _pages)
    finally:
        shutil.rmtree(empty, ignore_errors=True)
    for sentence in made.wrong:
        click.echo(sentence)
    if made.wrong:
        raise click.ClickException(
            f"The backup in {folder} is not right: {len(made.wrong)} promises are broken."
        )
    click.echo("proved: every promise that fsck checks, all digests, the audit log to its end")
    click.echo(
        f"The backup of {made.manifest.made_at} in {folder} can be restored; "
        f"it took {time.monotonic() - started:.0f} s."
    )


class _Teller:
    """Says what was done, and how long it took since the line before."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def __call__(self, done: str) -> None:
        now = time.monotonic()
        click.echo(f"proved: {done} ({now - self._since:.1f} s)")
        self._since = now


def _empty(parent: Path) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix=".lectern-drill-", dir=parent))
    except OSError as error:
        raise LecternError(
            f"{parent} cannot be written: {error.strerror}. Name another place with --scratch."
        ) from error


def _apart(place: Settings, empty: Path) -> Settings:
    """Settings of another installation, which know nothing of this one but the key."""
    kept = place.data / "secrets" / KEY
    key = place.secret_key or (kept.read_text().strip() if kept.is_file() else "")
    return settings.read({"LECTERN_SECRET_KEY": key}, data=empty)


def _pages(hosted: host.Servers) -> list[str]:
    """Whether the pages of this release answer on what was restored."""
    reply = create_app(hosted.settings).test_client().get("/readyz")
    return [] if reply.status_code == 200 else ["The pages do not answer on what was restored."]
