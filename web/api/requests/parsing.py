"""Requests into typed values; whatever does not fit is refused with the field's name."""

import json
import unicodedata
import uuid
from typing import Any, TypeVar

from flask import request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from lectern import search, values
from lectern.errors import Invalid
from lectern.search import MOST, Query
from lectern.search.filters import SEVERAL

T = TypeVar("T")


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
        raise Invalid("The body is nested too deeply.") from error
    except UnicodeEncodeError as error:
        raise Invalid(
            "The body contains an unpaired surrogate, which is not a valid character."
        ) from error
    except ValueError as error:
        raise BadRequest("The body is not JSON in UTF-8.") from error
    if not isinstance(body, dict):
        raise Invalid("The body must be a JSON object: {…}.")
    if b"\\u0000" in text:
        raise Invalid("The body contains a NUL character, which is not allowed in text.")
    return body


def limit(default: int = 50) -> int:
    """`?limit=`, 1 to 200."""
    return _value("limit", values.digits(1, MOST)) or default


def cursor() -> str | None:
    """`?cursor=`, as the previous page gave it."""
    return request.args.get("cursor") or None


def position() -> int | None:
    """`?cursor=` of a list whose cursors are plain numbers."""
    return _value("cursor", values.digits())


def asset_query(args: "MultiDict[str, str] | None" = None) -> Query:
    """The list's filters by their names in the address.

    Raises:
        Invalid: a value that no filter understands.
    """
    args = request.args if args is None else args
    for name, value in args.items(multi=True):
        # Of any name: nothing that reaches a log or a page may hold them.
        if any(unicodedata.category(letter) == "Cc" for letter in value):
            message = f"{name[:80]} holds control characters."
            raise Invalid(message, {name[:80]: message})
    lists = {name: args.getlist(name) for name in SEVERAL}
    return search.read({**args.to_dict(), **lists})


def with_total() -> bool:
    """Whether the caller wants the number of all matches, `?total=1`."""
    return bool(_value("total", values.digits(0, 1)))


def id_of(body: dict[str, Any], name: str) -> uuid.UUID:
    """An id that must be in the body."""
    return values.field(name, body.get(name), values.identifier)


def ids_of(body: dict[str, Any], name: str) -> list[uuid.UUID]:
    """A list of ids that must be in the body."""
    sent = body.get(name)
    if not isinstance(sent, list):
        raise Invalid.of(name, "Send a list of ids.")
    return [
        values.field(f"{name}.{index}", value, values.identifier)
        for index, value in enumerate(sent)
    ]


def flag_of(body: dict[str, Any], name: str) -> bool:
    """Whether the body says so; what it does not name is not so."""
    return values.field(name, body.get(name, False), values.boolean)


def _value(name: str, reader: values.Reader[T]) -> T | None:
    text = request.args.get(name, "")
    return values.parameter(name, text, reader) if text else None
