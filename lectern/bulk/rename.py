"""New names for many assets, by a pattern or by finding and replacing."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from lectern import text as names
from lectern.bulk import rows as chunk
from lectern.bulk.action import BulkAction
from lectern.bulk.rows import Done, Row
from lectern.errors import Invalid, Message
from lectern.people.principal import Principal
from lectern.people.rights import Action
from lectern.settings import Settings

RENAMED = Message("It has been renamed since then.")
LONGEST_PATTERN = 500
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NUMBER = re.compile(r"n(?::0?([1-9]))?", re.ASCII)
# How long a file's extension may be to be one: "Lesson 3. Introduction" has none.
_EXTENSION = re.compile(r"(?s)(.+)\.([A-Za-z0-9]{1,10})")
_WORDS: Mapping[str, Callable[[Row], str]] = {
    "name": lambda row: _parts(row.name)[0],
    "original": lambda row: _parts(row.original_name)[0],
    "ext": lambda row: _parts(row.original_name)[1],
    "date": lambda row: row.created_at.astimezone(UTC).date().isoformat(),
}
KNOWN = "{name}, {n}, {n:03}, {date}, {original}, {ext}"
_RENAME = text("""
    UPDATE asset a SET name = pair.name, lock_version = a.lock_version + 1,
        updated_at = clock_timestamp()
    FROM unnest(CAST(:assets AS uuid[]), CAST(:names AS text[])) AS pair (asset_id, name)
    WHERE a.workspace_id = :workspace_id AND a.id = ANY (CAST(:assets AS uuid[]))
        AND a.id = pair.asset_id""")


class Rename(BulkAction):
    """Gives each asset a name made from what it is and from its place in the batch.

    `{name}` and `{original}` are the name now and at the upload, both without the extension, which
    is `{ext}`; `{n}` counts from 1 in the batch's order; `{date}` is the day of the upload in UTC.
    """

    right = undo_right = Action.EDIT
    columns = ("original_name", "created_at")

    def __init__(self, session: Session, principal: Principal, args: Mapping[str, Any]) -> None:
        super().__init__(session, principal, args)
        if "pattern" in args:
            self._make = _maker(args["pattern"])
        else:
            find, put = args["find"], args["replace"]
            self._make = lambda row: row.name.replace(find, put)

    @classmethod
    def read(
        cls,
        session: Session,
        principal: Principal,
        args: Mapping[str, Any],
        settings: Settings,
        *,
        dry: bool,
    ) -> dict[str, Any]:
        """See `BulkAction.read`: `pattern`, or `find` and `replace`."""
        if args.get("pattern") is not None:
            pattern = _text(args, "pattern")
            _maker(pattern)
            return {"pattern": pattern}
        find = _text(args, "find")
        # As names are stored.
        find = unicodedata.normalize("NFC", find)
        return {"find": find, "replace": _text(args, "replace", empty=True)}

    def name_of(self, row: Row) -> str:
        """What the asset will be called.

        Raises:
            Invalid: that is no name: nothing is left of it, or too much.
        """
        return names.asset_name(self._make(row))

    def check(self, row: Row) -> str | None:
        """See `BulkAction.check`."""
        try:
            self.name_of(row)
        except Invalid as refusal:
            return str(refusal)
        return None

    def changes(self, row: Row) -> bool:
        """See `BulkAction.changes`."""
        return self.name_of(row) != row.name

    def apply(self, rows: Sequence[Row]) -> list[Done]:
        """See `BulkAction.apply`."""
        return self._put([(row, self.name_of(row)) for row in rows])

    def check_undo(self, row: Row) -> str | None:
        """See `BulkAction.check_undo`."""
        return RENAMED if row.name != row.before["to"] else None

    def undo(self, rows: Sequence[Row]) -> list[Done]:
        """See `BulkAction.undo`."""
        return self._put([(row, row.before["name"]) for row in rows])

    def _put(self, wanted: Sequence[tuple[Row, str]]) -> list[Done]:
        assets = chunk.array_of(row.id for row, _ in wanted)
        values = {"assets": assets, "names": [name for _, name in wanted]}
        self.session.execute(_RENAME, {"workspace_id": self.workspace_id, **values})
        return [
            Done(
                row,
                {"name": row.name, "to": name},
                "asset.name",
                {"before": row.name, "after": name},
            )
            for row, name in wanted
        ]


def _maker(pattern: str) -> Callable[[Row], str]:
    """What makes a name of a row.

    Raises:
        Invalid: a placeholder that there is not.
    """
    for word in _PLACEHOLDER.findall(pattern):
        if word not in _WORDS and not _NUMBER.fullmatch(word):
            message = Message(
                "{%(word)s} is no placeholder. There are %(known)s.", word=word, known=KNOWN
            )
            raise Invalid(message, {"args.pattern": message})

    def fill(row: Row) -> str:
        def value(found: "re.Match[str]") -> str:
            number = _NUMBER.fullmatch(found[1])
            if number is None:
                return _WORDS[found[1]](row)
            return str(row.position + 1).zfill(int(number[1] or 1))

        # Without an extension the dot before it goes as well.
        dotted = pattern if _WORDS["ext"](row) else pattern.replace(".{ext}", "")
        return _PLACEHOLDER.sub(value, dotted)

    return fill


def _parts(name: str) -> tuple[str, str]:
    """The name and its extension; names without one have none."""
    found = _EXTENSION.fullmatch(name)
    return (found[1], found[2]) if found else (name, "")


def _text(args: Mapping[str, Any], field: str, *, empty: bool = False) -> str:
    value = args.get(field)
    if empty and value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST_PATTERN or not (value or empty):
        message = Message(
            "Send %(field_name)s: a text of at most %(longest_pattern)s characters.",
            field_name=field,
            longest_pattern=LONGEST_PATTERN,
        )
        raise Invalid(message, {f"args.{field}": message})
    return value
