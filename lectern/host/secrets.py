"""Secrets of one installation, made on first use: files of mode 0600 in the data folder."""

import os
import secrets
from pathlib import Path

# 256 bits, in letters and digits that need no quoting in an address.
SECRET_BYTES = 32


def secret(data: Path, name: str) -> str:
    """The secret of that name; two processes that ask at once for a new one get the same."""
    folder = data / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    if not path.exists():
        _write_new(path, secrets.token_hex(SECRET_BYTES))
    return path.read_text().strip()


def _write_new(path: Path, text: str) -> None:
    """Link a complete file into place: no reader sees half a secret, the first writer wins."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
