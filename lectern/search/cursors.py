"""Cursors: the place in a sorted list where its next page begins, as text for an address."""

import base64
import json
import math
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from lectern.errors import Invalid, Message
from lectern.models import Listing
from lectern.search.filters import SORTS

_BROKEN = (ValueError, TypeError, AttributeError, OverflowError, RecursionError)


def write(sort: str, value: Any, asset_id: uuid.UUID) -> str:
    """The cursor of the place after this asset, whose sort value is `value`."""
    plain = value.isoformat() if isinstance(value, datetime) else value
    text = json.dumps([sort, plain, str(asset_id)], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def sort_of(cursor: str) -> str:
    """The sort that a cursor was made for; empty for what is no cursor."""
    try:
        return str(_opened(cursor)[0])
    except _BROKEN:
        return ""


def read(cursor: str, sort: str, name: str) -> tuple[Any, uuid.UUID]:
    """The sort value and id that `write` was given; `name` is `sort` without its direction.

    Raises:
        Invalid: it was not made here, or for another sort.
    """
    try:
        made_for, value, asset_id = _opened(cursor)
        if made_for != sort:
            raise ValueError(made_for)
        return _reader(name)(value), uuid.UUID(asset_id)
    except _BROKEN as error:
        message = Message("This cursor belongs to no list. Begin again without it.")
        raise Invalid(message, {"cursor": message}) from error


def _opened(cursor: str) -> Any:
    padded = cursor + "=" * (-len(cursor) % 4)
    made_for, value, asset_id = json.loads(base64.urlsafe_b64decode(padded))
    return made_for, value, asset_id


def _moment(value: Any) -> datetime:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError(value)
    return at


def _name(value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise TypeError(value)
    # A lone surrogate raises here, not in the database driver.
    return value.encode().decode()


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise ValueError(value)
    return value


def _seconds(value: Any) -> float:
    if not math.isfinite(float(value)):
        raise ValueError(value)
    return float(value)


# What a cursor must hold for a column of each type, so that nothing else reaches the database.
_VALUES: Mapping[type, Callable[[Any], Any]] = {
    datetime: _moment,
    str: _name,
    int: _whole,
    float: _seconds,
}


def _reader(name: str) -> Callable[[Any], Any]:
    column = SORTS[name].column
    # The best match is ranked by a whole number.
    return _VALUES[Listing.__table__.c[column].type.python_type if column else int]
