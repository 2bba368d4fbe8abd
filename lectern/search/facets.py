"""How many files each further choice would leave: numbers beside filters, true for what is set."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from lectern.models import Course, Folder, Tag, User
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.search import codes, predicates, results, scan, selectivity
from lectern.search.predicates import Plan
from lectern.search.query import KINDS, STATES, USAGES, Query
from lectern.taxonomy import folders

# Among so many matches the choices are counted; of more, the numbers are the least there are.
COUNTED = 4_000
# Of the newest so many, each is asked: words take longer.
LOOKED, LOOKED_FOR_WORDS = 40_000, 10_000
# The longest lists of tags, courses, owners and folders, the most frequent of each.
MOST = 100


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
    """The choices of each filter, the most frequent first; `folders` counts what is directly in."""

    total: Count
    kind: tuple[Choice, ...]
    usage: tuple[Choice, ...]
    state: tuple[Choice, ...]
    tags: tuple[Choice, ...]
    courses: tuple[Choice, ...]
    owners: tuple[Choice, ...]
    folders: tuple[Choice, ...]
    duplicates: Count


class _Counted(NamedTuple):
    codes: Mapping[int, int]
    total: Count


# A filter of one value is counted as if it were not set: its numbers say what another would show.
_ALONE: Mapping[str, Any] = {
    "kind": "",
    "usage": "",
    "state": "",
    "course": "",
    "owner": None,
    "folder": "",
}


def of(session: Session, principal: Principal, query: Query) -> Facets:
    """The numbers for a query: two scans of at most COUNTED matches, and one more for each filter.

    Raises:
        Invalid: a filter makes no sense.
    """
    require(principal, Action.SEE)
    query, plan = results.planned(session, principal, query)
    whole = _count(session, plan)
    if plan.words and not whole.total.n:
        plan, meant = results.respelled(session, query, plan)
        whole = _count(session, plan) if meant else whole
    found = {name: whole for name in _ALONE}
    for name, empty in _ALONE.items():
        if getattr(query, name):
            # Its words are known already.
            without = predicates.make(session, principal, replace(query, q="", **{name: empty}))
            found[name] = _count(session, replace(without, words=plan.words))
    workspace_id = principal.workspace_id
    twins = whole.codes.get(codes.fixed(workspace_id, codes.TWIN), 0)
    return Facets(
        total=whole.total,
        kind=_fixed(workspace_id, found["kind"], KINDS),
        usage=_fixed(workspace_id, found["usage"], USAGES),
        state=_fixed(workspace_id, found["state"], STATES),
        tags=_named(session, workspace_id, whole, codes.TAG),
        courses=_named(session, workspace_id, found["course"], codes.COURSE),
        owners=_named(session, workspace_id, found["owner"], codes.OWNER),
        folders=_named(session, workspace_id, found["folder"], codes.FOLDER),
        duplicates=Count(twins, whole.total.at_least),
    )


def _count(session: Session, plan: Plan) -> _Counted:
    if plan.nothing:
        return _Counted({}, Count(0, False))
    if plan.free and plan.live:
        known = codes.counts(session, plan.workspace_id)
        return _Counted(
            known, Count(known.get(codes.fixed(plan.workspace_id, codes.LIVE), 0), False)
        )
    chances = selectivity.of(session, plan)
    # Where the index leads to too many, the newest files are all that is looked at.
    partly = chances.total > selectivity.SMALL and chances.least > selectivity.MANY
    if partly:
        found = scan.newest(plan, LOOKED_FOR_WORDS if plan.words else LOOKED, "codes")
    else:
        found = scan.matching(plan, chances, "codes")
    some = found.limit(COUNTED + 1).cte("some").prefix_with("MATERIALIZED")
    each = select(func.unnest(some.c.codes).label("code")).subquery()
    # No code is 0: that line is the number of files.
    rows = session.execute(
        select(each.c.code, func.count())
        .group_by(each.c.code)
        .union_all(select(literal(0), func.count()).select_from(some))
    )
    counts = {code: count for code, count in rows}
    number = counts.pop(0)
    return _Counted(counts, Count(min(number, COUNTED), partly or number > COUNTED))


def _fixed(workspace_id: uuid.UUID, counted: _Counted, words: Iterable[str]) -> tuple[Choice, ...]:
    numbers = {
        word: counted.codes.get(codes.fixed(workspace_id, word), 0)
        for word in words
        if word != "unused"
    }
    if "never" in numbers:
        numbers["unused"] = numbers["never"] + numbers["formerly"]
    return tuple(Choice(word, word, numbers[word], counted.total.at_least) for word in words)


def _named(
    session: Session, workspace_id: uuid.UUID, counted: _Counted, field: int
) -> tuple[Choice, ...]:
    those = {code: n for code, n in counted.codes.items() if codes.field_of(code) == field and n}
    ranked = sorted(those, key=lambda code: -those[code])[:MOST]
    named = _names(session, workspace_id, field, ranked)
    return tuple(
        Choice(*named[code], those[code], counted.total.at_least)
        for code in ranked
        if code in named
    )


def _names(
    session: Session, workspace_id: uuid.UUID, field: int, wanted: list[int]
) -> dict[int, tuple[str, str]]:
    """What each code is called: the filter's value and its label."""
    if not wanted:
        return {}
    if field == codes.OWNER:
        rows = session.execute(
            select(User.id, User.name).where(func.facet_code(field, User.id).in_(wanted))
        )
        return {codes.of(field, key): (str(key), name) for key, name in rows}
    table: Any = {codes.TAG: Tag, codes.COURSE: Course, codes.FOLDER: Folder}[field]
    things = session.scalars(
        select(table).where(table.workspace_id == workspace_id, table.code.in_(wanted))
    ).all()
    if field == codes.TAG:
        return {tag.code: (tag.name, tag.name) for tag in things}
    if field == codes.COURSE:
        return {course.code: (course.ref, course.title) for course in things}
    paths = folders.paths_of(session, workspace_id, [folder.id for folder in things])
    return {codes.of(field, key): (str(key), path) for key, path in paths.items() if key}
