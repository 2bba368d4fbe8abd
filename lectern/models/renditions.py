"""What slides and pages say, and what is said and shown in assets, by which they are found."""

import uuid
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql
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
    lines: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'"))


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


class StreamPlan(Tenant, Base):
    """What the workers agree on: rungs, frames and segments of one version; gone when it is done.

    `plan` is `lectern.media.hls.ladder.Plan` as JSON. `made` maps the name of a file that is
    finished (`source`, `a0` …) to where its bytes lie, `lectern.media.hls.index.Index` as JSON.
    """

    __tablename__ = "stream_plan"
    __table_args__ = (
        *tenant_key(),
        UniqueConstraint("workspace_id", "version_id"),
        within("version_id", "version", ondelete="CASCADE"),
    )

    version_id: Mapped[uuid.UUID]
    plan: Mapped[dict[str, Any]]
    made: Mapped[dict[str, Any]]


class StillRequest(Tenant, Base):
    """A frame of a version, or an image that was sent, to become the poster; gone when it has.

    The argument `request` of the task that makes it is its id.
    """

    __tablename__ = "still_request"
    __table_args__ = (
        *tenant_key(),
        within("version_id", "version", ondelete="CASCADE"),
        Index(None, "workspace_id", "version_id"),
        CheckConstraint("(at_s IS NULL) <> (image IS NULL)", name="subject"),
    )

    version_id: Mapped[uuid.UUID]
    # The second of the video at which the frame is shown.
    at_s: Mapped[float | None]
    # As it was sent: only the sandbox opens it. Small, so that it needs no place of its own.
    image: Mapped[bytes | None]
    asked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
