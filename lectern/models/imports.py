"""What came from elsewhere: files of folders, and what each import changed, for its undo."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lectern.models.base import Base, MessageText, Tenant, tenant_key, within


class LegacyFile(Tenant, Base):
    """A file of a folder as it was when it was last read, and what became of it.

    `source` is the folder, `path` the way from there, `said` the digest of its lines in the table.
    """

    __tablename__ = "legacy_file"
    __table_args__ = (
        *tenant_key(),
        UniqueConstraint("workspace_id", "source", "path"),
        CheckConstraint("state IN ('imported', 'refused')", name="state"),
        Index(None, "workspace_id", "asset_id"),
    )

    source: Mapped[str]
    path: Mapped[str]
    byte_size: Mapped[int] = mapped_column(BigInteger)
    # Nanoseconds since 1970, as the file system has it.
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    said: Mapped[str] = mapped_column(server_default="")
    digest: Mapped[str | None]
    # No foreign key: the asset may be purged, and this remembers that it was here.
    asset_id: Mapped[uuid.UUID | None]
    # What the system it comes from calls it.
    old_id: Mapped[str | None]
    state: Mapped[str]
    reason: Mapped[str | None] = mapped_column(MessageText())
    updated_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))


class ImportItem(Base):
    """A row that an import added (`before` is null) or changed; backwards they are its undo.

    `file` is the row's file in an export, `before` and `after` hold the fields that differ.
    """

    __tablename__ = "import_item"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "batch_id", "position"),
        within("batch_id", "batch", ondelete="CASCADE"),
        CheckConstraint("state IN ('done', 'undone', 'kept')", name="state"),
    )

    workspace_id: Mapped[uuid.UUID]
    batch_id: Mapped[uuid.UUID]
    position: Mapped[int]
    file: Mapped[str]
    object_id: Mapped[uuid.UUID]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    state: Mapped[str] = mapped_column(server_default="done")
    # Why an undo kept it as it is.
    reason: Mapped[str | None] = mapped_column(MessageText())


class ExchangeFile(Base):
    """The archive of an export or import by a browser or program, until `expires_at`.

    `report` is what an import would change, as it was shown.
    """

    __tablename__ = "exchange_file"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "batch_id"),
        within("batch_id", "batch", ondelete="CASCADE"),
        Index(None, "expires_at"),
    )

    workspace_id: Mapped[uuid.UUID]
    batch_id: Mapped[uuid.UUID]
    name: Mapped[str]
    byte_size: Mapped[int] = mapped_column(BigInteger, server_default="0")
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    expires_at: Mapped[datetime]
