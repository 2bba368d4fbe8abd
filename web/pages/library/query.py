"""What the address of the library, or its form, asks for."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from lectern import search
from lectern.errors import Invalid
from lectern.search import Query
from lectern.search.filter_kinds import Filter, Limit
from lectern.search.filters import ADDING, BEST, FILTERS, NEWEST, SEVERAL, fields_of
from lectern.search.syntax import operators
from lectern.search.syntax.operators import Parsed, Part
from lectern.text import clean_text
from web.pages.library.ranges import RANGE_CONTROLS

# Enough to show what was pasted; a search takes less, and says so.
LONGEST_SHOWN = 2_000


class Asked:
    """The query of an address or form, as far as it makes sense.

    `typed` is the text of the search box. `problem` says what was wrong, None when
    nothing was; what else the address holds is kept, so that the controls still show it.
    """

    def __init__(self, args: "MultiDict[str, str]") -> None:
        self.problem: Invalid | None = None
        self.typed = clean_text(args.get("q", "")[:LONGEST_SHOWN])
        self.query = self._read(args)
        self.parsed = Parsed()
        try:
            self.parsed = operators.parse(self.query.q)
        except Invalid as error:
            self.problem = self.problem or error

    def _read(self, args: "MultiDict[str, str]") -> Query:
        sent: dict[str, Any] = {name: args[name] for name in args if name in FILTERS}
        sent.update({name: [*filter(None, args.getlist(name))] for name in SEVERAL})
        if args.get("tags") == "any":
            sent["any_tag"], sent["tag"] = [*sent["any_tag"], *sent["tag"]], []
        readable: dict[str, Any] = {}
        for control in RANGE_CONTROLS:
            try:
                control.take(args, sent)
            except Invalid as error:
                self.problem = self.problem or error
        for name, value in sent.items():
            try:
                search.read({name: value})
                readable[name] = value
            except Invalid as error:
                self.problem = self.problem or error
        return search.read(readable)

    def settle(self, typing: bool) -> None:
        """Let the last word stand where box and controls contradict each other.

        While somebody is `typing` that is the box, else the control that was just used.
        """
        if self.problem:
            return
        for part in self.parsed.parts:
            names = fields_of(part.field)
            held = [name for name in names if getattr(self.query, name) not in (None, "", False)]
            if part.field in ADDING or not held:
                continue
            if typing:
                self.query = replace(self.query, **{name: FILTERS[name].default for name in held})
            else:
                self.query = replace(self.query, q=operators.without(self.query.q, part))
        self.parsed = operators.parse(self.query.q)
        if not typing:
            self.typed = self.query.q
        if self.query.sort == self.best_order:
            self.query = replace(self.query, sort="")

    @property
    def best_order(self) -> str:
        """The order while nobody chooses one: what matches best, or what is newest."""
        return BEST if self.parsed.words else NEWEST

    @property
    def address(self) -> dict[str, Any]:
        """The parameters of this query's address."""
        return search.write(self.query)

    def without(self, **less: Any) -> dict[str, Any]:
        """The address with these fields at these values instead."""
        return search.write(replace(self.query, **less))

    def without_part(self, part: Part) -> dict[str, Any]:
        """The address with one operator taken out of the box."""
        return self.without(q=operators.without(self.query.q, part))

    @property
    def cleared(self) -> dict[str, Any]:
        """The address without any filter; words, order and the trash stay."""
        words = self.query.q
        for part in self.parsed.parts:
            words = operators.without(words, part)
        unfiltered = Query(q=words, sort=self.query.sort, trashed=self.query.trashed)
        return search.write(unfiltered)

    @property
    def form(self) -> dict[str, list[str]]:
        """The values of the form's choices, by their names: the controls show just this."""
        query = self.query
        form = {name: [_shown(one, getattr(query, name))] for name, one in _controls()}
        for control in RANGE_CONTROLS:
            form[control.name] = [control.chosen(query)]
            for end, text in zip(("from", "to"), control.own(query), strict=True):
                form[f"{control.name}_{end}"] = [text]
        form["tag"] = list(query.tag or query.any_tag)
        # Whoever has chosen no tag yet may have chosen how they are to combine.
        return form | {"tags": [self.mode]} if form["tag"] else form

    @property
    def mode(self) -> str:
        """Whether files need `all` of the chosen tags or `any`."""
        return "any" if self.query.any_tag and not self.query.tag else "all"


def refusal(problem: Invalid) -> str:
    """The sentence for the page; a cursor's is for people who follow an old link."""
    if "cursor" in problem.fields:
        return str(gettext("This link points to a list that no longer exists."))
    return str(problem)


def _controls() -> Iterator[tuple[str, Filter]]:
    """The filters with a control of one value in the form; words of the box are not among them."""
    for name, one in FILTERS.items():
        if not isinstance(one, Limit) and name not in {"q", "tag", "any_tag", "trashed"}:
            yield name, one


def _shown(one: Filter, value: Any) -> str:
    if one.several:
        return next(iter(value), "")
    return "1" if value is True else str(value or "")
