"""What a dialog for many files sends: the change, the files it is for, and how to change them."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import g
from flask_babel import gettext

from lectern import bulk, values
from lectern.bulk import Chosen, Started, Would
from lectern.errors import Invalid
from lectern.library import assets
from lectern.models import Asset
from lectern.search import selections
from web.extensions import db, settings
from web.forms import Form

# What the form's radio button for a new folder sends, in place of a folder's id.
NEW = "new"


class BulkForm(Form):
    """The form of a dialog; `asset` is set when it is for one file, else it is for a selection."""

    def __init__(self, values: Mapping[str, str], action: str = "") -> None:
        super().__init__(values)
        self.action = action or self["action"]
        self.context = self["context"] or "library"
        self.asset: Asset | None = None
        if self["asset"]:
            self.asset = assets.get(db.session(), g.principal, _id(self["asset"]))
        self._selection = (
            None if self.asset else selections.begin(db.session(), g.principal, self.context)
        )

    @property
    def about(self) -> dict[str, str]:
        """The fields that say which files, to be sent again."""
        return {"asset": str(self.asset.id)} if self.asset else {"context": self.context}

    @property
    def count(self) -> int:
        """For how many files it is now."""
        if self._selection is None:
            return 1
        return selections.count(db.session(), g.principal, self._selection)

    @property
    def open_ended(self) -> bool:
        """Whether the files are all of a filter, found anew when the change begins."""
        return self._selection is not None and self._selection.query is not None

    @property
    def hint(self) -> str:
        """What is still to be filled in, in words; empty when it is complete."""
        wanted = {
            "tag": ("tags", gettext("Type the tags to add.")),
            "untag": ("tags", gettext("Type the tags to remove.")),
            "rename": ("find" if self["how"] == "replace" else "pattern", gettext("Type a name.")),
        }
        name, words = wanted.get(self.action, ("", ""))
        if name and not self.values.get(name, "").strip(" ,"):
            return str(words)
        if self.action == "move" and self._folder is None:
            return str(gettext("Choose a folder."))
        return ""

    def dry_run(self) -> Would | None:
        """What would happen; None when the domain refuses, with the reason in `errors`."""
        return self.attempt(lambda: self._ask(bulk.dry_run))

    def begin(self) -> Started | None:
        """Begin the change; None when the domain refuses, with the reason in `errors`."""
        return self.attempt(lambda: self._ask(bulk.start))

    def _ask(self, question: Callable[..., Any]) -> Any:
        if self._selection is None:
            chosen = Chosen(ids=[_id(self["asset"])])
        else:
            chosen = Chosen(selection=self._selection.id)
        return question(
            db.session(), g.principal, self.action, self._args(), chosen, settings=settings()
        )

    def _args(self) -> dict[str, Any]:
        if self.action in ("tag", "untag"):
            return {"tags": [tag for tag in map(str.strip, self["tags"].split(",")) if tag]}
        if self.action == "move":
            return {"folder": self._folder}
        if self.action == "rename" and self["how"] == "replace":
            return {"find": self.secret("find"), "replace": self.secret("replace")}
        if self.action == "rename":
            return {"pattern": self["pattern"]}
        return {}

    @property
    def _folder(self) -> str | None:
        """An id, a path, or nothing for no folder; None while none is chosen."""
        if "folder" not in self.values:
            return None
        return self["path"] or None if self["folder"] == NEW else self["folder"]


def _id(text: str) -> uuid.UUID:
    try:
        return values.identifier(text)
    except values.Unfit as error:
        raise Invalid("That is no file's id.", {"asset": "That is no file's id."}) from error
