"""Which assets, in which order: one page of what a query finds, and how many there are."""

import uuid
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.errors import Invalid
from lectern.models import Asset
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.search import codes, cursors, predicates, scan, selectivity
from lectern.search.filters import BEST, NEWEST, SORTS, Query
from lectern.search.predicates import Plan
from lectern.search.scan import Order, Row, Scan
from lectern.search.selectivity import Selectivity
from lectern.search.syntax import operators, spelling
from lectern.search.syntax.spelling import Spelling
from lectern.search.syntax.words import Word

MOST = 200


@dataclass(frozen=True)
class Found:
    """One page of assets; `next` continues it. `spelling` where near spellings stood in."""

    assets: list[Asset]
    next: str | None
    spelling: Spelling | None = None


@dataclass(frozen=True)
class FoundIds:
    """One page of ids, in order."""

    ids: list[uuid.UUID]
    next: str | None
    spelling: Spelling | None = None


def page(
    session: Session, principal: Principal, query: Query, *, cursor: str | None, limit: int
) -> Found:
    """The next `limit` assets after `cursor`. The cost of a page does not grow with its number.

    Raises:
        Invalid: a filter, the sort or the cursor makes no sense.
    """
    found = ids(session, principal, query, cursor=cursor, limit=limit)
    rows = session.scalars(scoped(Asset, principal).where(Asset.id.in_(found.ids)))
    known = {asset.id: asset for asset in rows}
    there = [known[asset_id] for asset_id in found.ids if asset_id in known]
    return Found(there, found.next, found.spelling)


def ids(
    session: Session, principal: Principal, query: Query, *, cursor: str | None, limit: int
) -> FoundIds:
    """`page` without the assets."""
    require(principal, Action.SEE)
    if not 1 <= limit <= MOST:
        raise Invalid("limit is 1 to %(most)s.", {"limit": f"Use 1 to {MOST}."}, most=MOST)
    query, plan = planned(session, principal, query)
    respelling: Spelling | None = None
    order, place = _from(query, plan, cursor)
    if plan.nothing:
        return FoundIds([], None)
    order, rows = _rows(session, plan, order, place, limit + 1)
    if plan.words and not rows:
        plan, respelling = respelled(session, query, plan)
        order, rows = _rows(session, plan, order, place, limit + 1) if respelling else (order, [])
    following = None
    if len(rows) > limit:
        rows = rows[:limit]
        following = cursors.write(order.sort, rows[-1].key, rows[-1].asset_id)
    return FoundIds([row.asset_id for row in rows], following, respelling)


def _rows(
    session: Session, plan: Plan, order: Order, place: tuple[Any, Any] | None, number: int
) -> tuple[Order, list[Row]]:
    """The rows, and the order that they are in: of too many, the newest come first."""
    estimate = selectivity.of(session, plan)
    rows = Scan(session, plan, estimate, order).rows(place, number)
    if rows is None:
        order = Order(NEWEST)
        rows = Scan(session, plan, estimate, order).rows(None, number) or []
    return order, rows


def _from(query: Query, plan: Plan, cursor: str | None) -> tuple[Order, tuple[Any, Any] | None]:
    """The order, and the place in it to go on from."""
    order = Order(query.order)
    if order.name == BEST and not plan.words:
        order = Order(NEWEST)
    if order.name not in SORTS or order.sort.startswith("--"):
        known = ", ".join(SORTS)
        raise Invalid("sort is one of %(known)s.", {"sort": f"Use one of {known}."}, known=known)
    if not cursor:
        return order, None
    if order.name == BEST and cursors.sort_of(cursor) == NEWEST:
        # The list had too much to rank when it began.
        order = Order(NEWEST)
    return order, cursors.read(cursor, order.sort, order.name)


def planned(session: Session, principal: Principal, query: Query) -> tuple[Query, Plan]:
    """The query without operators, and its plan."""
    query = operators.resolve(session, principal, query)
    return query, predicates.make(session, principal, query)


def respelled(session: Session, query: Query, plan: Plan) -> tuple[Plan, Spelling | None]:
    """The plan with near spellings for each word that nothing in the library has."""
    asked = [word for word in plan.words if not word.within]
    unknown = [word for word in asked if not _known(session, plan.workspace_id, word)]
    if not unknown:
        return plan, None
    typed = operators.parse(query.q).words
    guessed = spelling.guess(session, plan.workspace_id, typed, unknown)
    if guessed is None:
        return plan, None
    # What must be said or shown is meant as it is typed.
    exact = tuple(word for word in plan.words if word.within)
    return replace(plan, words=(*guessed[0], *exact)), guessed[1]


def _known(session: Session, workspace_id: uuid.UUID, word: Word) -> bool:
    plan = Plan(workspace_id, live=True, words=(word,))
    estimate = selectivity.of(session, plan)
    if estimate.sizes.get(word):
        return True
    return session.scalar(_matching(plan, estimate).limit(1)) is not None


def total(session: Session, principal: Principal, query: Query) -> int:
    """How many assets the filter holds for, exactly: of many matches, each is counted."""
    require(principal, Action.SEE)
    query, plan = planned(session, principal, query)
    if plan.nothing:
        return 0
    if plan.free or (plan.live and replace(plan, ends=()) == _only_code(plan)):
        word = codes.LIVE if plan.live else codes.TRASHED
        (code,) = plan.codes or (codes.fixed(plan.workspace_id, word),)
        return codes.counts(session, plan.workspace_id, [code]).get(code, 0)
    number = _count(session, plan)
    if plan.words and not number:
        plan, respelling = respelled(session, query, plan)
        number = _count(session, plan) if respelling else 0
    return number


def _count(session: Session, plan: Plan) -> int:
    found = _matching(plan, selectivity.of(session, plan)).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def _matching(plan: Plan, estimate: Selectivity) -> Select[uuid.UUID]:
    return scan.matching(plan, estimate, "asset_id")


def _only_code(plan: Plan) -> Plan:
    return Plan(plan.workspace_id, plan.live, codes=plan.codes[:1])


def filtered(session: Session, principal: Principal, query: Query) -> Select[Asset]:
    """The filter as a statement over assets, unordered."""
    query, plan = planned(session, principal, query)
    fits = Asset.id.is_(None)
    if not plan.nothing:
        plan, _ = respelled(session, query, plan)
        fits = Asset.id.in_(_matching(plan, selectivity.of(session, plan)))
    return scoped(Asset, principal).where(fits)
