"""Assets and what they are made of."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lectern.models.base import Base, Tenant, tenant_key, within
from lectern.models.people import User


class Kind(StrEnum):
    """What a file is, decided by its content, never by its name."""

    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"
    DOCUMENT = "document"


class AssetState(StrEnum):
    """`ready`: probe, poster and something a browser plays or shows exist."""

    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class Folder(Tenant, Base):
    """A place for assets; an asset is in one folder or in none."""

    __tablename__ = "folder"
    __table_args__ = (
        *tenant_key(),
        within("parent_id", "folder"),
        UniqueConstraint("workspace_id", "parent_id", "name", postgresql_nulls_not_distinct=True),
        Index(None, "workspace_id", "code"),
    )

    parent_id: Mapped[uuid.UUID | None]
    name: Mapped[str]
    # As searches compare it, and what lists call it: see `Listing`.
    folded: Mapped[str] = mapped_column(Text(collation="C"), Computed("fold(name)"))
    code: Mapped[int] = mapped_column(BigInteger, Computed("facet_code(3, id)"))


class Tag(Tenant, Base):
    """A word on assets. `key` is the case-folded name: two spellings are one tag."""

    __tablename__ = "tag"
    __table_args__ = (
        *tenant_key(),
        UniqueConstraint("workspace_id", "key"),
        Index(None, "workspace_id", "code"),
    )

    name: Mapped[str]
    key: Mapped[str]
    folded: Mapped[str] = mapped_column(Text(collation="C"), Computed("fold(name)"))
    code: Mapped[int] = mapped_column(BigInteger, Computed("facet_code(1, id)"))


class AssetTag(Base):
    """A tag on an asset, with the asset's date beside it: newest-of-a-tag is one index walk.

    Its foreign keys are not enforced by the row but by the statement: triggers of `list_tagged` and
    `untag_removed` hold them. ADR 21.
    """

    __tablename__ = "asset_tag"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "asset_id", "tag_id"),
        within("asset_id", "asset", ondelete="CASCADE"),
        within("tag_id", "tag", ondelete="CASCADE"),
        Index(None, "workspace_id", "tag_id", text("asset_created_at DESC"), text("asset_id DESC")),
    )

    workspace_id: Mapped[uuid.UUID]
    asset_id: Mapped[uuid.UUID]
    tag_id: Mapped[uuid.UUID]
    asset_created_at: Mapped[datetime]


class Blob(Tenant, Base):
    """Stored bytes, keyed by digest, shared by the versions and renditions of one workspace."""

    __tablename__ = "blob"
    __table_args__ = (
        *tenant_key(),
        CheckConstraint("state IN ('live', 'condemned', 'deleting', 'awaited')", name="state"),
        CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
        # One usable copy of equal bytes; a blob on its way out does not bar a new one.
        Index(
            "blob_digest_key",
            "workspace_id",
            "digest",
            unique=True,
            postgresql_where=text("state IN ('live', 'condemned')"),
        ),
        # An import knows of bytes that are not here yet.
        Index(
            "blob_awaited_key",
            "workspace_id",
            "digest",
            unique=True,
            postgresql_where=text("state = 'awaited'"),
        ),
        Index("blob_key_key", "key", unique=True),
        CheckConstraint("crc32 BETWEEN 0 AND 4294967295", name="crc32"),
        Index("blob_crc32_idx", "id", postgresql_where=text("crc32 IS NULL AND state = 'live'")),
    )

    digest: Mapped[str]
    # As ZIP has it; NULL for bytes stored before it was computed, until they are read whole.
    crc32: Mapped[int | None] = mapped_column(BigInteger)
    byte_size: Mapped[int] = mapped_column(BigInteger)
    mime: Mapped[str]
    key: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="live")
    claimed_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    condemned_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]


class Asset(Tenant, Base):
    """What an instructor manages. Its id never changes; its bytes are its current version's."""

    __tablename__ = "asset"
    __table_args__ = (
        *tenant_key(),
        # Live usages reference (asset, live): the database itself refuses to trash a used file.
        UniqueConstraint("workspace_id", "id", "live"),
        within("folder_id", "folder"),
        within("current_version_id", "version", use_alter=True, deferrable=True),
        CheckConstraint("kind IN ('video', 'audio', 'image', 'document')", name="kind"),
        CheckConstraint("access IN ('course', 'unlisted', 'public')", name="access"),
        CheckConstraint("state IN ('processing', 'ready', 'failed')", name="state"),
        CheckConstraint("live = (trashed_at IS NULL)", name="live"),
        Index("asset_digest_idx", "workspace_id", "digest"),
    )

    name: Mapped[str]
    original_name: Mapped[str]
    kind: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str | None]
    licence: Mapped[str | None]
    custom: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    folder_id: Mapped[uuid.UUID | None]
    access: Mapped[str] = mapped_column(server_default="course")
    state: Mapped[str] = mapped_column(server_default="processing")
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    # Counts every change a person can see; the ETag, and the key of the rendered card.
    lock_version: Mapped[int] = mapped_column(server_default="1")

    current_version_id: Mapped[uuid.UUID | None]
    # The current version's facts, repeated here so that a page of cards is one index walk.
    version_number: Mapped[int] = mapped_column(server_default="0")
    version_count: Mapped[int] = mapped_column(server_default="0")
    digest: Mapped[str | None]
    byte_size: Mapped[int | None] = mapped_column(BigInteger)
    mime: Mapped[str | None]
    duration_s: Mapped[float | None]
    width: Mapped[int | None]
    height: Mapped[int | None]

    # What a card shows first; `poster_chosen_by` set means a person chose, for ever.
    poster_blob_id: Mapped[uuid.UUID | None]
    poster_chosen_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))

    # Kept by a trigger on `usage`.
    usage_count: Mapped[int] = mapped_column(server_default="0")
    last_used_at: Mapped[datetime | None]

    live: Mapped[bool] = mapped_column(server_default=text("true"))
    trashed_at: Mapped[datetime | None]
    trashed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    trash_reason: Mapped[str | None]
    purge_after: Mapped[datetime | None]

    tags: Mapped[list[Tag]] = relationship(
        secondary="asset_tag",
        primaryjoin=(
            "and_(Asset.workspace_id == AssetTag.workspace_id, Asset.id == AssetTag.asset_id)"
        ),
        secondaryjoin="and_(Tag.workspace_id == AssetTag.workspace_id, Tag.id == AssetTag.tag_id)",
        order_by="Tag.key",
        viewonly=True,
    )
    folder: Mapped[Folder | None] = relationship(viewonly=True)
    creator: Mapped[User | None] = relationship(foreign_keys=[created_by], viewonly=True)

    @property
    def usage(self) -> str:
        """`used` by a lesson now, `formerly` used, or `never`."""
        if self.usage_count:
            return "used"
        return "formerly" if self.last_used_at else "never"


