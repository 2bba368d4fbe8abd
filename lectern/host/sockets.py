"""Short paths to sockets in folders whose own path is too long, or too odd, for an address."""

import hashlib
import os
import re
import stat
from pathlib import Path

from lectern.host.refusal import HostError

# sun_path holds 108 bytes with its closing zero (unix(7)); the longest name below a folder is
# `/.s.PGSQL.5432.lock`.
LONGEST_FOLDER = 107 - len("/.s.PGSQL.5432.lock")
# libpq splits a host at commas, SQLAlchemy at colons.
PLAIN = re.compile(r"[\w/. +-]+", re.ASCII)


def reachable(folder: Path) -> Path:
    """The folder, or a link to it in this account's run-time folder; called again, mends it.

    The servers bind inside their own folder by a relative name, so only clients need this.

    Raises:
        HostError: somebody else holds the place where the link should be.
    """
    text = str(folder)
    if len(os.fsencode(text)) <= LONGEST_FOLDER and PLAIN.fullmatch(text):
        return folder
    link = _links() / hashlib.sha256(os.fsencode(text)).hexdigest()[:16]
    if not link.is_symlink() or link.readlink() != folder:
        draft = link.with_name(f"{link.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        draft.symlink_to(folder)
        draft.replace(link)
    return link


def _links() -> Path:
    """A folder that only this account can write, verified: /tmp is anybody's."""
    folder = _runtime_folder() / f"lectern-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid() or facts.st_mode & 0o077:
        raise HostError(
            f"{folder} is not a private folder of this account; remove it, or choose a shorter "
            "--data path."
        )
    return folder


def _runtime_folder() -> Path:
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    for candidate in (Path(given) if given else None, Path("/run")):
        if candidate and len(str(candidate)) < 40 and os.access(candidate, os.W_OK | os.X_OK):
            return candidate
    return Path("/tmp")  # noqa: S108 (what is made in it is verified)
