"""Purging: removing what lies in the trash for good, by an owner or when its time has come.

The rows go at once, the bytes when nothing names them any more (`garbage`). A tombstone keeps
the id from ever being used again; where the asset was used stays as history.
"""

import hashlib
import uuid

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lectern.errors import Message, NotFound
from lectern.library import versions
from lectern.models import Asset, Task, Tombstone, Version
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require

MISSING = Message("There is no such file in the trash.")


def purge(session: Session, principal: Principal, asset_id: uuid.UUID) -> None:
    """Remove an asset that lies in the trash, with all its versions.

    Raises:
        NotFound: no such asset lies in the trash of this workspace.
    """
    require(principal, Action.PURGE)
    asset = _locked(session, principal.workspace_id, asset_id)
    require(principal, Action.PURGE, asset)
    number, size = versions.held(session, asset)
    details = {"name": asset.name, "versions": number, "bytes": size}
    _remove(session, principal, asset)
    audit.record(session, principal, "asset.purge", "asset", asset_id, details)


def due(session: Session, limit: int = 100) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Workspace and id of assets whose time in the trash is over, longest over first."""
    rows = session.execute(
        select(Asset.workspace_id, Asset.id)
        .where(~Asset.live, Asset.purge_after < func.clock_timestamp())
        .order_by(Asset.purge_after)
        .limit(limit)
    )
    return [(workspace_id, asset_id) for workspace_id, asset_id in rows]


def purge_due(session: Session, workspace_id: uuid.UUID, asset_id: uuid.UUID) -> bool:
    """Purge the asset if its time in the trash is over; False when somebody was faster."""
    still = select(Asset.id).where(
        Asset.workspace_id == workspace_id,
        Asset.id == asset_id,
        ~Asset.live,
        Asset.purge_after < func.clock_timestamp(),
    )
    if session.scalar(still.with_for_update()) is None:
        return False
    purge(session, Principal.system(workspace_id), asset_id)
    return True


def _locked(session: Session, workspace_id: uuid.UUID, asset_id: uuid.UUID) -> Asset:
    # A worker that ends a task locks it before the asset: in the same order nobody waits in a ring.
    session.execute(
        select(Task.id)
        .where(Task.workspace_id == workspace_id, Task.asset_id == asset_id)
        .order_by(Task.id)
        .with_for_update()
    )
    asset = session.scalar(
        select(Asset)
        .where(Asset.workspace_id == workspace_id, Asset.id == asset_id, ~Asset.live)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if asset is None:
        raise NotFound(MISSING)
    return asset


def _remove(session: Session, principal: Principal, asset: Asset) -> None:
    """Take the rows away. A worker that is at a step of it finds its task gone and gives up."""
    session.add(
        Tombstone(
            workspace_id=asset.workspace_id,
            id=asset.id,
            kind=asset.kind,
            name_digest=hashlib.sha256(asset.name.encode()).hexdigest(),
            purged_by=principal.user_id,
        )
    )
    # The two name each other.
    asset.current_version_id = None
    session.flush()
    key = {"workspace_id": asset.workspace_id, "asset_id": asset.id}
    session.execute(delete(Task).filter_by(**key))
    session.execute(delete(Version).filter_by(**key))
    session.execute(delete(Asset).filter_by(workspace_id=asset.workspace_id, id=asset.id))
    session.expunge(asset)
