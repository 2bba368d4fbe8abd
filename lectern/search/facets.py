"""How many files each further choice would leave: numbers beside filters, true for what is set."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.search import codes, filter_kinds, predicates, results, scan, selectivity
from lectern.search.filters import FILTERS, Query
from lectern.search.predicates import Plan
from lectern.search.references import Reference
from lectern.search.selectivity import Statistics

# Among so many matches the choices are counted; of more, the numbers are the least there are.
COUNTED = 4_000
# Of the newest so many, each is asked: words take longer.
LOOKED, LOOKED_FOR_WORDS = 40_000, 10_000
# The longest lists of tags, courses, owners and folders, the most frequent of each.
MOST = 100
# The filters that have choices to count.
CHOSEN: Mapping[str, filter_kinds.Choice | filter_kinds.Named] = {
    name: one
    for name, one in FILTERS.items()
    if isinstance(one, filter_kinds.Choice) or (isinstance(one, filter_kinds.Named) and one.facet)
}


class Count(NamedTuple):
    """A number of files; `at_least` where there may be more."""

    n: int
    at_least: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a filter can have, and how many files it would show."""

    value: str
    label: str
    count: int
    at_least: bool


class Facets(NamedTuple):
    """What each filter offers: `choices` by filter, the most frequent first, and counts of flags.

    The numbers of folders are those of the files directly in them.
    """

    total: Count
    choices: Mapping[str, tuple[Choice, ...]]
    flags: Mapping[str, Count]


class _Counted(NamedTuple):
    codes: Mapping[int, int]
    total: Count


def of(session: Session, principal: Principal, query: Query) -> Facets:
    """The numbers for a query: two scans of at most COUNTED matches, and one more for each filter.

    Raises:
        Invalid: a filter makes no sense.
    """
    require(principal, Action.SEE)
    query, plan = results.planned(session, principal, query)
    known = Statistics(session, plan)
    whole = _count(session, plan, known)
    if plan.words and not whole.total.n:
        plan, respelling = results.respelled(session, query, plan)
        known = Statistics(session, plan)
        whole = _count(session, plan, known) if respelling else whole
    counted = {name: whole for name in CHOSEN}
    for name, one in CHOSEN.items():
        # A filter of one value is counted without it: its numbers say what another would show.
        if getattr(query, name) and not one.several:
            counted[name] = _count(session, predicates.without(plan, name), known, _field(one))
    workspace_id = principal.workspace_id
    return Facets(
        total=whole.total,
        choices={name: _choices(session, workspace_id, name, counted[name]) for name in CHOSEN},
        flags={
            name: Count(_files(workspace_id, whole, (one.code,)), whole.total.at_least)
            for name, one in FILTERS.items()
            if isinstance(one, filter_kinds.Flag) and one.code
        },
    )


def _field(one: filter_kinds.Choice | filter_kinds.Named) -> int:
    """The field of the codes that the filter's choices have."""
    return one.reference.field if isinstance(one, filter_kinds.Named) else codes.FIXED_FIELD


def _count(session: Session, plan: Plan, known: Statistics, field: int | None = None) -> _Counted:
    """Count the most frequent codes of each field, or of this one, among what fits the plan."""
    if plan.nothing:
        return _Counted({}, Count(0, False))
    if plan.free and plan.live:
        live = codes.fixed(plan.workspace_id, codes.LIVE)
        counts = codes.frequent(session, plan.workspace_id, MOST, field)
        return _Counted(counts, Count(counts.get(live, 0), False))
    estimate = selectivity.of(session, plan, known)
    # Where the index leads to too many, the newest files are all that is looked at.
    partly = estimate.total > selectivity.SMALL and estimate.least > selectivity.MANY
    if partly:
        found = scan.newest(plan, LOOKED_FOR_WORDS if plan.words else LOOKED, "codes")
    else:
        found = scan.matching(plan, estimate, "codes")
    some = found.limit(COUNTED + 1).cte("some").prefix_with("MATERIALIZED")
    code = select(func.unnest(some.c.codes).label("code")).subquery("listed").c.code
    listed = select(code, func.count().label("files")).group_by(code)
    if field is not None:
        listed = listed.where(code.between(*codes.bounds(field)))
    # No code is 0: that line is the number of files.
    number = select(literal(0), func.count()).select_from(some)
    rows = session.execute(codes.ranked(listed.subquery("counted"), MOST).union_all(number))
    counts = {code: count for code, count in rows}
    files = counts.pop(0)
    return _Counted(counts, Count(min(files, COUNTED), partly or files > COUNTED))


def _choices(
    session: Session, workspace_id: uuid.UUID, name: str, counted: _Counted
) -> tuple[Choice, ...]:
    one = CHOSEN[name]
    if isinstance(one, filter_kinds.Named):
        return _named(session, workspace_id, one.reference, counted)
    at_least = counted.total.at_least
    return tuple(
        Choice(word, word, _files(workspace_id, counted, one.either.get(word, (word,))), at_least)
        for word in one.choices
    )


def _files(workspace_id: uuid.UUID, counted: _Counted, words: Iterable[str]) -> int:
    """No file has two of these words."""
    return sum(counted.codes.get(codes.fixed(workspace_id, word), 0) for word in words)


def _named(
    session: Session, workspace_id: uuid.UUID, reference: Reference, counted: _Counted
) -> tuple[Choice, ...]:
    files = {
        code: number
        for code, number in counted.codes.items()
        if codes.field_of(code) == reference.field and number
    }
    ranked = sorted(files, key=lambda code: (-files[code], code))[:MOST]
    named = reference.choices(session, workspace_id, ranked) if ranked else {}
    choices = [
        Choice(*named[code], files[code], counted.total.at_least)
        for code in ranked
        if code in named
    ]
    # Of equally frequent ones the order of the alphabet, which does not change from look to look.
    return tuple(sorted(choices, key=lambda choice: (-choice.count, choice.label.casefold())))
