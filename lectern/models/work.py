"""Uploads on their way in, the tasks that process them, and the record of what was done."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lectern.models.base import Base, MessageText, Tenant, tenant_key, within
from lectern.models.library import Asset


class UploadState(StrEnum):
    """`receiving` bytes, `checking` them, or one of the ends."""

    RECEIVING = "receiving"
    CHECKING = "checking"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    EXPIRED = "expired"


class TaskState(StrEnum):
    """`waiting` for something named in `reason`; `queued` to be taken; the last four are ends."""

    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class Upload(Tenant, Base):
    """A resumable upload. `received` is the truth about acknowledged bytes, not the spool file."""

    __tablename__ = "upload"
    __table_args__ = (
        *tenant_key(),
        CheckConstraint(
            "state IN ('receiving', 'checking', 'done', 'refused', 'failed', 'expired')",
            name="state",
        ),
        CheckConstraint("received BETWEEN 0 AND byte_size", name="received"),
        CheckConstraint("on_duplicate IN ('reuse', 'keep', 'refuse')", name="on_duplicate"),
        Index(None, "workspace_id", "created_by", "created_at"),
        Index("upload_expiring_idx", "expires_at", postgresql_where=text("state = 'receiving'")),
    )

    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    # As the browser named it, made safe to show; it is never a path.
    filename: Mapped[str]
    filetype: Mapped[str] = mapped_column(server_default="")
    byte_size: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # The digest the sender announced, and the one the server computed.
    announced_digest: Mapped[str | None]
    digest: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="receiving")
    reason: Mapped[str | None] = mapped_column(MessageText())
    on_duplicate: Mapped[str] = mapped_column(server_default="reuse")
    replaces: Mapped[uuid.UUID | None]
    folder: Mapped[str] = mapped_column(server_default="")
    tags: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    # Who writes now; a newcomer overwrites it and the former writer gives up.
    writer: Mapped[uuid.UUID | None]
    asset_id: Mapped[uuid.UUID | None]
    duplicate_of: Mapped[uuid.UUID | None]
    expires_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))


class Task(Tenant, Base):
    """One pipeline step of one subject. Redis only wakes workers; this row is the job.

    `step` names a member of `lectern.pipeline.registry.Step`, unchecked here: a new step is code,
    and needs no migration.
    """

    __tablename__ = "task"
    __table_args__ = (
        *tenant_key(),
        CheckConstraint(
            "state IN ('waiting', 'queued', 'running', 'done', 'failed', 'skipped', 'cancelled')",
            name="state",
        ),
        CheckConstraint("num_nonnulls(upload_id, version_id, batch_id) = 1", name="subject"),
        CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name="lease"),
        CheckConstraint("awaits IS NULL OR state = 'waiting'", name="awaits"),
        UniqueConstraint("workspace_id", "upload_id", "step"),
        UniqueConstraint("workspace_id", "version_id", "step", "args"),
        CheckConstraint("jsonb_typeof(args) = 'object'", name="args"),
        UniqueConstraint("workspace_id", "batch_id", "step"),
        within("upload_id", "upload", ondelete="CASCADE"),
        within("version_id", "version"),
        within("batch_id", "batch", ondelete="CASCADE"),
        within("asset_id", "asset"),
        Index("task_due_idx", "queue", "run_at", postgresql_where=text("state = 'queued'")),
        Index("task_leased_idx", "lease_until", postgresql_where=text("state = 'running'")),
        Index(None, "workspace_id", "asset_id"),
    )

    upload_id: Mapped[uuid.UUID | None]
    version_id: Mapped[uuid.UUID | None]
    batch_id: Mapped[uuid.UUID | None]
    # The version's asset, repeated so that a card's tasks are one lookup.
    asset_id: Mapped[uuid.UUID | None]
    step: Mapped[str]
    # What the step is told beside its subject, such as the segment to encode: small, and never
    # changed. A version has a step once with the same arguments.
    args: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    queue: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="queued")
    # What a waiting task waits for: the name of a step, or a thing such as `model`.
    awaits: Mapped[str | None]
    # 0.0 to 1.0
    progress: Mapped[float] = mapped_column(server_default="0")
    # Failures that count against the retry budget.
    attempts: Mapped[int] = mapped_column(server_default="0")
    # Workers that vanished over it, in a row; the third time the input is to blame.
    deaths: Mapped[int] = mapped_column(server_default="0")
    # Rises with each claim; a result carries it, so a worker that lost its lease cannot commit.
    fence: Mapped[int] = mapped_column(server_default="0")
    lease_until: Mapped[datetime | None]
    run_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    worker: Mapped[str | None]
    reason: Mapped[str | None] = mapped_column(MessageText())
    # What the last failed attempt left for whoever runs the server.
    log: Mapped[str | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class AuditEntry(Base):
    """One thing that was done, chained to the one before; see `lectern.people.audit`.

    Its foreign key is not enforced by the row: the lock of the chain and `keep_audited` hold it.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "seq"),
        Index(None, "workspace_id", "object_id", "seq"),
    )

    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workspace.id"))
    seq: Mapped[int] = mapped_column(BigInteger, autoincrement=False)
    at: Mapped[datetime]
    actor_id: Mapped[uuid.UUID | None]
    action: Mapped[str]
    object_type: Mapped[str]
    object_id: Mapped[uuid.UUID | None]
    details: Mapped[dict[str, Any]]
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class IdempotentReply(Base):
    """What a creating POST answered to one key, so that repeating it creates nothing twice."""

    __tablename__ = "idempotent_reply"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "user_id", "key"),
        Index(None, "created_at"),
    )

    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workspace.id"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    key: Mapped[str]
    request_digest: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None]
    headers: Mapped[dict[str, str]] = mapped_column(server_default=text("'{}'"))
    body: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))


class Notice(Tenant, Base):
    """What one person should know: a file of theirs is through all its steps, or a step failed.

    `details` has `step` and `reason` of what failed.
    """

    __tablename__ = "notice"
    __table_args__ = (
        *tenant_key(),
        CheckConstraint("kind IN ('done', 'failed')", name="kind"),
        within("asset_id", "asset", ondelete="CASCADE"),
        Index(None, "workspace_id", "user_id", "created_at"),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    kind: Mapped[str]
    asset_id: Mapped[uuid.UUID | None]
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    read_at: Mapped[datetime | None]

    asset: Mapped[Asset | None] = relationship(viewonly=True)
