"""The places of the library, beside its files: views, saved searches and folders."""

import uuid
from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lectern import search, values
from lectern.errors import Invalid
from lectern.people.principal import Principal
from lectern.people.rights import Action, can
from lectern.search import Query, saved_searches
from lectern.search.saved_searches import Saved
from lectern.taxonomy.folders import Node, every, tree
from web import htmx
from web.api.requests import parsing
from web.auth import allow
from web.extensions import db

bp = Blueprint("places", __name__)


class View(NamedTuple):
    """A filter of one click; `address` are its parameters."""

    key: str
    word: str
    icon: str
    address: dict[str, Any]


class Kept(NamedTuple):
    """A saved search; `why` says why it cannot be shown."""

    saved: Saved
    address: dict[str, Any]
    why: str


class Places:
    """What `library/_places.html` shows; `query` is what the page beside it shows.

    `opened` are the folders that somebody looks into; what is in others does not come with them.
    """

    def __init__(
        self,
        session: Session,
        principal: Principal,
        query: Query,
        opened: Iterable[uuid.UUID] = (),
    ) -> None:
        self._session, self._principal, self.query = session, principal, query
        self._opened = frozenset(opened)

    @property
    def address(self) -> dict[str, Any]:
        """The parameters of the address of what is shown."""
        return search.write(self.query)

    @property
    def may_order(self) -> bool:
        """Whether to offer changes to folders."""
        return can(self._principal, Action.MANAGE_TAGS)

    @cached_property
    def views(self) -> list[View]:
        """The filters of one click."""
        return [
            View("all", _("All files"), "library", {}),
            View("never", _("Never used"), "never", {"usage": "never"}),
            View("rarely", _("Rarely used"), "rarely", {"usage": "used", "sort": "usage"}),
            View("most", _("Most used"), "most", {"sort": "-usage"}),
            View("twins", _("Duplicates"), "copy", {"duplicates": "1"}),
            View("trash", _("Trash"), "trash", {"trashed": "1"}),
        ]

    @cached_property
    def tree(self) -> list[Node]:
        """The folders at the top, with all in them."""
        return tree(self._session, self._principal)

    @cached_property
    def here(self) -> Node | None:
        """The folder that is shown."""
        return self._folder(self.query.folder)

    @cached_property
    def open(self) -> frozenset[uuid.UUID]:
        """Those looked into, and around the one that is shown: the way to it stays in sight."""
        return self._opened.union(node.id for node in self.here.way) if self.here else self._opened

    @cached_property
    def kept(self) -> list[Kept]:
        """The saved searches."""
        return [self._kept(each) for each in saved_searches.listing(self._session, self._principal)]

    @cached_property
    def current(self) -> str:
        """The one place that is shown: a view's key, or the id of a saved search or folder."""
        address = self.address
        for kept in self.kept:
            if address and kept.address == address:
                return str(kept.saved.id)
        if self.here:
            return str(self.here.id)
        chosen = {key: address.get(key) for key in ("usage", "sort", "duplicates", "trashed")}
        for view in reversed(self.views):
            if all(chosen[key] == value for key, value in view.address.items()):
                return str(view.key)
        return ""

    @property
    def title(self) -> str:
        """The name of the place that is shown."""
        names = {view.key: view.word for view in self.views}
        names |= {str(kept.saved.id): kept.saved.name for kept in self.kept}
        if self.here:
            names[str(self.here.id)] = self.here.name
        return names.get(self.current) or str(_("All files"))

    def _kept(self, saved: Saved) -> Kept:
        if saved.query is None:
            return Kept(saved, {}, saved.why)
        if saved.query.folder and self._folder(saved.query.folder) is None:
            return Kept(saved, {}, _("Its folder no longer exists."))
        return Kept(saved, search.write(saved.query), "")

    def _folder(self, named: str) -> Node | None:
        """By its id, or by its path."""
        path = "/".join(part.strip() for part in named.split("/") if part.strip())
        found = (node for node in every(self.tree) if named == str(node.id) or path == node.path)
        return next(found, None) if named else None


@bp.get("/places")
@allow(Action.SEE)
def show() -> ResponseReturnValue:
    """The lists of places, beside what the address's filters show."""
    opened = values.identifiers(request.args.getlist("open"))
    places = Places(db.session(), g.principal, shown_query(), opened)
    return htmx.fragment(render_template("folders/_lists.html", places=places))


def shown_query() -> Query:
    """The filters of the address; a spoiled address shows no place in particular."""
    try:
        return parsing.asset_query(request.args)
    except Invalid:
        return Query()
