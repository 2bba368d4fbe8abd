"""Tags as a person types them: what a few letters may become, the most used first."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    SQLColumnExpression,
    case,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.orm import Session

from lectern.library.names import LONGEST_TAG, clean_text, tag_key
from lectern.models import Asset, AssetTag, Tag
from lectern.people.principal import Principal
from lectern.people.rights import Action, require

# From here on a tag counts as much used; counting on would cost more than the order is worth.
MANY = 1000
# So many of what matches are ordered by live files; the rest is less used or fits less well.
_CANDIDATES = 50


class Suggestion(NamedTuple):
    """A tag and the live files that have it; `files` stops at `MANY`."""

    name: str
    files: int


def suggest(
    session: Session,
    principal: Principal,
    text: str,
    limit: int = 8,
    taken: Collection[str] = (),
) -> list[Suggestion]:
    """Tags in which a word begins with `text`, then those that hold it elsewhere.

    Each group has the most used first. Case and accents do not matter; `taken` are left out.
    """
    require(principal, Action.SEE)
    wanted = clean_text(text)[:LONGEST_TAG]
    if not wanted:
        return []
    found = _candidates(principal, wanted, taken).cte("candidate")
    files = _count(principal, found, live=True)
    rows = session.execute(
        select(found.c.name, files.c.files)
        .join(files, true())
        .order_by(found.c.place, files.c.files.desc(), found.c.key)
        .limit(limit)
    )
    return [Suggestion(name, count) for name, count in rows]


def folded(text: SQLColumnExpression[str]) -> ColumnElement[str]:
    """The text in lower case without its accents, as PostgreSQL sees it."""
    apart = func.normalize(func.lower(text), literal_column("NFD"))
    return func.regexp_replace(apart, "[\u0300-\u036f]", "", "g")


def _candidates(principal: Principal, text: str, taken: Collection[str]) -> Select[Any]:
    """The best matches by place and by all their files, those in the trash included."""
    part = folded(literal(text))
    matching = (
        select(Tag.id, Tag.name, Tag.key, folded(Tag.key).label("word"))
        .where(
            Tag.workspace_id == principal.workspace_id,
            Tag.key.not_in([tag_key(name) for name in taken]),
        )
        .subquery("spelled")
    )
    # A word begins at the front, or after what is neither letter nor digit.
    begins = func.regexp_replace(" " + matching.c.word, "[^[:alnum:]]", " ", "g")
    plain = func.regexp_replace(part, "[^[:alnum:]]", " ", "g")
    place = case((func.strpos(begins, " " + plain) > 0, 0), else_=1).label("place")
    files = _count(principal, matching, live=False)
    return (
        select(matching.c.id, matching.c.name, matching.c.key, place)
        .join(files, true())
        .where(func.strpos(matching.c.word, part) > 0)
        .order_by(place, files.c.files.desc(), matching.c.key)
        .limit(_CANDIDATES)
    )


def _count(principal: Principal, of: FromClause, *, live: bool) -> FromClause:
    """How many files have each tag of `of`, up to `MANY`; without `live` its index is enough."""
    uses = select(AssetTag.asset_id).where(
        AssetTag.workspace_id == principal.workspace_id, AssetTag.tag_id == of.c.id
    )
    if live:
        same = (Asset.workspace_id == AssetTag.workspace_id) & (Asset.id == AssetTag.asset_id)
        uses = uses.join(Asset, same).where(Asset.live)
    some = uses.limit(MANY).correlate(of).lateral()
    return select(func.count().label("files")).select_from(some).correlate(of).lateral()
