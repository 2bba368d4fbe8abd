"""Replacements that take effect at a time of their own, and the storage as it was last counted."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lectern.models.base import Base, MessageText, Tenant, tenant_key, within
from lectern.models.library import Version
from lectern.models.people import User


class SwitchState(StrEnum):
    """`waiting` for its time and its version; then one of the ends.

    `overtaken`: something that was meant for a later time is shown already.
    """

    WAITING = "waiting"
    DONE = "done"
    CANCELLED = "cancelled"
    OVERTAKEN = "overtaken"


class ScheduledSwitch(Tenant, Base):
    """When a version becomes its asset's current one: at `local` on the clocks of `zone`, or `at`.

    It is made with the upload, whose version is not there yet. A version that has one becomes
    current by it alone, never by being the newest. `reason` says why it was late, or ended.
    """

    __tablename__ = "scheduled_switch"
    __table_args__ = (
        *tenant_key(),
        within("asset_id", "asset", ondelete="CASCADE"),
        within("version_id", "version", ondelete="CASCADE"),
        within("upload_id", "upload", ondelete="CASCADE"),
        UniqueConstraint("workspace_id", "version_id"),
        UniqueConstraint("workspace_id", "upload_id"),
        CheckConstraint("state IN ('waiting', 'done', 'cancelled', 'overtaken')", name="state"),
        CheckConstraint("num_nonnulls(version_id, upload_id) > 0", name="subject"),
        Index(None, "workspace_id", "asset_id"),
        Index("scheduled_switch_due_idx", "at", postgresql_where=text("state = 'waiting'")),
    )

    asset_id: Mapped[uuid.UUID]
    version_id: Mapped[uuid.UUID | None]
    upload_id: Mapped[uuid.UUID | None]
    at: Mapped[datetime]
    # `2026-12-01T08:00`, as the person wrote it.
    local: Mapped[str]
    zone: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    reason: Mapped[str | None] = mapped_column(MessageText())
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None]

    creator: Mapped[User | None] = relationship(viewonly=True)
    version: Mapped[Version] = relationship(viewonly=True)


class StorageCount(Base):
    """What the storage of a workspace held at `counted_at`, and how long counting took."""

    __tablename__ = "storage_count"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id"),
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"]),
    )

    workspace_id: Mapped[uuid.UUID]
    counted_at: Mapped[datetime]
    took_ms: Mapped[int]
    # See `lectern.integrity.storage_totals.Totals`.
    totals: Mapped[dict[str, Any]]
