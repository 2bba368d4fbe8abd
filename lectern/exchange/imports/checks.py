"""Lines of an export into typed values; whatever does not fit is refused with file and line."""

import json
import re
import sys
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lectern import values
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
        raise Refused("%(place)s: this is not UTF-8.", place=place) from error
    except (ValueError, RecursionError) as error:
        raise Refused("%(place)s: this is not JSON.", place=place) from error
    if not isinstance(said, dict):
        raise Refused("%(place)s: this is not an object.", place=place)
    fields = record.fields
    missing = [field.name for field in fields if field.name not in said]
    unknown = sorted(said.keys() - {field.name for field in fields})
    if missing or unknown:
        what = f"lacks “{missing[0]}”" if missing else f"has the unknown field “{unknown[0][:80]}”"
        raise Refused("%(place)s: this line %(what)s.", place=place, what=what)
    row: dict[str, Any] = {}
    for each in fields:
        try:
            row[each.name] = _value(record.file, each, said[each.name])
        except ValueError as error:
            raise Refused(
                "%(place)s: “%(name)s” %(error)s.", place=place, name=each.name, error=error
            ) from error
    return row


def natural_key(file: str, row: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What besides its id no two lines of a file may share; None where ids are all."""
    match file:
        case "folders":
            return (row["parent_id"], row["name"])
        case "tags":
            return (tag_key(row["name"]),)
        case "custom_fields":
            return (row["key"],)
        case "courses":
            return (row["ref"],)
        case "chapters" | "lessons":
            return (row["course_id"], row["ref"])
        case "versions":
            return (row["asset_id"], row["number"])
        case "saved_searches":
            return (row["created_by"], row["name"])
        case "people":
            return (row["email"],)
        case "scheduled_switches":
            return (row["version_id"],)
        case "caption_tracks":
            return (row["version_id"], row["language"])
        case "caption_edits":
            return (row["track_id"], row["number"])
        case "glossary_terms":
            return (row["course_id"], fold(row["term"]))
    return None


def _value(file: str, field: Field, said: Any) -> Any:
    if said is None:
        if field.null:
            return None
        raise ValueError("must not be null")
    value = _READERS[field.type](said)
    if isinstance(said, str):
        _check_text(file, field, said)
    if field.type == "json" and isinstance(value, list) != ((file, field.name) in _LISTS):
        raise ValueError("must be a list" if isinstance(value, dict) else "must be an object")
    if field.type == "json":
        shapes.check(field.name, value)
    if field.type == "integer" and field.name not in {"byte_size", "seq"}:
        values.whole(_LEAST, _MOST)(value)
    return value


def _check_text(file: str, field: Field, said: str) -> None:
    allowed = _ONE_OF.get((file, field.name))
    if allowed is not None:
        values.choice(sorted(allowed))(said)
    if not said.strip() and (file, field.name) in _NEVER_EMPTY:
        raise ValueError("must not be empty")
    if field.name in {"mime", "blob_mime"} and not _MIME.fullmatch(said):
        raise ValueError("is no media type")
    if field.name == "email" and said != said.lower():
        raise ValueError("must be in lower case")
    longest = LONGEST_NAME if field.name in _NAMES else LONGEST_TEXT
    values.text(LONGEST_TERM if field.name == "term" else longest)(said)


def _id(sent: Any) -> uuid.UUID:
    found = values.identifier(sent)
    if str(found) != sent:
        raise values.Unfit("a lowercase ID with hyphens")
    return found


def _ids(sent: Any) -> list[uuid.UUID]:
    found = values.items(_id, "at most 1,000 ids", most=1000)(sent)
    if len(set(found)) < len(found):
        raise values.Unfit("a list of unique IDs", "names one thing twice")
    return found


def _time(sent: Any) -> datetime:
    found = values.moment("never")(sent)
    if not 1 < found.year < 9999:
        raise values.Unfit("a valid calendar time")
    return found


def _json(said: Any) -> Any:
    if not isinstance(said, dict | list):
        raise ValueError("must be an object or a list")
    text = json.dumps(said, ensure_ascii=False)
    # As it was sent, so without its escapes: what no jsonb can hold.
    if "\\u0000" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("holds a NUL or half a character")
    return said


def _hex(sent: Any) -> bytes:
    return bytes.fromhex(values.matching(_HEX, "hexadecimal")(sent))


def _no_number(said: str) -> float:
    raise ValueError(f"{said} is no JSON")


_READERS: Mapping[str, values.Reader[Any]] = {
    "text": values.printable(besides="\n\t\r"),
    "id": _id,
    "ids": _ids,
    "time": _time,
    "integer": values.whole(-values.MOST_WHOLE, values.MOST_WHOLE),
    "number": values.number(-sys.float_info.max, sys.float_info.max),
    "boolean": values.boolean,
    "json": _json,
    "digest": values.matching(DIGEST, "64 lower-case hexadecimal digits"),
    "hex": _hex,
}
