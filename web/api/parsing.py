"""Requests into typed values; whatever does not fit is refused with the field's name."""

import json
import unicodedata
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from flask import request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from lectern.errors import Invalid
from lectern.library.search import MOST, Query

T = TypeVar("T")
LONGEST_VALUE = 2_000
MOST_TAGS = 50


def json_object() -> dict[str, Any]:
    """The body as a JSON object; an empty body is an empty object.

    Raises:
        BadRequest: it is no JSON.
        Invalid: it is no object, is nested too deep, or holds what no text may have.
    """
    sent = request.get_data(cache=True)
    if not sent:
        return {}
    try:
        body = json.loads(sent)
        # What JSON can say and UTF-8 cannot: half of a surrogate pair.
        text = json.dumps(body, ensure_ascii=False).encode()
    except RecursionError as error:
        raise Invalid("The body is nested too deep.") from error
    except UnicodeEncodeError as error:
        raise Invalid("The body holds half a character: a lone surrogate.") from error
    except ValueError as error:
        raise BadRequest("The body is not JSON in UTF-8.") from error
    if not isinstance(body, dict):
        raise Invalid("The body must be a JSON object: {…}.")
    if b"\\u0000" in text:
        raise Invalid("The body holds a NUL character, which no text may have.")
    return body


def limit(default: int = 50) -> int:
    """`?limit=`, 1 to 200."""
    return _value(request.args, "limit", _whole(1, MOST)) or default


def cursor() -> str | None:
    """`?cursor=`, as the previous page gave it."""
    return request.args.get("cursor") or None


def position() -> int | None:
    """`?cursor=` of a list whose cursors are plain numbers."""
    return _value(request.args, "cursor", _whole(0, (1 << 63) - 1))


def asset_query(args: "MultiDict[str, str] | None" = None) -> Query:
    """The list's filters by their names in the address.

    Raises:
        Invalid: a value that no filter understands.
    """
    args = request.args if args is None else args
    for name, value in args.items(multi=True):
        if len(value) > LONGEST_VALUE or any(unicodedata.category(c) == "Cc" for c in value):
            message = f"{name[:80]} is too long or holds control characters."
            raise Invalid(message, {name[:80]: message})
    for name in ("tag", "any_tag"):
        if len(args.getlist(name)) > MOST_TAGS:
            message = f"{name} may be given {MOST_TAGS} times."
            raise Invalid(message, {name: message})
    return Query(
        q=args.get("q", ""),
        kind=args.get("kind", ""),
        tag=tuple(args.getlist("tag")),
        any_tag=tuple(args.getlist("any_tag")),
        folder=args.get("folder", ""),
        course=args.get("course", ""),
        usage=args.get("usage", ""),
        state=args.get("state", ""),
        owner=_value(args, "owner", uuid.UUID),
        duplicates=_flag(args, "duplicates"),
        created_after=_value(args, "created_after", _moment),
        created_before=_value(args, "created_before", _moment),
        min_size=_value(args, "min_size", _whole(0, 1 << 62)),
        max_size=_value(args, "max_size", _whole(0, 1 << 62)),
        min_duration=_value(args, "min_duration", _seconds),
        max_duration=_value(args, "max_duration", _seconds),
        trashed=_flag(args, "trashed"),
        sort=args.get("sort") or "-created",
    )


def with_total() -> bool:
    """Whether the caller wants the number of all matches, `?total=1`."""
    return _flag(request.args, "total")


def _value(args: "MultiDict[str, str]", name: str, parse: Callable[[str], T]) -> T | None:
    text = args.get(name, "")
    if not text:
        return None
    try:
        return parse(text)
    except ValueError as error:
        message = f"{name} cannot be {text[:80]!r}."
        raise Invalid(message, {name: message}) from error


def _flag(args: "MultiDict[str, str]", name: str) -> bool:
    return bool(_value(args, name, _whole(0, 1)))


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(text)
        return int(text)

    return parse


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1e9:
        raise ValueError(text)
    return value


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time needs its zone")
    return at
