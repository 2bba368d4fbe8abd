"""The two scans that find a page of what fits a plan, and how well a file fits the words.

The walk goes along the index of the sort and keeps what fits: quick when much fits. Gathering
finds all that fits in the index of codes and words, then sorts: quick when little does. Counts
say which to try first, and each gives up at a limit where the other is better, so the worst case is
bounded however the filters are spread (ADR 0012).
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    case,
    func,
    literal,
    select,
    true,
    tuple_,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from lectern.models import AssetText, CodeListing, Listing
from lectern.search import predicates
from lectern.search.filters import BEST, SORTS
from lectern.search.predicates import Plan
from lectern.search.selectivity import SMALL, Selectivity, rare
from lectern.search.syntax.words import Word, by_codes

# So many matches are gathered and sorted at once, and so many rows walked along, before the other
# scan is better: about equally long.
GATHERED, WALKED = 20_000, 40_000
SHORT_WALK = 10_000
# So many times its likely length a walk goes on before what fits is gathered instead.
PATIENCE = 3
# Asking a row for its words takes four times as long as reading it and asking it for its codes.
WORDS_COST = 4
# Of more matches the best are not found out; `RANKED` of them are compared in some 20 ms.
RANKED = 5_000
# In the name as a whole word, at the beginning of one, within one; in a tag's or folder's name,
# in the original name, in the description.
WHOLE, BEGINS, WITHIN, NAMED, ORIGINAL, DESCRIBED = 8, 6, 4, 4, 2, 1
FIRST = 3
_TABLE, _CODED = Listing.__table__, CodeListing.__table__


class Order(NamedTuple):
    """A sort of the listing; `sort` is its name in addresses."""

    sort: str

    @property
    def name(self) -> str:
        """The sort without its direction."""
        return self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        """Largest first; the best match always is."""
        return self.sort.startswith("-") or self.name == BEST

    def by(self, key: Any, asset_id: Any) -> list[ColumnElement[Any]]:
        """What to order by; the id makes every place in the order one asset's."""
        return [key.desc(), asset_id.desc()] if self.descending else [key, asset_id]

    def beyond(self, key: Any, asset_id: Any, place: tuple[Any, Any]) -> ColumnElement[bool]:
        """Whether a row comes after the place."""
        here = tuple_(key, asset_id)
        return here < tuple_(*place) if self.descending else here > tuple_(*place)


class Row(NamedTuple):
    """An asset and what it is sorted by."""

    asset_id: uuid.UUID
    key: Any


def matching(plan: Plan, estimate: Selectivity, *columns: str) -> Select[Any]:
    """These columns of the listing of all that fits; from the indexes."""
    table, found = _matching(plan, estimate)
    return select(*(table.c[name] for name in columns)).where(*found)


def _matching(plan: Plan, estimate: Selectivity) -> tuple[FromClause, list[ColumnElement[bool]]]:
    """The copy of the listing whose indexes lead to what fits, and the conditions on it."""
    few = rare(plan, estimate)
    # The trash has few rows, and an index of its own in the listing.
    coded = plan.live and (few.codes or few.groups or by_codes(few.words))
    table = _CODED if coded else _TABLE
    return table, [predicates.everything(plan, table), *predicates.indexed(plan, few, table.c)]


def newest(plan: Plan, among: int, *columns: str) -> Select[Any]:
    """These columns of what fits among so many of the newest, along the index of dates."""
    c = _TABLE.c
    along = select(_TABLE).where(predicates.everything(plan, _TABLE))
    n = along.order_by(c.created_at.desc(), c.asset_id.desc()).limit(among).subquery("newest").c
    return select(*(n[name] for name in columns)).where(*predicates.conditions(plan, n))


