"""HTML forms: what was typed, and what was wrong with it."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from werkzeug.datastructures import MultiDict

from lectern import values
from lectern.errors import Conflict, Invalid, Message
from lectern.people.audit_reading import Only
from web.extensions import db

T = TypeVar("T")


class Form:
    """A posted form, shown again with a sentence beside each field that was refused.

    `errors` maps a field's name to its sentence; the empty name is for the form as a whole.
    """

    def __init__(self, sent: Mapping[str, str] | None = None) -> None:
        self.values = sent or {}
        self.errors: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def number(self, name: str) -> int | None:
        """A whole number a page put there itself; None when it is missing or spoiled."""
        return values.readable(self[name], values.digits())

    def secret(self, name: str) -> str:
        """A password: blanks at its ends belong to it."""
        return self.values.get(name, "")

    def attempt(self, work: Callable[[], T]) -> T | None:
        """Do `work`; when the domain refuses what was typed, note why and undo what was begun."""
        try:
            return work()
        except Invalid as error:
            self.errors = error.fields or {"": error.message}
        except Conflict as error:
            self.errors = {"": error.message}
        db.session().rollback()
        return None


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
        raise Invalid.of(
            "action", "Send up to 20 actions such as asset.tags, or a noun such as usage."
        )
    actor, since = args.get("actor"), args.get("since")
    return Only(
        actions,
        values.field("actor", actor, values.identifier, Message("Send the ID of a person."))
        if actor
        else None,
        values.field("since", since, values.moment("utc")) if since else None,
    )
