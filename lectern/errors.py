"""What can go wrong in the domain, in words an instructor can act on."""

from collections.abc import Mapping, Sequence
from typing import Any, Self


class LecternError(Exception):
    """A refusal by the domain; the message is a full sentence meant for the person who asked."""


class NotFound(LecternError):
    """There is no such thing, or it is not this principal's to see: both read the same."""


class Forbidden(LecternError):
    """The thing is visible, but this principal's role or token may not do that to it."""


class Conflict(LecternError):
    """The request is fine, the state of things is not; read again and repeat."""


class InUse(Conflict):
    """A used asset cannot go. `usages` are the places that use it."""

    def __init__(self, message: str, usages: Sequence[Any]) -> None:
        super().__init__(message)
        self.usages = usages


class Stale(Conflict):
    """Somebody changed it since the caller read it (optimistic concurrency)."""


class Gone(LecternError):
    """It was here, and has ended: an aborted upload, a used-up link."""


class Invalid(LecternError):
    """Bad input; `fields` maps a field's name to what is wrong with it."""

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})

    @classmethod
    def of(cls, field: str, problem: str) -> Self:
        """What is wrong with this one field, a full sentence."""
        return cls(f"Please look at “{field}”: {problem}", {field: problem})


class TooLarge(LecternError):
    """More bytes than the limit allows; the message names the limit."""


class RateLimited(LecternError):
    """Too many attempts; `retry_after_s` seconds from now it may work again."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StorageFull(LecternError):
    """The disk behind the spool or the storage took no more bytes; nothing was lost."""


class StorageAway(LecternError):
    """The storage does not answer, or not us; nothing was lost, and later it may work again."""


class StorageDamaged(LecternError):
    """Bytes that were stored read differently; what was just written is not kept."""