@dataclass(frozen=True)
class Scan:
    """A scan of a library by a plan, in an order."""

    session: Session
    plan: Plan
    estimate: Selectivity
    order: Order

    def rows(self, place: tuple[Any, Any] | None, number: int) -> list[Row] | None:
        """The next so many rows after the place; None when there are too many to rank."""
        if self.order.name == BEST:
            total, matches = self.estimate.total, self.estimate.share * self.estimate.total
            many = total > SMALL and matches > 2 * RANKED
            return None if many else self._gather(place, number, RANKED)
        if self.plan.free or not self.plan.live:
            return self._walk(place, number, None)
        short = self._short(number)
        rows = None if short else self._gather(place, number, GATHERED)
        if rows is None:
            rows = self._whole_walk(place, number, short=short)
        return self._gather(place, number, None) if rows is None else rows

    def _short(self, number: int) -> bool:
        """Whether so many rows are likely to be found by a short walk."""
        if self.plan.words and self.estimate.total <= SMALL:
            return False
        least = self.estimate.least
        if self.plan.words:
            # Looked up twice: in the index, then the row.
            least *= WORDS_COST / 2
        return self._length(number) * self._row_cost <= max(SHORT_WALK, min(least, WALKED))

    @property
    def _row_cost(self) -> float:
        """What a row of a walk costs, as one that is asked for codes alone does.

        Only those that have the codes are asked for the words.
        """
        return 1 + (WORDS_COST - 1) * self.estimate.wordless if self.plan.words else 1.0

    def _length(self, number: int) -> float:
        """How many rows a walk is likely to read for so many that fit."""
        return number / max(self.estimate.share, 1 / (self.estimate.total + 1))

    def _whole_walk(
        self, place: tuple[Any, Any] | None, number: int, *, short: bool
    ) -> list[Row] | None:
        """The page by a walk; None when it was not full at the end of the walk.

        One that should have been short is given up early: what fits lies elsewhere in this order.
        """
        longest = WALKED / self._row_cost
        if short:
            longest = min(longest, max(SHORT_WALK / 2, PATIENCE * self._length(number)))
        rows = self._walk(place, number, int(longest))
        return rows if len(rows) == number else None

    def _walk(self, place: tuple[Any, Any] | None, number: int, longest: int | None) -> list[Row]:
        plan, order, key = self.plan, self.order, SORTS[self.order.name].column
        along = select(_TABLE).where(predicates.everything(plan, _TABLE))
        if place:
            along = along.where(order.beyond(_TABLE.c[key], _TABLE.c.asset_id, place))
        # What the index is sorted by bounds the walk itself.
        own = tuple(b for b in (*plan.bounds, *plan.ends) if b.column == key)
        inner = Plan(plan.workspace_id, plan.live, bounds=own)
        along = along.where(*predicates.conditions(inner, _TABLE.c))
        along = along.order_by(*order.by(_TABLE.c[key], _TABLE.c.asset_id)).limit(longest)
        c = along.subquery("walked").c
        rows = self.session.execute(
            select(c.asset_id, c[key])
            .where(*predicates.conditions(plan, c))
            .order_by(*order.by(c[key], c.asset_id))
            .limit(number)
        )
        return [Row(*row) for row in rows]

    def _gather(
        self, place: tuple[Any, Any] | None, number: int, most: int | None
    ) -> list[Row] | None:
        """The page out of all that fits; None when that is more than `most`."""
        table, fitting = _matching(self.plan, self.estimate)
        c, order = table.c, self.order
        key = c.codes if order.name == BEST else c[SORTS[order.name].column]
        found = select(c.asset_id, key).where(*fitting)
        if place and order.name != BEST:
            # Within: of too many, those kept may all lie before the place.
            found = found.where(order.beyond(key, c.asset_id, place))
        fits = found.limit(most + 1 if most else None).cte("fits").prefix_with("MATERIALIZED")
        count = select(func.count()).select_from(fits).scalar_subquery()
        if order.name == BEST:
            return self._ranked(fits, count, place, number, most)
        asset_id, key = fits.c
        query = select(asset_id, key, count).order_by(*order.by(key, asset_id)).limit(number)
        rows = self.session.execute(query).all()
        if most and rows and rows[0][2] > most:
            return None
        return [Row(row[0], row[1]) for row in rows]

    def _ranked(
        self, fits: CTE, count: Any, place: tuple[Any, Any] | None, number: int, most: int | None
    ) -> list[Row] | None:
        """The best of these; their texts are read only if there are not too many."""
        texts = (AssetText.workspace_id == self.plan.workspace_id) & (
            AssetText.asset_id == fits.c.asset_id
        )
        score = _score(self.plan.words, fits.c).label("score")
        scored = select(fits.c.asset_id, score).join(AssetText, texts)
        if most:
            scored = scored.where(count <= most)
        c = scored.subquery("scored").c
        best = select(c.asset_id, c.score)
        if place:
            best = best.where(self.order.beyond(c.score, c.asset_id, place))
        page = best.order_by(*self.order.by(c.score, c.asset_id)).limit(number).subquery("page")
        total = select(count.label("total")).subquery("total")
        rows = self.session.execute(
            select(total.c.total, *page.c)
            .select_from(total.outerjoin(page, true()))
            .order_by(*self.order.by(page.c.score, page.c.asset_id))
        ).all()
        if most and rows[0].total > most:
            return None
        return [Row(row.asset_id, row.score) for row in rows if row.asset_id]


def _score(words: Sequence[Word], listed: Any) -> ColumnElement[int]:
    """The score of an `AssetText` row whose listing has the columns `listed`.

    What is only said or shown counts nothing: it comes last.
    """
    words = [word for word in words if not word.within]
    name = func.split_part(AssetText.names, "\n", 1)
    # Whatever separates words in file names, so that a word's edges are spaces.
    spaced = literal(" ").concat(func.translate(name, "_-.,()[]+&/:", " " * 12)).concat(" ")
    total: ColumnElement[int] = literal(0, Integer)
    for word in words:
        total = total + func.greatest(*(_of_text(text, name, spaced) for text in word.texts))
        if word.codes:
            codes = type_coerce(list(word.codes), ARRAY(listed.codes.type.item_type))
            total = total + case((listed.codes.overlap(codes), NAMED), else_=0)
    first = words[0].texts[0] if words else ""
    return total + case((func.starts_with(name, first), FIRST), else_=0)


def _of_text(text: str, name: Any, spaced: Any) -> ColumnElement[int]:
    return case(
        (func.strpos(spaced, f" {text} ") > 0, WHOLE),
        (func.strpos(spaced, f" {text}") > 0, BEGINS),
        (func.strpos(name, text) > 0, WITHIN),
        (func.strpos(AssetText.names, text) > 0, ORIGINAL),
        (func.strpos(AssetText.description, text) > 0, DESCRIBED),
        else_=0,
    )
