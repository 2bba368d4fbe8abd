"""What a query asks of the listing: codes to have, bounds to keep within, words to find."""

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    and_,
    any_,
    literal,
    not_,
    select,
)
from sqlalchemy.orm import Session

from lectern.models import Course, Tag
from lectern.people.principal import Principal
from lectern.search import codes
from lectern.search.query import Query, read, write
from lectern.search.syntax import operators, words
from lectern.search.syntax.words import Word
from lectern.taxonomy import folders
from lectern.text import tag_key


class Bound(NamedTuple):
    """A column of the listing at least (`least`) or below or at most a value."""

    column: str
    least: bool
    value: Any


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
    fixed = [word for word in (query.kind, query.state, query.usage) if word and word != "unused"]
    wanted = [codes.fixed(workspace_id, word) for word in fixed]
    groups: list[tuple[int, ...]] = []
    if query.usage == "unused":
        groups.append(tuple(codes.fixed(workspace_id, word) for word in ("formerly", "never")))
    if query.duplicates:
        wanted.append(codes.fixed(workspace_id, codes.TWIN))
    if query.owner:
        wanted.append(codes.of(codes.OWNER, query.owner))
    if query.course:
        wanted.append(_course(session, workspace_id, query.course))
    if query.folder:
        groups.append(_folder(session, principal, query.folder))
    if query.tag or query.any_tag:
        known = _tags(session, workspace_id, [*query.tag, *query.any_tag])
        wanted += [known.get(tag_key(name), 0) for name in query.tag]
        if query.any_tag:
            groups.append(tuple({known.get(tag_key(name), 0) for name in query.any_tag} - {0}))
    return Plan(
        workspace_id,
        live=not query.trashed,
        codes=tuple(dict.fromkeys(wanted)),
        groups=tuple(groups),
        bounds=_bounds(query),
        ends=_ends(query),
        words=(
            *words.find(session, workspace_id, operators.parse(query.q).words),
            *words.spoken(query.said, query.shown),
        ),
        # No code is 0: what is not known has none.
        nothing=0 in wanted or not all(groups),
    )


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
    found += [c.codes.overlap(codes.array(group)) for group in rare.groups]
    found += [_bounded(c, bound) for bound in rare.bounds]
    found += words.in_index(plan.workspace_id, rare.words, c)
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
    if bound.least:
        fits: ColumnElement[bool] = column >= bound.value
    else:
        fits = column < bound.value if bound.column == "created_at" else column <= bound.value
    return fits


def _bounds(query: Query) -> tuple[Bound, ...]:
    found = [
        Bound("created_at", True, query.created_after),
        Bound("created_at", False, query.created_before),
        Bound("byte_size", True, query.min_size),
        Bound("byte_size", False, query.max_size),
        Bound("duration_s", True, query.min_duration),
        Bound("duration_s", False, query.max_duration),
        # What has no duration is at -1.
        Bound("duration_s", True, None if query.max_duration is None else 0.0),
    ]
    return tuple(bound for bound in found if bound.value is not None)


_NEVER = datetime.fromtimestamp(0, UTC)
_EVER = datetime.fromtimestamp(1, UTC)


def _ends(query: Query) -> tuple[Bound, ...]:
    """What is used, or never was, lies at one end of the lists by use."""
    found = {
        "used": (Bound("usage_count", True, 1), Bound("last_used_at", True, _EVER)),
        "unused": (Bound("usage_count", False, 0),),
        "formerly": (Bound("usage_count", False, 0), Bound("last_used_at", True, _EVER)),
        "never": (Bound("usage_count", False, 0), Bound("last_used_at", False, _NEVER)),
    }
    return found.get(query.usage, ())


def _tags(session: Session, workspace_id: uuid.UUID, names: list[str]) -> dict[str, int]:
    keys = {tag_key(name) for name in names}
    rows = session.execute(
        select(Tag.key, Tag.id).where(Tag.workspace_id == workspace_id, Tag.key.in_(keys))
    )
    return {key: codes.of(codes.TAG, tag_id) for key, tag_id in rows}


def _course(session: Session, workspace_id: uuid.UUID, ref: str) -> int:
    course_id = session.scalar(
        select(Course.id).where(Course.workspace_id == workspace_id, Course.ref == ref)
    )
    return codes.of(codes.COURSE, course_id) if course_id else 0


def _folder(session: Session, principal: Principal, path: str) -> tuple[int, ...]:
    folder = folders.find(session, principal, path)
    if folder is None:
        return ()
    inside = folders.subtree(session, principal.workspace_id, folder.id)
    return tuple(codes.of(codes.FOLDER, each) for each in inside)
