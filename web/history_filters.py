"""Which lines of a history an address asks for."""

import re
import uuid
from datetime import UTC, datetime

from werkzeug.datastructures import MultiDict

from lectern.errors import Invalid
from lectern.people.audit_reading import Only

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
