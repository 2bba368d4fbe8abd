"""Near duplicates: files that show or sound mostly the same without being equal.

What is near what is found when a fingerprint is taken (`similar_finding`); here it is only read.
"""

import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, select, union_all
from sqlalchemy.orm import Session, aliased

from lectern.duplicates.differences import Side, differences
from lectern.errors import Message
from lectern.library import versions
from lectern.models import Asset, NearPair, Version
from lectern.people.principal import Principal
from lectern.people.rights import Action, require

MOST_NEAR = 20


@dataclass(frozen=True)
class Near:
    """A file near another one. `share` of all that either has is common, 0 to 1.

    `differences` say in words what is different about this one.
    """

    asset: Asset
    share: float
    differences: list[Message]


@dataclass(frozen=True)
class Pair:
    """Two files near each other; `differences` are about `b`, seen from `a`."""

    a_id: uuid.UUID
    b_id: uuid.UUID
    share: float
    differences: list[Message]


def near(session: Session, principal: Principal, asset: Asset) -> list[Near]:
    """The live files near this one's current version, the nearest first; at most `MOST_NEAR`.

    Files of equal bytes are not among them: those are duplicates.
    """
    require(principal, Action.SEE, asset)
    version = versions.get_current(session, asset)
    if version is None:
        return []
    found = _others(principal.workspace_id, version.blob_id).subquery()
    other = aliased(Version)
    rows = session.execute(
        select(Asset, other.facts, found.c.share, found.c.offset_s)
        .join_from(found, other, _has_blob(other, principal, found.c.blob_id))
        .join(Asset, _shows(Asset, other))
        .where(Asset.id != asset.id)
        .order_by(found.c.share.desc(), Asset.id)
        .limit(MOST_NEAR)
    )
    mine = _side(asset.name, asset.byte_size, version.facts)
    return [
        Near(
            each,
            share,
            differences(mine, _side(each.name, each.byte_size, facts), offset_s),
        )
        for each, facts, share, offset_s in rows
    ]


def pairs(session: Session, principal: Principal, limit: int) -> list[Pair]:
    """The workspace's pairs of live files near each other, the nearest first; at most `limit`."""
    require(principal, Action.SEE)
    one, other = aliased(Version), aliased(Version)
    a, b = aliased(Asset), aliased(Asset)
    rows = session.execute(
        select(
            *(a.id, a.name, a.byte_size, one.facts, b.id, b.name, b.byte_size, other.facts),
            *(NearPair.share, NearPair.offset_s),
        )
        .join_from(NearPair, one, _has_blob(one, principal, NearPair.blob_id))
        .join(a, _shows(a, one))
        .join(other, _has_blob(other, principal, NearPair.other_blob_id))
        .join(b, _shows(b, other))
        .where(NearPair.workspace_id == principal.workspace_id)
        .order_by(NearPair.share.desc(), a.id, b.id)
        .limit(limit)
    )
    found = []
    for a_id, name, byte_size, facts, b_id, *theirs, share, offset_s in rows:
        mine = _side(name, byte_size, facts)
        found.append(Pair(a_id, b_id, share, differences(mine, _side(*theirs), offset_s)))
    return found


def _others(workspace_id: uuid.UUID, blob_id: uuid.UUID) -> Select[uuid.UUID, float, float]:
    """The blobs near this one, with the second of it at which they begin."""
    there = select(
        NearPair.other_blob_id.label("blob_id"), NearPair.share, NearPair.offset_s
    ).where(NearPair.workspace_id == workspace_id, NearPair.blob_id == blob_id)
    back = select(NearPair.blob_id, NearPair.share, -NearPair.offset_s).where(
        NearPair.workspace_id == workspace_id, NearPair.other_blob_id == blob_id
    )
    both = union_all(there, back).subquery()
    return select(both.c.blob_id, both.c.share, both.c.offset_s)


def _has_blob(
    version: type[Version], principal: Principal, blob_id: SQLColumnExpression[uuid.UUID]
) -> ColumnElement[bool]:
    return (version.workspace_id == principal.workspace_id) & (version.blob_id == blob_id)


def _shows(asset: type[Asset], version: type[Version]) -> ColumnElement[bool]:
    """The asset is not in the trash, and that is its current version."""
    current = asset.current_version_id == version.id
    return (asset.workspace_id == version.workspace_id) & current & asset.live


def _side(name: str, byte_size: int | None, facts: dict[str, object]) -> Side:
    return Side(name, byte_size or 0, facts)