class Version(Tenant, Base):
    """One immutable state of an asset, numbered from 1 without gaps."""

    __tablename__ = "version"
    __table_args__ = (
        *tenant_key(),
        UniqueConstraint("workspace_id", "asset_id", "number"),
        within("asset_id", "asset"),
        within("blob_id", "blob"),
        CheckConstraint(
            "origin IN ('upload', 'replacement', 'rollback', 'import', 'batch', 'remix', 'live')",
            name="origin",
        ),
        Index(None, "workspace_id", "blob_id"),
    )

    asset_id: Mapped[uuid.UUID]
    number: Mapped[int]
    blob_id: Mapped[uuid.UUID]
    origin: Mapped[str]
    original_name: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")
    # What the probe found: see `lectern.media.facts.Facts`.
    facts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))

    blob: Mapped[Blob] = relationship(viewonly=True)
    creator: Mapped[User | None] = relationship(viewonly=True)


class Rendition(Tenant, Base):
    """Bytes derived from one blob by one spec; equal content is processed once."""

    __tablename__ = "rendition"
    __table_args__ = (
        *tenant_key(),
        UniqueConstraint("workspace_id", "source_blob_id", "spec"),
        within("source_blob_id", "blob"),
        within("blob_id", "blob"),
        Index(None, "workspace_id", "blob_id"),
    )

    source_blob_id: Mapped[uuid.UUID]
    # `playable`, `poster`, and `poster.1` … `poster.5` for its candidates.
    spec: Mapped[str]
    blob_id: Mapped[uuid.UUID]
    facts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))

    blob: Mapped[Blob] = relationship(
        foreign_keys="[Rendition.workspace_id, Rendition.blob_id]", viewonly=True
    )


class FieldType(StrEnum):
    """What fits into a field; `lectern.taxonomy.custom_fields` says how each is written."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    YES_NO = "yes-no"
    CHOICE = "choice"
    LINK = "link"


class CustomField(Tenant, Base):
    """A typed field of a workspace; its values, in `Asset.custom` under `key`, outlive it."""

    __tablename__ = "custom_field"
    __table_args__ = (
        *tenant_key(),
        UniqueConstraint("workspace_id", "key"),
        CheckConstraint(
            "type IN ('text', 'number', 'date', 'yes-no', 'choice', 'link')", name="type"
        ),
    )

    key: Mapped[str]
    label: Mapped[str]
    type: Mapped[str]
    # What a choice may be, in the order shown; empty for the other types.
    options: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    help: Mapped[str] = mapped_column(server_default="")
    position: Mapped[int]
