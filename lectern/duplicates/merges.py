"""Merges that were done, found by their id or by a file that went into another."""

import uuid
from collections.abc import Collection

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, selectinload

from lectern.errors import Message, NotFound
from lectern.models import Asset, Merge, MergedAsset
from lectern.people.principal import Principal
from lectern.people.rights import Action, require

MISSING = Message("Merge not found.")
# Restored by hand and thrown away again, it is there for another reason.
_THERE = and_(
    Asset.workspace_id == MergedAsset.workspace_id,
    Asset.id == MergedAsset.asset_id,
    Asset.trashed_at == MergedAsset.trashed_at,
)


def get(session: Session, principal: Principal, merge_id: uuid.UUID) -> Merge:
    """A merge with the files that went.

    Raises:
        NotFound: there is none with this id in this workspace.
    """
    require(principal, Action.SEE)
    merge = session.scalar(
        select(Merge)
        .where(Merge.workspace_id == principal.workspace_id, Merge.id == merge_id)
        .options(selectinload(Merge.merged), selectinload(Merge.creator))
    )
    if merge is None:
        raise NotFound(MISSING)
    return merge


def into(session: Session, principal: Principal, asset_id: uuid.UUID) -> Merge | None:
    """The merge because of which a file lies in the trash, if it does."""
    require(principal, Action.SEE)
    return session.scalar(
        select(Merge)
        .join(Merge.merged)
        .join(Asset, _THERE)
        .where(MergedAsset.workspace_id == principal.workspace_id, MergedAsset.asset_id == asset_id)
        .order_by(Merge.id.desc())
        .limit(1)
    )


def kept_of(
    session: Session, workspace_id: uuid.UUID, asset_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, uuid.UUID]:
    """Into which file each of these went that lies in the trash for that; asks no right."""
    if not asset_ids:
        return {}
    rows = session.execute(
        select(MergedAsset.asset_id, Merge.kept_id)
        .join(MergedAsset.merge)
        .join(Asset, _THERE)
        .where(MergedAsset.workspace_id == workspace_id, MergedAsset.asset_id.in_(asset_ids))
        .order_by(Merge.id)
    )
    return {asset_id: kept_id for asset_id, kept_id in rows}
