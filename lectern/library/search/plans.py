"""What a query asks of the listing: codes to have, bounds to keep within, words to find."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, FromClause, and_, cast, not_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from lectern.library import folders
from lectern.library.names import tag_key
from lectern.library.search import codes, operators, words
from lectern.library.search.query import Query, read, write
from lectern.library.search.words import Word
from lectern.models import Course, Tag
from lectern.people.principal import Principal


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

    def share(self, counts: dict[int, int], total: int) -> float:
        """What part of all assets to expect, 0.0 to 1.0, as if filters knew nothing of each other.

        Bounds and words are not in it: nobody counts those.
        """
        expected = 1.0
        for group in [(code,) for code in self.codes] + list(self.groups):
            expected *= min(1.0, sum(counts.get(code, 0) for code in group) / max(total, 1))
        return expected


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
        words=words.find(session, workspace_id, operators.parse(query.q).words),
        # No code is 0: what is not known has none.
        nothing=0 in wanted or not all(groups),
    )


def conditions(plan: Plan, c: Any, *, singly: bool) -> list[ColumnElement[bool]]:
    """The plan as conditions on the columns `c` of the listing or of a part of it.

    `singly`: words are looked up for each row that is asked about; else they are found in the
    index, all at once.
    """
    found: list[ColumnElement[bool]] = []
    if plan.codes:
        found.append(c.codes.contains(_array(plan.codes)))
    found += [c.codes.overlap(_array(group)) for group in plan.groups]
    found += [_bounded(c, bound) for bound in plan.bounds]
    ask = words.of_row if singly else words.in_index
    return found + ask(plan.workspace_id, plan.words, c)


def everything(plan: Plan, table: FromClause) -> ColumnElement[bool]:
    """Whether a row of the listing is in the workspace, and in or out of the trash."""
    c = table.c
    # Written plainly, as the partial indexes have it.
    return and_(c.workspace_id == plan.workspace_id, c.live if plan.live else not_(c.live))


def _array(numbers: Iterable[int]) -> ColumnElement[Any]:
    return cast(list(numbers), ARRAY(BigInteger))


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
