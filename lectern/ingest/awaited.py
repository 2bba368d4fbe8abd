"""Bytes that were awaited: an import knew of them, and now they are here."""

import uuid

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lectern.errors import Message
from lectern.library import assets
from lectern.models import Blob, Version
from lectern.pipeline import tasks

AWAITED = "awaited"
NOT_HERE = Message("The content of this file has not been uploaded yet.")


def arrive(session: Session, workspace_id: uuid.UUID, real: Blob) -> list[uuid.UUID]:
    """Give versions that awaited this content the blob that has it, and have them made ready.

    Returns their assets. The caller has claimed the blob in this transaction.
    """
    awaited = session.scalar(
        select(Blob)
        .where(
            Blob.workspace_id == workspace_id,
            Blob.digest == real.digest,
            Blob.state == AWAITED,
        )
        .with_for_update()
    )
    if awaited is None:
        return []
    moved = session.scalars(
        update(Version)
        .where(Version.workspace_id == workspace_id, Version.blob_id == awaited.id)
        .values(blob_id=real.id)
        .returning(Version)
        .execution_options(populate_existing=True)
    ).all()
    session.delete(awaited)
    session.flush()
    for version in moved:
        tasks.begin(session, version)
    found = sorted({version.asset_id for version in moved})
    for asset_id in found:
        assets.settle(session, workspace_id, asset_id)
    return found
