"""Duplicates that were merged, and files that people called different."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lectern.models.base import Base, Tenant, tenant_key, within
from lectern.models.people import User


class Merge(Tenant, Base):
    """Several files of equal bytes that became one, `kept_id`; by whom and, as `created_at`, when.

    `done` is what the kept file got: `{"tags": […], "fields": {name: {"before", "after"}},
    "custom": {key: value}, "notes": [{"version", "after"}], "last_used_at": {"before", "after"},
    "captions": [{"track", "language", "seen"}]}`.
    `stayed` is what an undo found changed and left: `[{"what", "reason"}]`. No foreign keys to
    assets: they may be purged, this stays.
    """

    __tablename__ = "merge"
    __table_args__ = (*tenant_key(), Index(None, "workspace_id", "kept_id"))

    kept_id: Mapped[uuid.UUID]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    done: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    stayed: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))

    merged: Mapped[list["MergedAsset"]] = relationship(
        order_by="MergedAsset.id", viewonly=True, back_populates="merge"
    )
    creator: Mapped[User | None] = relationship(foreign_keys=[created_by], viewonly=True)


class MergedAsset(Tenant, Base):
    """A file that was merged into another, and what became of its uses.

    `moved` are the usages that now name the kept file, as `lectern.duplicates.merge_usages` writes
    them; `ended` are the ids of those whose place had the kept file already.
    """

    __tablename__ = "merged_asset"
    __table_args__ = (
        *tenant_key(),
        within("merge_id", "merge"),
        Index(None, "workspace_id", "asset_id"),
        Index(None, "workspace_id", "merge_id"),
    )

    merge_id: Mapped[uuid.UUID]
    asset_id: Mapped[uuid.UUID]
    name: Mapped[str]
    trashed_at: Mapped[datetime]
    # When it was last put into a place, before the merge.
    last_used_at: Mapped[datetime | None]
    moved: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    ended: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))

    merge: Mapped[Merge] = relationship(viewonly=True, back_populates="merged")


class Difference(Tenant, Base):
    """Two files that look alike and that somebody called different; the lower id is the first."""

    __tablename__ = "difference"
    __table_args__ = (
        *tenant_key(),
        within("first_id", "asset", ondelete="CASCADE"),
        within("second_id", "asset", ondelete="CASCADE"),
        UniqueConstraint("workspace_id", "first_id", "second_id"),
        CheckConstraint("first_id < second_id", name="order"),
        Index(None, "workspace_id", "second_id"),
    )

    first_id: Mapped[uuid.UUID]
    second_id: Mapped[uuid.UUID]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))


class Fingerprint(Base):
    """What one blob looks and sounds like. `recipe` numbers the way in which that was found.

    `frames` and `sound` are as `lectern.duplicates.fingerprints` packs them, and may be empty.
    """

    __tablename__ = "fingerprint"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "blob_id"),
        within("blob_id", "blob", ondelete="CASCADE"),
        CheckConstraint("kind IN ('video', 'audio', 'image')", name="kind"),
    )

    workspace_id: Mapped[uuid.UUID]
    blob_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    recipe: Mapped[int]
    duration_s: Mapped[float]
    frames: Mapped[bytes] = mapped_column(LargeBinary)
    sound: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


def _of_print(column: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["workspace_id", column],
        ["fingerprint.workspace_id", "fingerprint.blob_id"],
        ondelete="CASCADE",
    )


class FingerprintBand(Base):
    """A piece of a fingerprint, by which those that share it are found without a scan."""

    __tablename__ = "fingerprint_band"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "code", "blob_id"),
        _of_print("blob_id"),
        Index(None, "workspace_id", "blob_id"),
    )

    workspace_id: Mapped[uuid.UUID]
    code: Mapped[int] = mapped_column(BigInteger)
    blob_id: Mapped[uuid.UUID]


class NearPair(Base):
    """Two blobs with mostly the same content, once for both orders: `blob_id` is the lesser id.

    `share` of the content of both is common. What the other shows at its second 0 is to be seen
    at second `offset_s` of the first, before whose beginning it may lie. `by` says what was
    compared.
    """

    __tablename__ = "near_pair"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "blob_id", "other_blob_id"),
        _of_print("blob_id"),
        _of_print("other_blob_id"),
        CheckConstraint("blob_id < other_blob_id", name="order"),
        CheckConstraint("share > 0 AND share <= 1", name="share"),
        CheckConstraint("by IN ('both', 'sound', 'pictures')", name="by"),
        Index(None, "workspace_id", "other_blob_id"),
        Index("near_pair_share_idx", "workspace_id", text("share DESC")),
    )

    workspace_id: Mapped[uuid.UUID]
    blob_id: Mapped[uuid.UUID]
    other_blob_id: Mapped[uuid.UUID]
    share: Mapped[float]
    offset_s: Mapped[float]
    by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
