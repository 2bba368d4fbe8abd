"""Lines of an export into typed values; whatever does not fit is refused with file and line."""

import json
import math
import re
import unicodedata
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from lectern.errors import Invalid
from lectern.exchange.imports import shapes
from lectern.exchange.schema import Field, Record
from lectern.insight.glossary import LONGEST_TERM
from lectern.models import FieldType, Kind, SwitchState
from lectern.search.syntax.folding import fold
from lectern.text import tag_key

LONGEST_TEXT = 100_000
LONGEST_NAME = 1_000
_NAMES = {
    *("name", "original_name", "title", "label", "ref", "key", "slot", "email", "mime"),
    *("local", "zone", "reason"),
}
DIGEST = re.compile(r"[0-9a-f]{64}")
_HEX = re.compile(r"([0-9a-f]{2})*")
_MIME = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,100}")
_LEAST, _MOST = -(1 << 31), (1 << 31) - 1

# What a field may be besides its type, by file and name.
_ONE_OF: Mapping[tuple[str, str], frozenset[str]] = {
    ("assets", "kind"): frozenset(Kind),
    ("assets", "access"): frozenset({"course", "unlisted", "public"}),
    ("versions", "origin"): frozenset(
        {"upload", "replacement", "rollback", "import", "batch", "remix", "live"}
    ),
    ("custom_fields", "type"): frozenset(FieldType),
    ("usages", "policy"): frozenset({"follow", "pin"}),
    ("usage_history", "policy"): frozenset({"follow", "pin"}),
    ("scheduled_switches", "state"): frozenset(SwitchState),
    ("caption_tracks", "state"): frozenset({"machine", "in_review", "reviewed"}),
    ("caption_tracks", "origin"): frozenset({"machine", "upload", "embedded", "person"}),
}
# JSON that is a list; all other JSON is an object.
_LISTS = {
    *(("custom_fields", "options"), ("glossary_terms", "sounds_like")),
    *(("caption_tracks", "cues"), ("caption_edits", "cues")),
}
_NEVER_EMPTY = {
    *(("folders", "name"), ("tags", "name"), ("assets", "name"), ("courses", "ref")),
    *(("chapters", "ref"), ("lessons", "ref"), ("custom_fields", "key"), ("people", "email")),
    *(("caption_tracks", "language"), ("glossary_terms", "term")),
}


class Refused(Invalid):
    """The export cannot be read; the message begins with the file and the line."""


