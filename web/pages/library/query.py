"""What the address of the library, or its form, asks for."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from lectern import search
from lectern.errors import Invalid
from lectern.search import Query
from lectern.search.query import BEST, NEWEST
from lectern.search.syntax import operators
from lectern.search.syntax.operator_table import ADDING
from lectern.search.syntax.operators import Parsed, Part
from lectern.text import clean_text
from web.pages.library.ranges import RANGES

# Enough to show what was pasted; a search takes less, and says so.
LONGEST_SHOWN = 2_000
_NAMES = frozenset(field.name for field in fields(Query))
_LISTS = ("tag", "any_tag", "said", "shown")
# Operators that set bounds go by one name, the fields of a query by two.
_BOUNDS = {"size": RANGES[1], "duration": RANGES[2], "created": RANGES[0]}


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
        values: dict[str, Any] = {name: args[name] for name in args if name in _NAMES}
        values.update({name: [*filter(None, args.getlist(name))] for name in _LISTS})
        if args.get("tags") == "any":
            values["any_tag"], values["tag"] = [*values["any_tag"], *values["tag"]], []
        readable: dict[str, Any] = {}
        for each in RANGES:
            try:
                each.take(args, values)
            except Invalid as error:
                self.problem = self.problem or error
        for name, value in values.items():
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
            names = _names(part)
            held = [name for name in names if getattr(self.query, name) not in (None, "", False)]
            if part.field in ADDING or not held:
                continue
            if typing:
                self.query = replace(self.query, **{name: _DEFAULTS[name] for name in held})
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
        kept = Query(q=words, sort=self.query.sort, trashed=self.query.trashed)
        return search.write(kept)

    @property
    def form(self) -> dict[str, list[str]]:
        """The values of the form's choices, by their names: the controls show just this."""
        query = self.query
        held: Mapping[str, Any] = {
            "kind": query.kind,
            "usage": query.usage,
            "state": query.state,
            "course": query.course,
            "folder": query.folder,
            "owner": query.owner,
            "sort": query.sort,
            "duplicates": "1" if query.duplicates else "",
            "said": next(iter(query.said), ""),
            "shown": next(iter(query.shown), ""),
            **{each.name: each.chosen(query) for each in RANGES},
        }
        own = {
            f"{each.name}_{end}": [text]
            for each in RANGES
            for end, text in zip(("from", "to"), each.own(query), strict=True)
        }
        tags = list(query.tag or query.any_tag)
        form = {name: [str(value or "")] for name, value in held.items()} | own | {"tag": tags}
        # Whoever has chosen no tag yet may have chosen how they are to combine.
        return form | {"tags": [self.mode]} if tags else form

    @property
    def mode(self) -> str:
        """Whether files need `all` of the chosen tags or `any`."""
        return "any" if self.query.any_tag and not self.query.tag else "all"


def refusal(problem: Invalid) -> str:
    """The sentence for the page; a cursor's is for people who follow an old link."""
    if "cursor" in problem.fields:
        return str(gettext("This link leads into the middle of a list that is no more."))
    return str(problem)


_DEFAULTS: Mapping[str, Any] = {field.name: field.default for field in fields(Query)}


def _names(part: Part) -> tuple[str, ...]:
    bounds = _BOUNDS.get(part.field)
    return (bounds.low, bounds.high) if bounds else (part.field,)
