"""Tags by a few letters: what one begins to type may become, and the list of all."""

import uuid
from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from lectern.errors import Invalid
from lectern.models import Tag
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.taxonomy.counts import files
from lectern.text import LONGEST_TAG, clean_text, tag_key

ORDERS = ("name", "-files", "files")
# Of the list of all tags.
PAGE = 200
LAST_PAGE = 10_000


class Suggestion(NamedTuple):
    """A tag, and how many live files have it."""

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
    Every tag fits an empty text.
    """
    require(principal, Action.SEE)
    part = func.fold(clean_text(text)[:LONGEST_TAG])
    word = func.fold(Tag.name)
    # A word begins at the front, or after what is neither letter nor digit.
    words = func.regexp_replace(" " + word, "[^[:alnum:]]", " ", "g")
    begins = func.strpos(words, " " + func.regexp_replace(part, "[^[:alnum:]]", " ", "g")) > 0
    used = files(principal.workspace_id, Tag.code).label("files")
    rows = session.execute(
        select(Tag.name, used)
        .where(
            Tag.workspace_id == principal.workspace_id,
            Tag.key.not_in([tag_key(name) for name in taken]),
            func.strpos(word, part) > 0,
        )
        .order_by(case((begins, 0), else_=1), used.desc(), Tag.key)
        .limit(limit)
    )
    return [Suggestion(name, count) for name, count in rows]


class Tagged(NamedTuple):
    """A tag of the list of all, and how many live files have it."""

    id: uuid.UUID
    name: str
    files: int


def listing(
    session: Session, principal: Principal, text: str = "", order: str = "name", page: int = 1
) -> tuple[list[Tagged], int]:
    """The tags that hold `text`, `PAGE` of them, and how many there are; pages count from 1.

    `order` is `name`, `-files` (most used first) or `files`.

    Raises:
        Invalid: there is no such order or page.
    """
    require(principal, Action.SEE)
    if order not in ORDERS:
        message = f"sort is one of {', '.join(ORDERS)}."
        raise Invalid(message, {"sort": message})
    if not 1 <= page <= LAST_PAGE:
        message = f"page is 1 to {LAST_PAGE}."
        raise Invalid(message, {"page": message})
    part = func.fold(clean_text(text)[:LONGEST_TAG])
    fitting = (Tag.workspace_id == principal.workspace_id) & (
        func.strpos(func.fold(Tag.name), part) > 0
    )
    used = files(principal.workspace_id, Tag.code).label("files")
    orders: dict[str, list[ColumnElement[Any]]] = {"files": [used], "-files": [used.desc()]}
    rows = session.execute(
        select(Tag.id, Tag.name, used)
        .where(fitting)
        .order_by(*orders.get(order, []), func.natural_key(Tag.name), Tag.key)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    found = [Tagged(tag_id, name, count) for tag_id, name, count in rows]
    total = session.scalar(select(func.count()).select_from(Tag).where(fitting))
    return found, total or 0
