"""What a dialog for many files sends: the change, the files it is for, and how to change them."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import g

from lectern import bulk, values
from lectern.bulk import DryRun, Started, Targets
from lectern.errors import Invalid
from lectern.library import assets
from lectern.models import Asset
from lectern.search import selections
from web.extensions import db, settings
from web.forms import Form
from web.pages.bulk.actions import ACTIONS


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
        entry = ACTIONS.get(self.action)
        return str(entry.hint) if entry and not entry.complete(self) else ""

    def dry_run(self) -> DryRun | None:
        """What would happen; None when the domain refuses, with the reason in `errors`."""
        return self.attempt(lambda: self._ask(bulk.dry_run))

    def begin(self) -> Started | None:
        """Begin the change; None when the domain refuses, with the reason in `errors`."""
        return self.attempt(lambda: self._ask(bulk.start))

    def _ask(self, question: Callable[..., Any]) -> Any:
        if self._selection is None:
            chosen = Targets(ids=[_id(self["asset"])])
        else:
            chosen = Targets(selection=self._selection.id)
        entry = ACTIONS.get(self.action)
        args = entry.args(self) if entry else {}
        return question(db.session(), g.principal, self.action, args, chosen, settings=settings())


def _id(text: str) -> uuid.UUID:
    try:
        return values.identifier(text)
    except values.Unfit as error:
        raise Invalid(
            "This is not a valid file ID.", {"asset": "This is not a valid file ID."}
        ) from error
