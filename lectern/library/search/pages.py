"""Which assets, in which order: filters, sorting and keyset cursors over one workspace."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    SQLColumnExpression,
    String,
    and_,
    func,
    literal,
    not_,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import Session

from lectern.errors import Invalid
from lectern.library import folders
from lectern.library.names import clean_text, tag_key
from lectern.library.search import cursors
from lectern.library.search.query import LONGEST_QUERY, Query
from lectern.models import Asset, AssetTag, Course, Tag, Usage
from lectern.people.principal import Principal
from lectern.people.rights import Action, require

MOST_WORDS = 50
MOST = 200


@dataclass(frozen=True)
class Found:
    """One page of assets; `next` continues it."""

    assets: list[Asset]
    next: str | None


# Every sort falls back on the id, so that a cursor names one place exactly.
_SORTS: Mapping[str, SQLColumnExpression[Any]] = {
    "created": Asset.created_at,
    "name": Asset.name,
    "size": func.coalesce(Asset.byte_size, 0),
    "duration": func.coalesce(Asset.duration_s, 0.0, type_=Float),
    "usage": Asset.usage_count,
    "last_used": func.coalesce(Asset.last_used_at, func.to_timestamp(0)),
}


def page(
    session: Session, principal: Principal, query: Query, *, cursor: str | None, limit: int
) -> Found:
    """The next `limit` assets after `cursor`. The cost of a page does not grow with its number.

    Raises:
        Invalid: a filter, the sort or the cursor makes no sense.
    """
    require(principal, Action.SEE)
    if not 1 <= limit <= MOST:
        raise Invalid(f"limit is 1 to {MOST}.", {"limit": f"Use 1 to {MOST}."})
    name, descending = query.order.removeprefix("-"), query.order.startswith("-")
    if name == "relevance":
        name, descending = "created", True
    if name not in _SORTS:
        known = ", ".join(_SORTS)
        raise Invalid(f"sort is one of {known}.", {"sort": f"Use one of {known}."})
    value = _SORTS[name]
    key = _natural(value) if name == "name" else value
    statement = filtered(session, principal, query)
    if cursor:
        seen, seen_id = cursors.read(cursor, query.order, name)
        after = tuple_(_natural(literal(seen)) if name == "name" else seen, seen_id)
        here = tuple_(key, Asset.id)
        statement = statement.where(here < after if descending else here > after)
    order = (key.desc(), Asset.id.desc()) if descending else (key, Asset.id)
    rows = session.execute(statement.add_columns(value).order_by(*order).limit(limit + 1)).all()
    more = len(rows) > limit
    rows = rows[:limit]
    following = cursors.write(query.order, rows[-1][1], rows[-1][0].id) if more else None
    return Found([row[0] for row in rows], following)


def _natural(name: SQLColumnExpression[str]) -> ColumnElement[str]:
    """What names are sorted by: week 2 before week 10, `A` beside `a`.

    Each number is padded with zeros to 18 digits; of a longer one the last 18 count.
    """
    padded = func.regexp_replace(func.lower(name), r"(\d+)", "0" * 18 + r"\1", "g")
    return func.regexp_replace(padded, r"\d*(\d{18})(?!\d)", r"\1", "g", type_=String)


def total(session: Session, principal: Principal, query: Query) -> int:
    """How many assets the filter holds for. Counts them: ask only when somebody wants to know."""
    require(principal, Action.SEE)
    matching = filtered(session, principal, query).with_only_columns(Asset.id).subquery()
    return session.scalar(select(func.count()).select_from(matching)) or 0


def filtered(session: Session, principal: Principal, query: Query) -> Select[Asset]:
    """The filter as a statement, unordered."""
    conditions: list[ColumnElement[bool]] = [
        Asset.workspace_id == principal.workspace_id,
        # Written plainly, as the partial indexes have it.
        not_(Asset.live) if query.trashed else and_(Asset.live),
    ]
    conditions += _words(query) + _choices(query) + _ranges(query)
    if query.folder:
        folder = folders.find(session, principal, query.folder)
        conditions.append(Asset.folder_id == (folder.id if folder else uuid.UUID(int=0)))
    if query.owner:
        conditions.append(Asset.created_by == query.owner)
    conditions += [_tagged([tag]) for tag in query.tag]
    if query.any_tag:
        conditions.append(_tagged(list(query.any_tag)))
    if query.course:
        conditions.append(_in_course(query.course))
    if query.duplicates:
        conditions.append(_has_twin(principal))
    return select(Asset).where(and_(*conditions))


def _words(query: Query) -> list[ColumnElement[bool]]:
    words = list(dict.fromkeys(clean_text(query.q[: LONGEST_QUERY + 1]).split()))
    if len(query.q) > LONGEST_QUERY or len(words) > MOST_WORDS:
        message = f"A search has at most {MOST_WORDS} words and {LONGEST_QUERY} characters."
        raise Invalid(message, {"q": message})
    return [
        or_(
            Asset.name.icontains(word, autoescape=True),
            Asset.original_name.icontains(word, autoescape=True),
            Asset.description.icontains(word, autoescape=True),
            Asset.id.in_(_tagged_like(word)),
        )
        for word in words
    ]


def _tagged_like(word: str) -> Select[uuid.UUID]:
    return (
        select(AssetTag.asset_id)
        .join(Tag, (Tag.workspace_id == AssetTag.workspace_id) & (Tag.id == AssetTag.tag_id))
        .where(
            AssetTag.workspace_id == Asset.workspace_id,
            Tag.key.contains(tag_key(word), autoescape=True),
        )
    )


_USAGE: Mapping[str, ColumnElement[bool]] = {
    "used": Asset.usage_count > 0,
    "unused": Asset.usage_count == 0,
    "formerly": and_(Asset.usage_count == 0, Asset.last_used_at.is_not(None)),
    "never": and_(Asset.usage_count == 0, Asset.last_used_at.is_(None)),
}
_ONE_OF = {
    "kind": ("video", "audio", "image", "document"),
    "state": ("processing", "ready", "failed"),
    "usage": tuple(_USAGE),
}


def _choices(query: Query) -> list[ColumnElement[bool]]:
    for field, allowed in _ONE_OF.items():
        if getattr(query, field) not in ("", *allowed):
            message = f"{field} is one of {', '.join(allowed)}."
            raise Invalid(message, {field: message})
    conditions = []
    if query.kind:
        conditions.append(Asset.kind == query.kind)
    if query.state:
        conditions.append(Asset.state == query.state)
    if query.usage:
        conditions.append(_USAGE[query.usage])
    return conditions


def _ranges(query: Query) -> list[ColumnElement[bool]]:
    bounds = [
        (query.created_after, Asset.created_at.__ge__),
        (query.created_before, Asset.created_at.__lt__),
        (query.min_size, Asset.byte_size.__ge__),
        (query.max_size, Asset.byte_size.__le__),
        (query.min_duration, Asset.duration_s.__ge__),
        (query.max_duration, Asset.duration_s.__le__),
    ]
    return [compare(bound) for bound, compare in bounds if bound is not None]


def _tagged(names: list[str]) -> ColumnElement[bool]:
    return Asset.id.in_(
        select(AssetTag.asset_id)
        .join(Tag, (Tag.workspace_id == AssetTag.workspace_id) & (Tag.id == AssetTag.tag_id))
        .where(
            AssetTag.workspace_id == Asset.workspace_id,
            Tag.key.in_([tag_key(name) for name in names]),
        )
    )


def _in_course(ref: str) -> ColumnElement[bool]:
    return Asset.id.in_(
        select(Usage.asset_id)
        .join(Course, (Course.workspace_id == Usage.workspace_id) & (Course.id == Usage.course_id))
        .where(Usage.workspace_id == Asset.workspace_id, Course.ref == ref)
    )


def _has_twin(principal: Principal) -> ColumnElement[bool]:
    twins = (
        select(Asset.digest)
        .where(Asset.workspace_id == principal.workspace_id, Asset.live)
        .group_by(Asset.digest)
        .having(func.count() > 1)
    )
    return Asset.digest.in_(twins)
