"""What can go wrong in the domain, in sentences that a person can act on and any language can say.

An error is raised with an English template and its values: `Conflict("%(count)d lessons use it.",
count=3)`. The template is the key that translations are found by; `lectern.errors` names of this
module are the calls that `bin/lectern translations` reads templates from.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self


class Message(str):
    """An English sentence that remembers the template and the values it was made of.

    It is a `str`, so whatever stores, compares or prints text takes it. `plural` is the template
    for other numbers than one, chosen by the value `n`. Values may be messages themselves. Where
    there are values, a percent sign is written `%%`.
    """

    template: str
    plural: str
    params: Mapping[str, Any]

    def __new__(cls, template: str, /, **params: Any) -> Self:
        return cls._make(template, "", params)

    @classmethod
    def _make(cls, template: str, plural: str, params: Mapping[str, Any]) -> Self:
        chosen = plural if plural and params["n"] != 1 else template
        message = super().__new__(cls, chosen % params if params else chosen)
        message.template, message.plural = template, plural
        message.params = {name: _plain(value) for name, value in params.items()}
        return message

    def to_text(self) -> str:
        """For a text column: the English text, or JSON where there are values to keep."""
        return json.dumps(self.to_json(), ensure_ascii=False) if self.params else self.template

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The message that `to_text` wrote; any other text is a message without values."""
        if not text.startswith('{"template": '):
            return cls._make(text, "", {})
        return cls.from_json(json.loads(text))

    def to_json(self) -> str | dict[str, Any]:
        """A value for a JSON column: plain text where there is nothing to fill in."""
        if not self.params:
            return self.template
        params = {
            name: {"message": value.to_json()} if isinstance(value, Message) else value
            for name, value in self.params.items()
        }
        return {"template": self.template, "plural": self.plural, "params": params}

    @classmethod
    def from_json(cls, value: str | Mapping[str, Any]) -> Self:
        """The message that `to_json` wrote, or one without values that is this text."""
        if isinstance(value, str):
            return cls._make(value, "", {})
        params = {
            name: cls.from_json(each["message"]) if isinstance(each, dict) else each
            for name, each in value["params"].items()
        }
        return cls._make(value["template"], value["plural"], params)


def _plain(value: Any) -> Any:
    """As JSON takes it: paths, ids and errors are said as text."""
    return value if isinstance(value, str | int | float | None) else str(value)


def plural_message(one: str, other: str, n: int, **params: Any) -> Message:
    """A sentence in two forms: for `n` being one, and for other numbers; both may use `%(n)s`."""
    return Message._make(one, other, {"n": n, **params})


class LecternError(Exception):
    """A refusal by the domain. `message` is a full sentence meant for the person who asked.

    `code` names the kind of refusal for programs; it is part of the API.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, message: str = "", /, **params: Any) -> None:
        self.message = message if isinstance(message, Message) else Message(message, **params)
        super().__init__(self.message)


class NotFound(LecternError):
    """There is no such thing, or it is not this principal's to see: both read the same."""

    code = "not_found"


class Forbidden(LecternError):
    """The thing is visible, but this principal's role or token may not do that to it."""

    code = "forbidden"


class Conflict(LecternError):
    """The request is fine, the state of things is not; read again and repeat."""

    code = "conflict"


class InUse(Conflict):
    """A used asset cannot go. `usages` are the places that use it."""

    code = "in_use"

    def __init__(self, message: str, usages: Sequence[Any], /, **params: Any) -> None:
        super().__init__(message, **params)
        self.usages = usages


class Stale(Conflict):
    """Somebody changed it since the caller read it (optimistic concurrency)."""

    code = "stale"


class Gone(LecternError):
    """It was here, and has ended: an aborted upload, a used-up link."""

    code = "gone"


class Invalid(LecternError):
    """Bad input; `fields` maps a field's name to what is wrong with it."""

    code = "invalid"

    def __init__(
        self, message: str, fields: Mapping[str, str] | None = None, /, **params: Any
    ) -> None:
        super().__init__(message, **params)
        self.fields = dict(fields or {})

    @classmethod
    def of(cls, field: str, problem: str, /, **params: Any) -> Self:
        """What is wrong with this one field, a full sentence."""
        message = problem if isinstance(problem, Message) else Message(problem, **params)
        whole = Message("Check “%(field)s”: %(problem)s", field=field, problem=message)
        return cls(whole, {field: message})


class TooLarge(LecternError):
    """More bytes than the limit allows; the message names the limit."""

    code = "too_large"


class RateLimited(LecternError):
    """Too many attempts; `retry_after_s` seconds from now it may work again."""

    code = "rate_limited"

    def __init__(self, message: str, retry_after_s: int, /, **params: Any) -> None:
        super().__init__(message, **params)
        self.retry_after_s = retry_after_s


class StorageFull(LecternError):
    """The disk behind the spool or the storage took no more bytes; nothing was lost."""

    code = "storage_full"


class StorageAway(LecternError):
    """The storage does not answer, or not us; nothing was lost, and later it may work again."""

    code = "storage_unavailable"


class StorageDamaged(LecternError):
    """Bytes that were stored read differently; what was just written is not kept."""

    code = "storage_damaged"
