"""What files look and sound like, and which are near each other."""

import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from lectern.models.base import Base, within


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
