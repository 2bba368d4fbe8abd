"""Copies: live files of a workspace whose current bytes are equal, in groups; the largest first."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    cast,
    func,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, joinedload

from lectern.errors import Invalid, Message, NotFound
from lectern.models import Asset, DigestCount
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.search import cards
from lectern.search.cards import Card
from lectern.taxonomy import folders

MISSING = Message("File not found in this library.")
# Of a larger group a page shows these, and says how many more there are.
SHOWN = 12
MOST_SHOWN = 200
# Who stays, unless a person chooses: what most places use, then what is there longest.
PROPOSED = (Asset.usage_count.desc(), Asset.created_at, Asset.id)
_LARGEST = 1 << 62


@dataclass(frozen=True)
class Copy:
    """One of several files of equal bytes, and what sets it apart."""

    asset: Asset
    card: Card
    folder: str


@dataclass(frozen=True)
class Group:
    """Files of equal bytes, `files` in all; the first of `copies` is proposed to stay.

    `byte_size` is one copy's. The bytes are stored once, however many copies there are.
    """

    digest: str
    byte_size: int
    files: int
    copies: tuple[Copy, ...]

    @property
    def more(self) -> int:
        """How many copies are not shown."""
        return self.files - len(self.copies)


@dataclass(frozen=True)
class Groups:
    """One page of groups; `next` continues it."""

    items: list[Group]
    next: str | None


def groups(session: Session, principal: Principal, cursor: str | None, limit: int) -> Groups:
    """The next groups after `cursor`, those whose copies would weigh most first.

    Raises:
        Invalid: the cursor belongs to no list.
    """
    require(principal, Action.SEE)
    rows = session.execute(_page(principal, cursor).limit(limit + 1)).all()
    shown = rows[:limit]
    last = shown[-1] if len(rows) > limit else None
    copies = _copies(session, principal, [row.digest for row in shown], SHOWN)
    items = [
        Group(row.digest, row.byte_size or 0, row.assets, copies.get(row.digest, ()))
        for row in shown
    ]
    return Groups(items, f"{last.waste}.{last.digest}" if last else None)


def group_of(session: Session, principal: Principal, asset_id: uuid.UUID) -> Group:
    """All files with the bytes of this one; of one that has no copy, or is in the trash, itself.

    Raises:
        NotFound: there is no such asset.
    """
    require(principal, Action.SEE)
    asset = session.get(Asset, (principal.workspace_id, asset_id))
    if asset is None:
        raise NotFound(MISSING)
    digest = asset.digest or ""
    found = _copies(session, principal, [digest], MOST_SHOWN).get(digest, ())
    count = session.scalar(
        select(DigestCount.assets).where(
            DigestCount.workspace_id == principal.workspace_id, DigestCount.digest == digest
        )
    )
    return Group(digest, asset.byte_size or 0, max(count or 0, len(found)), found)


def total(session: Session, principal: Principal) -> int:
    """How many groups there are."""
    require(principal, Action.SEE)
    return session.scalar(select(func.count()).where(_twins(principal))) or 0


def _twins(principal: Principal) -> ColumnElement[bool]:
    return (DigestCount.workspace_id == principal.workspace_id) & (DigestCount.assets > 1)


def _page(principal: Principal, cursor: str | None) -> Select[str, int | None, int, int | None]:
    query = (
        select(DigestCount.digest, DigestCount.byte_size, DigestCount.assets, DigestCount.waste)
        .where(_twins(principal))
        .order_by(DigestCount.waste.desc(), DigestCount.digest.desc())
    )
    if not cursor:
        return query
    waste, digest = _read(cursor)
    place = tuple_(cast(waste, BigInteger), digest)
    return query.where(tuple_(DigestCount.waste, DigestCount.digest) < place)


def _read(cursor: str) -> tuple[int, str]:
    waste, dot, digest = cursor.partition(".")
    good = waste.isascii() and waste.isdigit() and digest.isascii() and digest.isalnum()
    if not dot or not good or len(waste) > 19 or int(waste) > _LARGEST or len(digest) > 64:
        message = Message("This cursor belongs to no list. Begin again without it.")
        raise Invalid(message, {"cursor": message})
    return int(waste), digest


def _copies(
    session: Session, principal: Principal, digests: Sequence[str], most: int
) -> dict[str, tuple[Copy, ...]]:
    """The live files of each digest, as many as `most`, in the order of `PROPOSED`."""
    if not digests:
        return {}
    wanted = (
        func.unnest(literal(list(digests), ARRAY(Text))).table_valued("digest").render_derived()
    )
    of_one = (
        select(Asset.id)
        .where(
            Asset.workspace_id == principal.workspace_id,
            Asset.digest == wanted.c.digest,
            Asset.live,
        )
        .order_by(*PROPOSED)
        .limit(most)
        .lateral()
    )
    ids = session.scalars(select(of_one.c.id).select_from(wanted).join(of_one, true())).all()
    found: dict[str, list[Copy]] = defaultdict(list)
    for copy in copies_of(session, principal, ids):
        found[copy.asset.digest or ""].append(copy)
    return {digest: tuple(each) for digest, each in found.items()}


def copies_of(session: Session, principal: Principal, asset_ids: Iterable[uuid.UUID]) -> list[Copy]:
    """These files, as far as they exist, with what sets them apart, in the order of `PROPOSED`."""
    ids = list(asset_ids)
    rows = session.scalars(
        select(Asset)
        .where(Asset.workspace_id == principal.workspace_id, Asset.id.in_(ids))
        .options(joinedload(Asset.creator))
        .order_by(*PROPOSED)
    ).all()
    shown = {card.id: card for card in cards.several(session, principal, ids)}
    paths = folders.paths_of(
        session, principal.workspace_id, {row.folder_id for row in rows if row.folder_id}
    )
    return [
        Copy(row, shown[row.id], paths.get(row.folder_id, "")) for row in rows if row.id in shown
    ]
