"""The form of one field: what was typed over what was seen, and what was wrong with it."""

import json
from collections.abc import Callable
from typing import Any

from lectern.errors import Invalid
from lectern.library.concurrent_edits import Clash, Overtaken
from lectern.models import CustomField
from lectern.taxonomy import custom_fields
from web.extensions import db
from web.pages.assets.fields import Row
from web.pages.versions.diffs import Piece, diff

OUT_OF_DATE = "This form is out of date. Reload the page."


class FieldForm:
    """What a browser sent for a row, or a new form when it sent nothing.

    `error` is a sentence beside the field; `clash` the change by somebody else that came between.
    """

    def __init__(self, row: Row, sent: "dict[str, str] | None" = None) -> None:
        self.row = row
        self._sent = sent or {}
        self.typed = self._sent.get("value", row.typed)
        self.error = ""
        self.clash: Clash | None = None

    @property
    def seen_json(self) -> str:
        """The value this form was opened over, through all refusals."""
        return self._sent.get("seen") or self.row.seen_json

    @property
    def tags(self) -> list[str]:
        """The typed text as tags."""
        typed = self.row.value if "value" not in self._sent else self.typed.split(",")
        return [tag for tag in (text.strip() for text in typed) if tag]

    @property
    def pieces(self) -> list[Piece]:
        """Where what was typed differs from what the field is now."""
        return diff(self.row.typed, self.typed)

    @property
    def both(self) -> str:
        """For tags, theirs and mine together."""
        return ", ".join(dict.fromkeys([*self.row.value, *self.tags]))

    def changes(self) -> dict[str, Any]:
        """What to change, by the API's field names."""
        row, typed = self.row, self.typed
        if self._sent.get("both"):
            return {"tags": [tag.strip() for tag in self._sent["both"].split(",")]}
        if row.part == "custom":
            field = CustomField(key=row.key, type=row.type)
            return {"custom": {row.key: custom_fields.typed(field, typed)}}
        return {row.part: self.tags if row.part == "tags" else typed}

    def seen(self) -> dict[str, Any]:
        """What the person had before them: `over` once they have chosen to replace what it is now.

        Raises:
            Invalid: the form was not made by a page of ours.
        """
        try:
            return {self.row.part: json.loads(self._sent.get("over") or self._sent["seen"])}
        except (KeyError, ValueError, RecursionError) as error:
            raise Invalid(OUT_OF_DATE) from error

    def attempt(self, work: Callable[[], object]) -> bool:
        """Do `work`; False when it was refused, with the reason noted and nothing changed."""
        try:
            work()
        except Overtaken as told:
            self.error, self.clash = str(told), told.clashes[0]
        except Invalid as refused:
            name = f"custom.{self.row.key}" if self.row.key else self.row.part
            self.error = refused.fields.get(name) or str(refused)
        else:
            return True
        db.session().rollback()
        return False
