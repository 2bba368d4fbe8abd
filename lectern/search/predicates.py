"""What a query asks of the listing: codes to have, bounds to keep within, words to find."""

import operator
import uuid
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    and_,
    any_,
    literal,
    not_,
)
from sqlalchemy.orm import Session

from lectern.people.principal import Principal
from lectern.search import codes
from lectern.search.filter_kinds import Choice, Filter, Flag, Limit, Named
from lectern.search.filters import FILTERS, Query
from lectern.search.query import read, write
from lectern.search.syntax import operators, words
from lectern.search.syntax.words import Word


class Bound(NamedTuple):
    """A column of the listing at least (`least`) or at most a value; `beyond`: or below it."""

    column: str
    least: bool
    value: Any
    beyond: bool = False


@dataclass(frozen=True)
class Plan:
    """All must hold: every code, one of each group, every bound, every word."""

    workspace_id: uuid.UUID
    live: bool
    codes: tuple[int, ...] = ()
    groups: tuple[tuple[int, ...], ...] = ()
    bounds: tuple[Bound, ...] = ()
    words: tuple[Word, ...] = ()
    # What follows from the rest for a column that may be sorted by; a walk can begin there.
    ends: tuple[Bound, ...] = ()
    # It names a tag, folder or course that there is not.
    nothing: bool = False
    # The codes and groups above by the filter that asks for them.
    by_filter: tuple[tuple[str, tuple[tuple[int, ...], ...]], ...] = field(
        default=(), compare=False
    )

    @property
    def free(self) -> bool:
        """True when it leaves nothing out but the trash, or all but it."""
        return not (self.codes or self.groups or self.bounds or self.words or self.nothing)

    @property
    def asked(self) -> set[int]:
        """Every code that somebody asks for."""
        return {*self.codes, *(code for group in self.groups for code in group)}


def make(session: Session, principal: Principal, query: Query) -> Plan:
    """The plan of a query whose operators have been resolved.

    Raises:
        Invalid: a filter makes no sense.
    """
    read(write(replace(query, q="")))
    workspace_id = principal.workspace_id
    by_filter = tuple(
        (one.name, tuple(_groups(session, principal, one, getattr(query, one.name))))
        for one in FILTERS.values()
        if getattr(query, one.name)
    )
    plan = Plan(
        workspace_id,
        live=not query.trashed,
        bounds=_bounds(query),
        ends=_ends(query),
        words=(
            *words.find(session, workspace_id, operators.parse(query.q).words),
            *words.spoken(query.said, query.shown),
        ),
    )
    return _asking(plan, by_filter)


def without(plan: Plan, name: str) -> Plan:
    """The plan without the codes that this filter asks for, for counting and gathering."""
    return _asking(
        replace(plan, ends=()), tuple(each for each in plan.by_filter if each[0] != name)
    )


def _asking(plan: Plan, by_filter: tuple[tuple[str, tuple[tuple[int, ...], ...]], ...]) -> Plan:
    groups = [group for _, asked in by_filter for group in asked]
    return replace(
        plan,
        codes=tuple(dict.fromkeys(code for group in groups if len(group) == 1 for code in group)),
        groups=tuple(group for group in groups if len(group) > 1),
        nothing=not all(groups),
        by_filter=by_filter,
    )


def _groups(
    session: Session, principal: Principal, one: Filter, value: Any
) -> list[tuple[int, ...]]:
    """Codes of which one must be had, for each part of what the filter asks; none that is had."""
    workspace_id = principal.workspace_id
    match one:
        case Choice():
            either = one.either.get(value, (value,))
            return [tuple(codes.fixed(workspace_id, word) for word in either)]
        case Flag() if one.code:
            return [(codes.fixed(workspace_id, one.code),)]
        case Named():
            found = one.reference.codes(session, principal, value if one.several else [value])
            if one.any_of:
                return [tuple({code for group in found for code in group})]
            return found
    return []


def conditions(plan: Plan, c: Any) -> list[ColumnElement[bool]]:
    """The plan as conditions that are looked up for each row with the columns `c`."""
    found = [c.codes.contains(codes.array(plan.codes))] if plan.codes else []
    found += [c.codes.overlap(codes.array(group)) for group in plan.groups]
    found += [_bounded(c, bound) for bound in plan.bounds]
    return found + words.of_row(plan.workspace_id, plan.words, c)


def indexed(plan: Plan, rare: Plan, c: Any) -> list[ColumnElement[bool]]:
    """The plan as conditions: those in `rare` for the indexes, the rest for what they leave."""
    rest = Plan(
        plan.workspace_id,
        plan.live,
        bounds=tuple(bound for bound in plan.bounds if bound not in rare.bounds),
        words=tuple(word for word in plan.words if word not in rare.words),
    )
    found = [c.codes.contains(codes.array(rare.codes))] if rare.codes else []
    found += [codes.any_of(c, group) for group in rare.groups]
    found += [_bounded(c, bound) for bound in rare.bounds]
    found += words.in_index(plan.workspace_id, rare.words, c, coded=plan.live)
    # No index knows of these spellings.
    found += [literal(code) == any_(c.codes) for code in plan.codes if code not in rare.codes]
    found += [
        c.codes.concat(codes.array([])).overlap(codes.array(group))
        for group in plan.groups
        if group not in rare.groups
    ]
    return found + conditions(rest, c)


def everything(plan: Plan, table: FromClause) -> ColumnElement[bool]:
    """Whether a row of the listing is in the workspace, and in or out of the trash."""
    c = table.c
    # Written plainly, as the partial indexes have it.
    return and_(c.workspace_id == plan.workspace_id, c.live if plan.live else not_(c.live))


def _bounded(c: Any, bound: Bound) -> ColumnElement[bool]:
    column: ColumnElement[Any] = c[bound.column]
    compare = operator.ge if bound.least else operator.lt if bound.beyond else operator.le
    fits: ColumnElement[bool] = compare(column, bound.value)
    return fits


def _bounds(query: Query) -> tuple[Bound, ...]:
    found = []
    for one in FILTERS.values():
        value = getattr(query, one.name)
        if isinstance(one, Limit) and value is not None:
            scale = one.range
            beyond = scale.measure.open_ended and not one.at_least
            found.append(Bound(scale.column, one.at_least, value, beyond))
            if not one.at_least and scale.floor is not None:
                found.append(Bound(scale.column, True, scale.floor))
    return tuple(found)


def _ends(query: Query) -> tuple[Bound, ...]:
    """Where in the columns that lists are sorted by all lies that some choice finds."""
    return tuple(
        Bound(*end)
        for one in FILTERS.values()
        if isinstance(one, Choice)
        for end in one.ends.get(getattr(query, one.name), ())
    )
