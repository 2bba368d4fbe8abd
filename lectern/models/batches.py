"""What somebody has selected, and changes to many assets at once."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from lectern.models.base import Base, MessageText, Tenant, tenant_key, within


class BatchState(StrEnum):
    """`queued` until a worker takes it; `failed` keeps what was done until then."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


class ItemState(StrEnum):
    """`same`: there was nothing to change. `kept`: the undo left it, for the reason given."""

    PENDING = "pending"
    DONE = "done"
    SAME = "same"
    REFUSED = "refused"
    UNDONE = "undone"
    KEPT = "kept"


class Selection(Tenant, Base):
    """What one user has selected in one context, kept over pages, filters and reloads.

    With a `query` it is all that matches without `removed` and with `added`; else only `added`.
    """

    __tablename__ = "selection"
    __table_args__ = (
        *tenant_key(),
        UniqueConstraint("workspace_id", "user_id", "context"),
        CheckConstraint("context IN ('library', 'trash', 'picker')", name="context"),
        Index(None, "updated_at"),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    context: Mapped[str]
    # As `lectern.search.write` has it.
    query: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    added: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    removed: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))


class Batch(Tenant, Base):
    """One change to many assets, and its undo. `args` are checked and complete."""

    __tablename__ = "batch"
    __table_args__ = (
        *tenant_key(),
        CheckConstraint(
            "state IN ('queued', 'running', 'done', 'undoing', 'undone', 'failed')", name="state"
        ),
        Index(None, "workspace_id", "created_at"),
        Index(
            "batch_finished_idx",
            "finished_at",
            postgresql_where=text("finished_at IS NOT NULL AND undoable"),
        ),
    )

    action: Mapped[str]
    args: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(server_default="queued")
    # Items by what became of them; `done` falls again while an undo runs.
    total: Mapped[int] = mapped_column(server_default="0")
    # The first position that is not done, or not undone, yet: items need no index on their state.
    at: Mapped[int] = mapped_column(server_default="0")
    done: Mapped[int] = mapped_column(server_default="0")
    same: Mapped[int] = mapped_column(server_default="0")
    refused: Mapped[int] = mapped_column(server_default="0")
    undone: Mapped[int] = mapped_column(server_default="0")
    kept: Mapped[int] = mapped_column(server_default="0")
    # Why it failed, in words.
    reason: Mapped[str | None] = mapped_column(MessageText())
    # Whose rights count: those of whoever asked last, at most what that token may do.
    asked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    scopes: Mapped[list[str] | None] = mapped_column(ARRAY(TEXT))
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    undone_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    # False once its items were forgotten.
    undoable: Mapped[bool] = mapped_column(server_default=text("true"))
    finished_at: Mapped[datetime | None]


class BatchItem(Base):
    """One asset of a batch; `before` is what an undo needs. It may outlive its asset."""

    __tablename__ = "batch_item"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "batch_id", "position"),
        within("batch_id", "batch", ondelete="CASCADE"),
        CheckConstraint(
            "state IN ('pending', 'done', 'same', 'refused', 'undone', 'kept')", name="state"
        ),
    )

    workspace_id: Mapped[uuid.UUID]
    batch_id: Mapped[uuid.UUID]
    # From 0, in the order in which the assets were listed.
    position: Mapped[int]
    asset_id: Mapped[uuid.UUID]
    state: Mapped[str] = mapped_column(server_default="pending")
    reason: Mapped[str | None] = mapped_column(MessageText())
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class SavedSearch(Tenant, Base):
    """A filter of the library under a name; shown beside the folders, to all when `shared`.

    `query` is what `lectern.search.write` made of the filter; what was written long ago
    may be understood no more. `position` counts from 0 in what its maker keeps.
    """

    __tablename__ = "saved_search"
    __table_args__ = (
        *tenant_key(),
        UniqueConstraint("workspace_id", "created_by", "name"),
        Index("saved_search_shared_idx", "workspace_id", postgresql_where=text("shared")),
    )

    name: Mapped[str]
    query: Mapped[dict[str, Any]]
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    shared: Mapped[bool] = mapped_column(server_default=text("false"))
    position: Mapped[int]
