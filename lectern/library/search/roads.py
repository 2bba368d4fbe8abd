"""The two roads to a page of what fits a plan.

The walk goes along the index of the sort and keeps what fits: quick when much fits. Gathering
finds all that fits in the index of codes and words, then sorts: quick when little does. Kept counts
say which to try first, and each gives up at a limit where the other is better, so the worst case is
bounded however the filters are spread (ADR 0012).
"""

import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session

from lectern.library.search import codes, plans, relevance
from lectern.library.search.plans import Plan
from lectern.library.search.query import BEST
from lectern.models import AssetText, Listing

# So many matches are gathered and sorted at once, and so many rows walked along, before the other
# road is better: about equally long. Words are not counted, so they are gathered first.
GATHERED, WALKED = 5_000, 20_000
SHORT_WALK = 5_000
_TABLE = Listing.__table__
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


def matching(plan: Plan, *columns: Any) -> Select[Any]:
    """The ids, or these columns of the listing, of all that fits; from the indexes."""
    c = _TABLE.c
    return select(*(columns or [c.asset_id])).where(
        plans.everything(plan, _TABLE), *plans.conditions(plan, c, singly=False)
    )


def page_of(
    session: Session, plan: Plan, order: Order, place: tuple[Any, Any] | None, number: int
) -> list[Row] | None:
    """The next rows in the order; None when there are too many to rank."""
    if order.name == BEST:
        return _gather(session, plan, order, place, number, GATHERED)
    if plan.free or not plan.live:
        return _walk(session, plan, order, place, number, None)
    if plan.words:
        return (
            _gather(session, plan, order, place, number, GATHERED)
            or _walk_whole(session, plan, order, place, number)
            or _gather(session, plan, order, place, number, None)
        )
    asked = plan.asked | {codes.fixed(plan.workspace_id, codes.LIVE)}
    counts = codes.counts(session, plan.workspace_id, asked)
    total = counts.get(codes.fixed(plan.workspace_id, codes.LIVE), 0)
    length = number / max(plan.share(counts, total), 1 / (total + 1))
    rows = None
    if length <= SHORT_WALK or total <= SHORT_WALK:
        rows = _walk_whole(session, plan, order, place, number)
    if rows is None:
        rows = _gather(session, plan, order, place, number, WALKED)
    if rows is None:
        rows = _walk_whole(session, plan, order, place, number)
    return _gather(session, plan, order, place, number, None) if rows is None else rows


def _walk_whole(
    session: Session, plan: Plan, order: Order, place: tuple[Any, Any] | None, number: int
) -> list[Row] | None:
    """The page by a walk; None when it was not full at the end of the walk."""
    rows = _walk(session, plan, order, place, number, WALKED)
    return rows if len(rows) == number else None


def _walk(
    session: Session,
    plan: Plan,
    order: Order,
    place: tuple[Any, Any] | None,
    number: int,
    longest: int | None,
) -> list[Row]:
    key = _KEYS[order.name]
    along = select(_TABLE).where(plans.everything(plan, _TABLE))
    if place:
        along = along.where(order.beyond(_TABLE.c[key], _TABLE.c.asset_id, place))
    # What the index is sorted by bounds the walk itself.
    inner = Plan(plan.workspace_id, plan.live, bounds=tuple(b for b in plan.bounds if b[0] == key))
    along = along.where(*plans.conditions(inner, _TABLE.c, singly=True))
    along = along.order_by(*order.by(_TABLE.c[key], _TABLE.c.asset_id)).limit(longest)
    c = along.subquery("walked").c
    rows = session.execute(
        select(c.asset_id, c[key])
        .where(*plans.conditions(plan, c, singly=True))
        .order_by(*order.by(c[key], c.asset_id))
        .limit(number)
    )
    return [Row(*row) for row in rows]


def _gather(
    session: Session,
    plan: Plan,
    order: Order,
    place: tuple[Any, Any] | None,
    number: int,
    most: int | None,
) -> list[Row] | None:
    """The page out of all that fits; None when that is more than `most`."""
    c = _TABLE.c
    all_of_it = select(c.asset_id, *([] if order.name == BEST else [c[_KEYS[order.name]]]))
    if order.name == BEST:
        all_of_it = all_of_it.add_columns(relevance.score(plan.words, c).label("score")).join(
            AssetText,
            (AssetText.workspace_id == c.workspace_id) & (AssetText.asset_id == c.asset_id),
        )
    all_of_it = all_of_it.where(
        plans.everything(plan, _TABLE), *plans.conditions(plan, c, singly=False)
    )
    fits = all_of_it.limit(most + 1 if most else None).cte("fits").prefix_with("MATERIALIZED")
    asset_id, key = fits.c
    query = select(asset_id, key, select(func.count()).select_from(fits).scalar_subquery())
    if place:
        query = query.where(order.beyond(key, asset_id, place))
    rows = session.execute(query.order_by(*order.by(key, asset_id)).limit(number)).all()
    if most and rows and rows[0][2] > most:
        return None
    return [Row(row[0], row[1]) for row in rows]