def line(record: Record, raw: bytes, place: str) -> dict[str, Any]:
    """One line's values by field: ids, times and bytes as such.

    Raises:
        Refused: it is no JSON object in UTF-8 of exactly these fields, each as it should be.
    """
    try:
        said = json.loads(raw.decode("utf-8"), parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise Refused(f"{place}: this is not UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise Refused(f"{place}: this is not JSON.") from error
    if not isinstance(said, dict):
        raise Refused(f"{place}: this is not an object.")
    fields = record.fields
    missing = [field.name for field in fields if field.name not in said]
    unknown = sorted(said.keys() - {field.name for field in fields})
    if missing or unknown:
        what = f"lacks “{missing[0]}”" if missing else f"has the unknown field “{unknown[0][:80]}”"
        raise Refused(f"{place}: this line {what}.")
    values: dict[str, Any] = {}
    for each in fields:
        try:
            values[each.name] = _value(record.file, each, said[each.name])
        except ValueError as error:
            raise Refused(f"{place}: “{each.name}” {error}.") from error
    return values


def natural_key(file: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What besides its id no two lines of a file may share; None where ids are all."""
    match file:
        case "folders":
            return (values["parent_id"], values["name"])
        case "tags":
            return (tag_key(values["name"]),)
        case "custom_fields":
            return (values["key"],)
        case "courses":
            return (values["ref"],)
        case "chapters" | "lessons":
            return (values["course_id"], values["ref"])
        case "versions":
            return (values["asset_id"], values["number"])
        case "saved_searches":
            return (values["created_by"], values["name"])
        case "people":
            return (values["email"],)
        case "scheduled_switches":
            return (values["version_id"],)
        case "caption_tracks":
            return (values["version_id"], values["language"])
        case "caption_edits":
            return (values["track_id"], values["number"])
        case "glossary_terms":
            return (values["course_id"], fold(values["term"]))
    return None


def _value(file: str, field: Field, said: Any) -> Any:
    if said is None:
        if field.null:
            return None
        raise ValueError("must not be null")
    value = _READ[field.type](said)
    if isinstance(said, str):
        _check_text(file, field, said)
    if field.type == "json" and isinstance(value, list) != ((file, field.name) in _LISTS):
        raise ValueError("must be a list" if isinstance(value, dict) else "must be an object")
    if field.type == "json":
        shapes.check(field.name, value)
    if field.type == "integer" and field.name not in {"byte_size", "seq"}:
        _within(value, _LEAST, _MOST)
    return value


def _check_text(file: str, field: Field, said: str) -> None:
    allowed = _ONE_OF.get((file, field.name))
    if allowed is not None and said not in allowed:
        raise ValueError(f"must be one of {', '.join(sorted(allowed))}")
    if not said.strip() and (file, field.name) in _NEVER_EMPTY:
        raise ValueError("must not be empty")
    if field.name in {"mime", "blob_mime"} and not _MIME.fullmatch(said):
        raise ValueError("is no media type")
    if field.name == "email" and said != said.lower():
        raise ValueError("must be in lower case")
    if field.name == "term" and len(said) > LONGEST_TERM:
        raise ValueError(f"has more than {LONGEST_TERM} characters")
    longest = LONGEST_NAME if field.name in _NAMES else LONGEST_TEXT
    if len(said) > longest:
        raise ValueError(f"has more than {longest:,} characters")


def _text(said: Any) -> str:
    if not isinstance(said, str):
        raise ValueError("must be a text")
    _check_letters(said)
    return said


def _check_letters(said: str) -> None:
    for letter in said:
        if letter not in "\n\t\r" and unicodedata.category(letter) in {"Cc", "Cs"}:
            raise ValueError("holds a control character or half a character")


def _id(said: Any) -> uuid.UUID:
    try:
        found = uuid.UUID(said)
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError("must be an id") from error
    if str(found) != said:
        raise ValueError("must be an id in lower case with hyphens")
    return found


def _ids(said: Any) -> list[uuid.UUID]:
    if not isinstance(said, list) or len(said) > 1000:
        raise ValueError("must be a list of at most 1,000 ids")
    found = [_id(each) for each in said]
    if len(set(found)) < len(found):
        raise ValueError("names one thing twice")
    return found


def _time(said: Any) -> datetime:
    try:
        found = datetime.fromisoformat(said)
    except (ValueError, TypeError) as error:
        raise ValueError("must be a time such as 2026-09-01T12:00:00Z") from error
    if found.tzinfo is None or not 1 < found.year < 9999:
        raise ValueError("must be a time with its zone, within the calendar")
    return found


def _integer(said: Any) -> int:
    if not isinstance(said, int) or isinstance(said, bool):
        raise ValueError("must be a whole number")
    return _within(said, 0, (1 << 63) - 1) if said >= 0 else said


def _within(said: int, least: int, most: int) -> int:
    if not least <= said <= most:
        raise ValueError(f"must be between {least:,} and {most:,}")
    return said


def _number(said: Any) -> float:
    if not isinstance(said, int | float) or isinstance(said, bool) or not math.isfinite(said):
        raise ValueError("must be a number")
    return float(said)


def _boolean(said: Any) -> bool:
    if not isinstance(said, bool):
        raise ValueError("must be true or false")
    return said


def _json(said: Any) -> Any:
    if not isinstance(said, dict | list):
        raise ValueError("must be an object or a list")
    text = json.dumps(said, ensure_ascii=False)
    # As it was sent, so without its escapes: what no jsonb can hold.
    if "\\u0000" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("holds a NUL or half a character")
    return said


def _digest(said: Any) -> str:
    if not isinstance(said, str) or not DIGEST.fullmatch(said):
        raise ValueError("must be 64 lower-case hexadecimal digits")
    return said


def _hex(said: Any) -> bytes:
    if not isinstance(said, str) or not _HEX.fullmatch(said):
        raise ValueError("must be hexadecimal")
    return bytes.fromhex(said)


def _no_number(said: str) -> float:
    raise ValueError(f"{said} is no JSON")


_READ: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "id": _id,
    "ids": _ids,
    "time": _time,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "json": _json,
    "digest": _digest,
    "hex": _hex,
}
