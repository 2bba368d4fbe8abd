"""A backup brought into an empty folder and checked: what `restore` and `drill` share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from lectern import host, integrity
from lectern.backup import backup
from lectern.backup import restore as restores
from lectern.backup.backup import Manifest
from lectern.database import sessions
from lectern.database.sessions import unit_of_work
from lectern.host import schema
from lectern.integrity import fsck, strays
from lectern.people import audit
from lectern.settings import Settings
from lectern.storage import storage_of
from web.cli.options import say_who_has_it

NO_KEY = (
    "The backup has no secrets and secrets/secret_key was not put in place, so the audit log "
    "cannot be verified. Restore again with the key in LECTERN_SECRET_KEY."
)
# What the settled library is asked besides; it answers with what is wrong.
Question = Callable[[host.Servers], list[str]]


@dataclass
class Restored:
    """What came of a backup. `brought` are files that were not in the storage before."""

    manifest: Manifest
    brought: int = 0
    wrong: list[str] = field(default_factory=list)


def restore(
    folder: Path,
    place: Settings,
    told: Callable[[str], None] = lambda done: None,
    question: Question = lambda hosted: [],
) -> Restored:
    """Restore the backup in `folder` into the empty `place`; `told` hears what was done.

    Raises:
        LecternError: the backup is not whole, or `place` is not empty.
    """
    manifest = restores.check(folder, place.data)
    told("the dump of the database and the list of files are those of the manifest")
    restores.bring_secrets(folder, place.data)
    had_key = bool(place.secret_key) or (place.data / "secrets" / backup.KEY).is_file()
    made = Restored(manifest)
    with host.servers(place, host.Kind.COMMAND, say_who_has_it) as hosted:
        audit.configure(hosted.settings.secret_key)
        restores.load(hosted.migrate_url, folder, manifest)
        told(f"the database was filled, as of {manifest.made_at}")
        made.brought = restores.bring_files(folder, manifest, storage_of(hosted.settings))
        told(f"{manifest.blobs:,} files, {manifest.bytes:,} bytes, with the digests of their rows")
        schema.upgrade(hosted.migrate_url)
        engine = sessions.connect(hosted.settings.database_url)
        try:
            made.wrong = _settled(folder, manifest, hosted, had_key)
            made.wrong += question(hosted)
            if not made.wrong:
                with unit_of_work() as session:
                    restores.record(session, manifest)
        finally:
            engine.dispose()
    return made


def _settled(folder: Path, manifest: Manifest, hosted: host.Servers, had_key: bool) -> list[str]:
    """Tie up what was open, and check everything; returns what is wrong."""
    with unit_of_work() as session:
        restores.settle(session, folder, hosted.settings)
    with unit_of_work() as session:
        wrong = restores.differences(session, manifest)
        wrong += _missing(session, manifest)
        here = integrity.Here(session, hosted.settings, storage_of(hosted.settings))
        for code, check in integrity.CHECKS.items():
            # Without the key of its chain every log looks broken.
            if had_key or code != "I15":
                wrong += [finding.sentence for finding in check(here)]
        wrong += [
            f"Nothing names the file {each.key}." for each in strays.find(session, here.storage)
        ]
    return wrong if had_key else [*wrong, NO_KEY]


def _missing(session: Session, manifest: Manifest) -> list[str]:
    number, size = fsck.count_stored(session)
    if (number, size) == (manifest.blobs, manifest.bytes):
        return []
    return [
        f"The manifest has {manifest.blobs:,} files of {manifest.bytes:,} bytes, "
        f"the database {number:,} of {size:,}."
    ]
