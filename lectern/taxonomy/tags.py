"""Tags on assets."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.errors import Conflict, Invalid, Message
from lectern.models import Asset, AssetTag, Tag
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.taxonomy.counts import files
from lectern.text import LONGEST_TAG, clean_text, tag_key, tag_name

MOST = 100


def clean(raw: Iterable[str]) -> list[str]:
    """Tag names as they will be shown, each once, in the order given.

    Raises:
        Invalid: one is unusable, or there are too many.
    """
    names: dict[str, str] = {}
    for text in raw:
        name = tag_name(text)
        names.setdefault(tag_key(name), name)
    if len(names) > MOST:
        message = Message("An asset may have at most %(most)s tags.", most=MOST)
        raise Invalid(message, {"tags": message})
    return list(names.values())


def put(session: Session, asset: Asset, names: Iterable[str]) -> None:
    """Give the asset exactly these tags, making new ones as needed."""
    workspace_id = asset.workspace_id
    found = ensure(session, workspace_id, clean(names))
    session.execute(
        delete(AssetTag).where(
            AssetTag.workspace_id == workspace_id,
            AssetTag.asset_id == asset.id,
            AssetTag.tag_id.not_in(found),
        )
    )
    if found:
        rows = [
            {
                "workspace_id": workspace_id,
                "asset_id": asset.id,
                "tag_id": tag_id,
                "asset_created_at": asset.created_at,
            }
            for tag_id in found
        ]
        session.execute(insert(AssetTag).values(rows).on_conflict_do_nothing())
    session.expire(asset, ["tags"])


def ensure(session: Session, workspace_id: uuid.UUID, names: Iterable[str]) -> Sequence[uuid.UUID]:
    """The ids of these tags, made where missing, and kept from vanishing until the commit.

    `names` are cleaned ones. Lock the assets that will get them first.

    Raises:
        Conflict: somebody removes them as fast as they are made.
    """
    wanted = {tag_key(name): name for name in names}
    if not wanted:
        return []
    # Sorted, so that two editors who add the same new tags cannot deadlock.
    rows = [
        {"workspace_id": workspace_id, "name": name, "key": key}
        for key, name in sorted(wanted.items())
    ]
    for _attempt in range(3):
        session.execute(insert(Tag).values(rows).on_conflict_do_nothing())
        # Waits for whoever merges or deletes one right now; then it is gone, and made again.
        found = session.scalars(
            scoped(Tag, workspace_id, Tag.id)
            .where(Tag.key.in_(wanted))
            .order_by(Tag.key)
            .with_for_update(read=True, key_share=True)
        ).all()
        if len(found) == len(wanted):
            return found
    raise Conflict("Someone else is changing these tags. Try again.")


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
        scoped(Tag, principal, Tag.name, used)
        .where(Tag.key.not_in([tag_key(name) for name in taken]), func.strpos(word, part) > 0)
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
