"""What an audit entry's hash is made of: canonical JSON, and a key that is not in the database."""

import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from lectern.models import AuditEntry

# Canonical: the same value is always the same text.
encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), default=str, allow_nan=False
).encode
_PARTED = ',"\\u0000",'


class _Key:
    """The process's key, bound once at its start."""

    value: bytes | None = None


def configure(secret_key: str) -> None:
    """Bind the key of every chain; each process that writes or verifies calls it once, at start."""
    # Its own key, so that no other use of the secret can be made to sign an entry.
    _Key.value = hmac.digest(secret_key.encode(), b"lectern audit log, version 1", "sha256")


def hash_of(entry: AuditEntry) -> bytes:
    """The hash of a row as it is; see `digest`."""
    row = [
        entry.workspace_id,
        entry.seq,
        moment(entry.at),
        entry.actor_id,
        entry.action,
        entry.object_type,
        entry.object_id,
        entry.details,
    ]
    return digest(encode(row), entry.previous_hash)


def digest(row: str, previous: bytes) -> bytes:
    """HMAC-SHA256 over the row as canonical JSON, then the previous hash."""
    if _Key.value is None:
        raise RuntimeError("lectern.people.audit.configure was not called at the process's start.")
    return hmac.digest(_Key.value, row.encode() + previous, "sha256")


def moment(at: datetime) -> str:
    """A time as it is hashed: UTC, microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def quoted(value: object) -> str:
    """An id as JSON has it."""
    return "null" if value is None else f'"{value}"'


def encode_all(values: Sequence[Any]) -> list[str]:
    """`encode` of each of these plain values; a thousand cost as much as two hundred one by one."""
    # No plain value holds a NUL, so what stands between two of them cannot be in one.
    parted = [part for value in values for part in (value, "\0")]
    return encode(parted)[1:-1].removesuffix(_PARTED[:-1]).split(_PARTED) if values else []


def plain(value: Any) -> Any:
    """The value as PostgreSQL's `jsonb` will give it back, so that its hash stays the same."""
    if type(value) is str:
        return value if value.isascii() and "\0" not in value else _text(value)
    if type(value) is list:
        return value if _are_plain_texts(value) else [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, float):
        # jsonb writes numbers out in digits: 1e16 comes back as an integer.
        return int(value) if value.is_integer() else value
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return _text(value)


def _are_plain_texts(values: list[Any]) -> bool:
    try:
        text = "".join(values)
    except TypeError:
        return False
    return text.isascii() and "\0" not in text


@lru_cache(1_000, typed=True)
def _key(value: Any) -> str:
    """`_text` of a name in an object; few different ones come again and again."""
    return _text(value)


def _text(value: Any) -> str:
    # jsonb holds no NUL, and UTF-8 no lone surrogates.
    return str(value).replace("\0", "").encode("utf-8", "replace").decode()
