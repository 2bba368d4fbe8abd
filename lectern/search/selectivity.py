"""The selectivity of a plan: how much of a library fits it, estimated without reading it."""

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from lectern.models import Listing
from lectern.search import codes, predicates
from lectern.search.predicates import Bound, Plan
from lectern.search.syntax import words
from lectern.search.syntax.words import Word

# A smaller library is read as quickly as it is estimated.
SMALL = 5_000
# Of so many rows, asking each takes as long as having the index list a quarter of a million.
MANY = 20_000
# So few rows are asked for their words before the index has listed all that have them.
FEW = 4_000
# The newest so many files are looked at for words, which nobody counts.
SAMPLE = 500
_TABLE = Listing.__table__
Thing = int | Word | Bound


class Selectivity(NamedTuple):
    """Of `total` assets about `share` (0.0 to 1.0) fit, if filters know nothing of each other.

    `sizes` are how many assets each code, word and bound holds for, as far as that is known, and
    `least` is the smallest of them: so many rows the index would lead to. `coded` have all the
    codes, infinity where none is asked for or that is not known; `wordless` is the share that fits
    in all but the words.
    """

    total: int
    share: float
    sizes: Mapping[Thing, float]
    least: float
    coded: float = math.inf
    wordless: float = 1.0


class Statistics:
    """What is known of codes, bounds and words, each asked for once, for plans of one query.

    The first plan has every code, bound and word that the others have.
    """

    def __init__(self, session: Session, plan: Plan) -> None:
        self._session, self._plan = session, plan

    @cached_property
    def counts(self) -> Mapping[int, int]:
        """How many live files have each code, and how many there are at all."""
        plan = self._plan
        asked = plan.asked | {codes.fixed(plan.workspace_id, codes.LIVE)}
        return codes.counts(self._session, plan.workspace_id, asked)

    @cached_property
    def within(self) -> float:
        """About how many files are within the bounds."""
        return _planned_rows(self._session, self._plan)

    @cached_property
    def sampled(self) -> list[float]:
        """The share of files with each word, and at last with all words."""
        return _sampled(self._session, self._plan)


def of(session: Session, plan: Plan, known: Statistics | None = None) -> Selectivity:
    """Ask the kept counts, for bounds the planner's histograms, for words the newest files."""
    # The trash is small, and its codes are not counted.
    if plan.free or not plan.live:
        return Selectivity(0, 1.0, {}, 0)
    whole = codes.fixed(plan.workspace_id, codes.LIVE)
    known = known or Statistics(session, plan)
    counts = known.counts
    total = counts.get(whole, 0)
    if total <= SMALL:
        return Selectivity(total, 1.0, {}, 0)
    sizes: dict[Thing, float] = {code: float(counts.get(code, 0)) for code in plan.asked}
    share, least = 1.0, float(total)
    for group in [(code,) for code in plan.codes] + list(plan.groups):
        size = min(total, sum(counts.get(code, 0) for code in group))
        share, least = share * size / total, min(least, size)
    coded = share * total if plan.codes or plan.groups else math.inf
    if plan.bounds:
        within = min(known.within, total)
        sizes.update(dict.fromkeys(plan.bounds, within))
        share, least = share * within / total, min(least, within)
    wordless = share
    if plan.words:
        *each, together = known.sampled
        sizes.update((word, one * total) for word, one in zip(plan.words, each, strict=True))
        share, least = share * together, min(least, *(one * total for one in each))
    return Selectivity(total, share, sizes, least, coded, wordless)


def rare(plan: Plan, estimate: Selectivity) -> Plan:
    """What of the plan few assets have, to be asked of the index.

    What many have the index would list for long; it is better looked up in what the rest leaves.
    If it is all there is, all of it is asked.
    """
    if estimate.coded <= FEW:
        plan = replace(plan, words=())
    for many in (MANY, estimate.total / 4):
        common = {thing for thing, size in estimate.sizes.items() if size > many}
        few = replace(
            plan,
            codes=tuple(code for code in plan.codes if code not in common),
            groups=tuple(group for group in plan.groups if not common.intersection(group)),
            bounds=tuple(bound for bound in plan.bounds if bound not in common),
            words=tuple(word for word in plan.words if word not in common),
        )
        if not few.free:
            return few
    return plan


def _planned_rows(session: Session, plan: Plan) -> float:
    """What PostgreSQL expects within the bounds; they are numbers and times, so safe in a text."""
    bounded = select(_TABLE.c.asset_id).where(
        predicates.everything(plan, _TABLE),
        *predicates.conditions(Plan(plan.workspace_id, plan.live, bounds=plan.bounds), _TABLE.c),
    )
    bind = session.get_bind()
    statement = bounded.compile(dialect=bind.dialect, compile_kwargs={"literal_binds": True})
    answer = session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}").scalar_one()
    return float(answer[0]["Plan"]["Plan Rows"])


def _sampled(session: Session, plan: Plan) -> list[float]:
    """The share of the newest files that have each word, and at last the share with all words."""
    newest = (
        select(_TABLE.c.asset_id, _TABLE.c.codes)
        .where(predicates.everything(plan, _TABLE))
        .order_by(_TABLE.c.created_at.desc(), _TABLE.c.asset_id.desc())
        .limit(SAMPLE)
        .subquery("newest")
    )
    has = words.of_row(plan.workspace_id, plan.words, newest.c)
    asked = select(*(each.label(f"w{at}") for at, each in enumerate(has))).select_from(newest)
    c = list(asked.cte("asked").prefix_with("MATERIALIZED").c)
    numbers = [func.count().filter(each) for each in c] + [func.count().filter(and_(*c))]
    return [number / SAMPLE for number in session.execute(select(*numbers)).one()]
