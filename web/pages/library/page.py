"""The library page as its templates need it: controls, chips and the files found."""

from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

from flask import Response
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from lectern.errors import Invalid
from lectern.people.principal import Principal
from lectern.search import cards, facets, matches
from lectern.search.cards import Page
from lectern.search.facets import Facets
from lectern.search.filters import BEST, SORTS
from lectern.search.query import titles
from web.pages.library import chips, menus
from web.pages.library.chips import Chip
from web.pages.library.labels import sort_labels
from web.pages.library.menus import Menu, Toggle, WordField
from web.pages.library.query import Asked, refusal

# A multiple of all numbers of columns, so that each page's list ends with a full row.
PAGE = 60
A_YEAR_S = 365 * 86_400
LOOK_COOKIE = "lectern-look"


class Look(NamedTuple):
    """How files are shown, by each browser's own choice; remembered in a cookie."""

    view: str = "grid"
    density: str = "comfortable"

    @classmethod
    def read(cls, args: "MultiDict[str, str]", cookie: str) -> "Look":
        """The cookie's choice, or the address's where it makes one."""
        known = {"view": ("grid", "list"), "density": ("comfortable", "compact")}
        remembered = dict(zip(known, cookie.partition("-")[::2], strict=True))
        wanted = [(name, source.get(name, "")) for source in (remembered, args) for name in known]
        return cls(**{name: text for name, text in wanted if text in known[name]})

    def remember(self, response: Response, secure: bool) -> None:
        """Have the browser keep the choice."""
        text = f"{self.view}-{self.density}"
        response.set_cookie(
            LOOK_COOKIE, text, max_age=A_YEAR_S, samesite="Lax", secure=secure, httponly=True
        )


class LibraryPage:
    """What one address shows. `typing` while the text in the box is being written.

    `problem` is the sentence to show instead of files when the address makes no sense.
    """

    def __init__(
        self, session: Session, principal: Principal, args: "MultiDict[str, str]", look: Look
    ) -> None:
        self._session, self._principal = session, principal
        self.look = look
        self.asked = Asked(args)
        self.typing = args.get("typing") == "1"
        self.cursor = args.get("cursor") or None
        self.page = Page([], None)
        self.problem = ""

    def load(self) -> "LibraryPage":
        """Settle the query and find the first page, or the one at the cursor."""
        self.asked.settle(self.typing)
        error = self.asked.problem
        if error is None:
            try:
                self.page = cards.page(
                    self._session,
                    self._principal,
                    self.query,
                    self.cursor,
                    PAGE,
                    snippets=self.look.view == "list",
                )
            except Invalid as refused:
                error = refused
        self.problem = refusal(error) if error else ""
        return self

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return 422 if self.problem else 200

    @property
    def query(self) -> Any:
        """The query, as the controls show it."""
        return self.asked.query

    @property
    def address(self) -> dict[str, Any]:
        """The parameters of this page's address, without its cursor."""
        return self.asked.address

    @property
    def words(self) -> tuple[str, ...]:
        """What to mark in names, tags and descriptions."""
        return () if self.problem else cards.words_of(self.query, self.page.spelling)

    @property
    def said_or_shown(self) -> bool:
        """Whether words are searched for that may be said or shown."""
        return bool(matches.wanted(self.query).all)

    @property
    def searching(self) -> bool:
        """Whether anything is asked for but the order."""
        return bool(set(self.address) - {"sort", "trashed"})

    @property
    def newest_first(self) -> bool:
        """Whether a new file belongs in front of what is shown."""
        plain = not self.searching and not self.query.trashed and not self.cursor
        return plain and not self.query.sort

    @property
    def total(self) -> str:
        """How many files are found, in words; empty while only the first of them are counted."""
        if self.page.next or self.cursor or self.problem:
            return ""
        count = len(self.page.items)
        return str(ngettext("%(num)d file", "%(num)d files", count))

    @cached_property
    def titles(self) -> dict[str, str]:
        """The titles of the query's course, folder and owner."""
        return titles(self._session, self._principal, self.query)

    @cached_property
    def chips(self) -> list[Chip]:
        """The filters that hold."""
        return chips.of(self.asked, self.titles)

    @cached_property
    def menus(self) -> list[Menu]:
        """The filters' menus, their choices not yet counted."""
        return menus.of(self.asked, self.titles)

    @property
    def toggles(self) -> list[Toggle]:
        """The filters that are set or not."""
        return menus.toggles(self.asked)

    @property
    def word_fields(self) -> list[WordField]:
        """The filters by words that are said or shown."""
        return menus.word_fields(self.asked)

    @property
    def search_tips(self) -> list[tuple[str, str]]:
        """What may be typed into the search box, and what it finds."""
        return menus.search_tips()

    def count(self) -> Facets:
        """The numbers of files: all of them, and those of each choice.

        Raises:
            Invalid: the address makes no sense.
        """
        found = facets.of(self._session, self._principal, self.query)
        if not self.query.any_tag:
            return found
        # Where any of some tags will do, another one finds more: it counts without them.
        others = replace(self.query, any_tag=())
        counted = facets.of(self._session, self._principal, others)
        return found._replace(choices={**found.choices, "tag": counted.choices["tag"]})

    def counted_menus(self, found: Facets) -> list[Menu]:
        """The menus with the number of files of each choice."""
        return menus.of(self.asked, self.titles, found)

    @property
    def sorts(self) -> list[tuple[str, str, bool]]:
        """The orders to choose from: value, words, whether it holds. Empty is what suits best."""
        labels, chosen = sort_labels(), self.query.sort
        best = self.asked.best_order
        return [("", labels[best], not chosen)] + [
            (value, text, value == chosen)
            for value, text in labels.items()
            if value not in (best, BEST)
        ]

    def sorted_by(self, name: str) -> tuple[str, dict[str, Any]]:
        """For a column's head: `aria-sort`'s value, and the address sorted by it, or turned."""
        order = self.query.sort or self.asked.best_order
        if order.removeprefix("-") != name:
            first = f"-{name}" if SORTS[name].descending_first else name
            return "none", self.asked.without(sort=first)
        if order.startswith("-"):
            return "descending", self.asked.without(sort=name)
        return "ascending", self.asked.without(sort=f"-{name}")
