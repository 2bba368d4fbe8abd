"""What a storage key may look like, and what it says about its bytes."""

import re
from dataclasses import dataclass

# Keys are made by us; this only guards against a programming error reaching a file system or URL.
KEY = re.compile(r"[0-9a-z]+(/[0-9a-z-]+)*")
_DIGEST = re.compile(r"b1/[0-9a-f]{2}/([0-9a-f]{64})/[0-9a-f-]+")


@dataclass(frozen=True)
class Item:
    """One stored thing, as a listing names it."""

    key: str
    byte_size: int


def checked(key: str) -> str:
    """The key itself. Raises ValueError when it is none."""
    if not KEY.fullmatch(key):
        raise ValueError(f"not a storage key: {key!r}")
    return key


def digest_of(key: str) -> str | None:
    """The BLAKE3 digest that a key of ours vouches for; nothing for a key of another form."""
    found = _DIGEST.fullmatch(key)
    return found[1] if found else None
