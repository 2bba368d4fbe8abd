"""Garbage collection: blobs that nothing names are marked, and deleted when a grace is over.

Two phases, days apart, each looking again after it holds the locks
(docs/reliability.md#storage): whoever begins to use a blob claims it in the same transaction, so of
a claim and a collection one waits for the other and sees what it did. Keys are never used twice.
"""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.integrity import fsck
from lectern.models import BLOB_REF, Blob, Collection, Rendition, Workspace

# docs/reliability.md#constants
MARKING_MIN_AGE = timedelta(hours=24)
BACKUP_WINDOW = timedelta(days=14)
PURGE_GRACE = BACKUP_WINDOW + timedelta(hours=24)
EVERY = timedelta(hours=24)
AT_ONCE = 500
# More than this in one round looks like an error, and waits for an operator's word.
MOST_BLOBS = 1_000
MOST_SHARE = 0.05
# In a small library one lecture is more than that share.
ALWAYS_BYTES = 10 * 10**9


class DeletableBlob(NamedTuple):
    """A blob whose bytes may go: nothing names it, and nothing can begin to."""

    id: uuid.UUID
    key: str
    byte_size: int


def due(session: Session) -> Sequence[uuid.UUID]:
    """The workspaces that were not collected for a day."""
    recent = select(Collection.id).where(
        Collection.workspace_id == Workspace.id,
        Collection.created_at > func.clock_timestamp() - EVERY,
        # From before the clock went back: `refusal` has to see it.
        Collection.created_at <= func.clock_timestamp(),
    )
    return session.scalars(
        select(Workspace.id).where(~recent.exists()).order_by(Workspace.id)
    ).all()


def refusal(session: Session, workspace_id: uuid.UUID) -> str | None:
    """Why nothing may be deleted now, in a sentence; None when it may."""
    ahead = scoped(Collection, workspace_id, Collection.id).where(
        Collection.created_at > func.clock_timestamp()
    )
    if session.scalar(select(ahead.exists())):
        return "The database's clock went back, so ages cannot be trusted."
    finding = next(fsck.rows(session), None)
    if finding is not None:
        return f"fsck has findings, such as: {finding.sentence}"
    return None


def excess(session: Session, workspace_id: uuid.UUID) -> str | None:
    """Why the round would be too large to go without an operator's word; None when it is not."""
    mine = Blob.workspace_id == workspace_id
    total = func.coalesce(func.sum(Blob.byte_size), 0)
    number, size = session.execute(select(func.count(), total).where(mine, _ripe())).one()
    # PostgreSQL adds up big integers to a decimal.
    size, stored = int(size), int(session.execute(select(total).where(mine)).scalar_one())
    if number > MOST_BLOBS:
        return f"{number} blobs would be deleted at once, and more than {MOST_BLOBS} need your yes."
    if size > ALWAYS_BYTES and size > stored * MOST_SHARE:
        return f"{size / stored:.0%} of all bytes would be deleted at once, which needs your yes."
    return None


def mark_for_deletion(session: Session, workspace_id: uuid.UUID) -> int:
    """Mark the blobs that nothing names, and drop the renditions made of them; returns how many.

    Whatever was claimed in the last day is left alone: its reference may not be visible yet.
    """
    condemned = 0
    while True:
        old = Blob.claimed_at < func.clock_timestamp() - MARKING_MIN_AGE
        held = _lock(session, workspace_id, (Blob.state == "live") & old)
        if not held:
            return condemned
        # A statement of its own: while the first one waited, somebody may have named a blob.
        marked = session.scalars(
            update(Blob)
            .where(Blob.workspace_id == workspace_id, Blob.id.in_(held), _unnamed())
            .values(state="condemned", condemned_at=func.clock_timestamp())
            .returning(Blob.id)
            .execution_options(synchronize_session=False)
        ).all()
        if not marked:
            return condemned
        condemned += len(marked)
        # What was made of them is named by nothing else: the next turn finds it.
        session.execute(
            delete(Rendition)
            .where(Rendition.workspace_id == workspace_id, Rendition.source_blob_id.in_(marked))
            .execution_options(synchronize_session=False)
        )


def begin_deletion(session: Session, workspace_id: uuid.UUID) -> list[DeletableBlob]:
    """Give up blobs whose grace is over, at most AT_ONCE; nothing can claim them from here on.

    After the commit the caller deletes their bytes, then calls `forget` for each.
    """
    held = _lock(session, workspace_id, _ripe())
    # Again a statement of its own, for the same reason.
    rows = session.execute(
        update(Blob)
        .where(
            Blob.workspace_id == workspace_id,
            Blob.id.in_(held),
            Blob.state == "condemned",
            _unnamed(),
            ~exists().where(
                Rendition.workspace_id == Blob.workspace_id, Rendition.source_blob_id == Blob.id
            ),
        )
        .values(state="deleting")
        .returning(Blob.id, Blob.key, Blob.byte_size)
        .execution_options(synchronize_session=False)
    )
    return [DeletableBlob(*row) for row in rows]


def unfinished(session: Session, workspace_id: uuid.UUID) -> list[DeletableBlob]:
    """Blobs that were given up, and whose bytes may still be there after a crash."""
    rows = session.execute(
        scoped(Blob, workspace_id, Blob.id, Blob.key, Blob.byte_size)
        .where(Blob.state == "deleting")
        .order_by(Blob.id)
    )
    return [DeletableBlob(*row) for row in rows]


def forget(session: Session, workspace_id: uuid.UUID, blob_id: uuid.UUID) -> None:
    """Drop the row of a blob whose bytes are deleted."""
    session.execute(
        delete(Blob)
        .where(Blob.workspace_id == workspace_id, Blob.id == blob_id, Blob.state == "deleting")
        .execution_options(synchronize_session=False)
    )


def note(
    session: Session,
    workspace_id: uuid.UUID,
    *,
    condemned: int,
    deleted: Sequence[DeletableBlob],
    stopped: str | None,
) -> Collection:
    """Write down what a round did."""
    row = Collection(
        workspace_id=workspace_id,
        condemned=condemned,
        deleted=len(deleted),
        freed=sum(each.byte_size for each in deleted),
        stopped=stopped,
    )
    session.add(row)
    session.flush()
    return row


def _lock(
    session: Session, workspace_id: uuid.UUID, which: ColumnElement[bool]
) -> Sequence[uuid.UUID]:
    """Hold unnamed blobs in the order of their ids; what somebody else holds is for another day."""
    return session.scalars(
        scoped(Blob, workspace_id, Blob.id)
        .where(which, _unnamed())
        .order_by(Blob.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()


def _unnamed() -> ColumnElement[bool]:
    return ~exists().where(
        BLOB_REF.c.workspace_id == Blob.workspace_id, BLOB_REF.c.blob_id == Blob.id
    )


def _ripe() -> ColumnElement[bool]:
    return (Blob.state == "condemned") & (Blob.condemned_at < func.clock_timestamp() - PURGE_GRACE)
