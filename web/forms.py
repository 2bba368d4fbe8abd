"""HTML forms: what was typed, and what was wrong with it."""

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from werkzeug.datastructures import MultiDict

from lectern.errors import Conflict, Invalid
from lectern.people.audit_reading import Only
from web.extensions import db

T = TypeVar("T")


class Form:
    """A posted form, shown again with a sentence beside each field that was refused.

    `errors` maps a field's name to its sentence; the empty name is for the form as a whole.
    """

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.values = values or {}
        self.errors: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def number(self, name: str) -> int | None:
        """A whole number a page put there itself; None when it is missing or spoiled."""
        text = self[name]
        return int(text) if text.isascii() and text.isdigit() else None

    def secret(self, name: str) -> str:
        """A password: blanks at its ends belong to it."""
        return self.values.get(name, "")

    def attempt(self, work: Callable[[], T]) -> T | None:
        """Do `work`; when the domain refuses what was typed, note why and undo what was begun."""
        try:
            return work()
        except Invalid as error:
            self.errors = error.fields or {"": str(error)}
        except Conflict as error:
            self.errors = {"": str(error)}
        db.session().rollback()
        return None


def ids(texts: Iterable[str]) -> list[uuid.UUID]:
    """Those of the texts that are ids; no page of ours sends any other."""
    found = []
    for text in texts:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found


def local_path(text: str, otherwise: str) -> str:
    """`text` when it is a path on this site, else `otherwise`: nobody is sent to a stranger."""
    # Browsers read a backslash as a slash, and skip control characters.
    plain = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return text if plain else otherwise


MOST_ACTIONS = 20
_ACTION = re.compile(r"[a-z_]{1,40}(\.[a-z_]{1,40})?")


def read(args: "MultiDict[str, str]") -> Only:
    """`action` (repeatable; `usage` for all of a noun), `actor` (an id), `since` (a time or day).

    Raises:
        Invalid: one of them cannot be understood.
    """
    actions = tuple(text for text in args.getlist("action") if text)
    if len(actions) > MOST_ACTIONS or not all(_ACTION.fullmatch(text) for text in actions):
        raise Invalid.of("action", "Name up to 20 actions such as asset.tags, or a noun: usage.")
    return Only(actions, _actor(args.get("actor", "")), _since(args.get("since", "")))


def _actor(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError as error:
        raise Invalid.of("actor", "Send a person's id.") from error


def _since(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        # A day alone begins at midnight UTC.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid.of("since", "Send a day or time such as 2026-09-01.") from error
