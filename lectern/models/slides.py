"""What slides and pages say, and what is said and shown in assets, by which they are found."""

import uuid
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Computed,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as written
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from lectern.models.base import Base, Tenant, tenant_key, within


class Slide(Tenant, Base):
    """A slide of a video, from when to when it is shown, or a page of a document, without times.

    `lines` are `{"text", "confidence", "box": [left, top, right, bottom]}`, boxes in shares of the
    picture. `number` counts slides from 0, and pages from 1. Its small picture is a rendition.
    """

    __tablename__ = "slide"
    __table_args__ = (
        *tenant_key(),
        UniqueConstraint("workspace_id", "blob_id", "number"),
        within("blob_id", "blob", ondelete="CASCADE"),
        CheckConstraint("(start_s IS NULL) = (end_s IS NULL)", name="times"),
    )

    blob_id: Mapped[uuid.UUID]
    # What read it.
    model: Mapped[str]
    number: Mapped[int]
    start_s: Mapped[float | None]
    end_s: Mapped[float | None]
    text: Mapped[str]
    # The mean of its lines, 0.0 to 1.0; None where nothing had to be guessed.
    confidence: Mapped[float | None]
    lines: Mapped[list[Any]] = mapped_column(server_default=written("'[]'"))


class Said(Base):
    """A sentence (`said`), slide (`shown`) or `page` of an asset's current version.

    Kept by triggers, as `AssetSaid` is: migration 0018. `folded` is as searching compares it.
    """

    __tablename__ = "said"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "asset_id", "kind", "number"),
        within("asset_id", "asset", ondelete="CASCADE"),
        CheckConstraint("kind IN ('said', 'shown', 'page')", name="kind"),
    )

    workspace_id: Mapped[uuid.UUID]
    asset_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    number: Mapped[int]
    start_s: Mapped[float | None]
    end_s: Mapped[float | None]
    text: Mapped[str]
    folded: Mapped[str] = mapped_column(Text(collation="C"), Computed("fold(text)"))


class AssetSaid(Base):
    """All that is said, and all that is shown, in an asset, folded; the first 400,000 letters."""

    __tablename__ = "asset_said"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "asset_id"),
        within("asset_id", "asset", ondelete="CASCADE"),
        Index(
            "asset_said_grams_idx",
            "grams",
            postgresql_using="gin",
            postgresql_with={"gin_pending_list_limit": 256},
        ),
    )

    workspace_id: Mapped[uuid.UUID]
    asset_id: Mapped[uuid.UUID]
    said: Mapped[str] = mapped_column(Text(collation="C"))
    shown: Mapped[str] = mapped_column(Text(collation="C"))
    grams: Mapped[list[int]] = mapped_column(ARRAY(Integer))
