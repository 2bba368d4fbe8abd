"""The two roads to a page of what fits a plan.

The walk goes along the index of the sort and keeps what fits: quick when much fits. Gathering
finds all that fits in the index of codes and words, then sorts: quick when little does. Kept counts
say which to try first, and each gives up at a limit where the other is better, so the worst case is
bounded however the filters are spread (ADR 0012).
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Select, func, select, tuple_
from sqlalchemy.orm import Session

from lectern.models import AssetText, CodeListing, Listing
from lectern.search import predicates, relevance
from lectern.search.predicates import Plan
from lectern.search.query import BEST
from lectern.search.selectivity import SMALL, Odds, rare

# So many matches are gathered and sorted at once, and so many rows walked along, before the other
# road is better: about equally long.
GATHERED, WALKED = 20_000, 40_000
SHORT_WALK = 10_000
# Of more matches the best are not found out; `RANKED` of them are compared in some 20 ms.
RANKED = 5_000
_TABLE, _CODED = Listing.__table__, CodeListing.__table__
_KEYS: Mapping[str, str] = {
    "created": "created_at",
    "name": "name_key",
    "size": "byte_size",
    "duration": "duration_s",
    "usage": "usage_count",
    "last_used": "last_used_at",
}


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


def matching(plan: Plan, odds: Odds, *columns: str) -> Select[Any]:
    """These columns of the listing of all that fits; from the indexes."""
    table, found = _matching(plan, odds)
    return select(*(table.c[name] for name in columns)).where(*found)


def _matching(plan: Plan, odds: Odds) -> tuple[FromClause, list[ColumnElement[bool]]]:
    """The copy of the listing whose indexes lead to what fits, and the conditions on it."""
    few = rare(plan, odds)
    # The trash has few rows, and an index of its own in the listing.
    coded = plan.live and (few.codes or few.groups)
    table = _CODED if coded else _TABLE
    return table, [predicates.everything(plan, table), *predicates.indexed(plan, few, table.c)]


def newest(plan: Plan, among: int, *columns: str) -> Select[Any]:
    """These columns of what fits among so many of the newest, along the index of dates."""
    c = _TABLE.c
    along = select(_TABLE).where(predicates.everything(plan, _TABLE))
    n = along.order_by(c.created_at.desc(), c.asset_id.desc()).limit(among).subquery("newest").c
    return select(*(n[name] for name in columns)).where(*predicates.conditions(plan, n))


@dataclass(frozen=True)
class Road:
    """The way through a library by a plan, in an order."""

    session: Session
    plan: Plan
    odds: Odds
    order: Order

    def rows(self, place: tuple[Any, Any] | None, number: int) -> list[Row] | None:
        """The next so many rows after the place; None when there are too many to rank."""
        if self.order.name == BEST:
            many = self.odds.total > SMALL and self.odds.share * self.odds.total > 2 * RANKED
            return None if many else self._gather(place, number, RANKED)
        if self.plan.free or not self.plan.live:
            return self._walk(place, number, None)
        rows = None
        if not self._short(number):
            rows = self._gather(place, number, GATHERED)
        if rows is None:
            rows = self._whole_walk(place, number)
        return self._gather(place, number, None) if rows is None else rows

    def _short(self, number: int) -> bool:
        """Whether so many rows are likely to be found by a short walk."""
        if self.plan.words and self.odds.total <= SMALL:
            return False
        length = number / max(self.odds.share, 1 / (self.odds.total + 1))
        return length <= max(SHORT_WALK, min(self.odds.least, WALKED))

    def _whole_walk(self, place: tuple[Any, Any] | None, number: int) -> list[Row] | None:
        """The page by a walk; None when it was not full at the end of the walk."""
        rows = self._walk(place, number, WALKED)
        return rows if len(rows) == number else None

    def _walk(self, place: tuple[Any, Any] | None, number: int, longest: int | None) -> list[Row]:
        plan, order, key = self.plan, self.order, _KEYS[self.order.name]
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
        table, fitting = _matching(self.plan, self.odds)
        c, order = table.c, self.order
        if order.name == BEST:
            score = relevance.score(self.plan.words, c).label("score")
            texts = (AssetText.workspace_id == c.workspace_id) & (AssetText.asset_id == c.asset_id)
            found = select(c.asset_id, score).where(*fitting).join(AssetText, texts)
        else:
            key = c[_KEYS[order.name]]
            found = select(c.asset_id, key).where(*fitting)
            if place:
                # Within: of too many, those kept may all lie before the place.
                found = found.where(order.beyond(key, c.asset_id, place))
        fits = found.limit(most + 1 if most else None).cte("fits").prefix_with("MATERIALIZED")
        asset_id, key = fits.c
        query = select(asset_id, key, select(func.count()).select_from(fits).scalar_subquery())
        if place and order.name == BEST:
            query = query.where(order.beyond(key, asset_id, place))
        rows = self.session.execute(query.order_by(*order.by(key, asset_id)).limit(number)).all()
        if most and rows and rows[0][2] > most:
            return None
        return [Row(row[0], row[1]) for row in rows]
