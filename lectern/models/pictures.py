"""Posters that a person asked for and a worker has yet to make."""

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lectern.models.base import Base, Tenant, tenant_key, within


class StillRequest(Tenant, Base):
    """A frame of a version, or an image that was sent, to become the poster; gone when it has.

    `part` is that of the version's task which makes it.
    """

    __tablename__ = "still_request"
    __table_args__ = (
        *tenant_key(),
        UniqueConstraint("workspace_id", "version_id", "part"),
        within("version_id", "version", ondelete="CASCADE"),
        CheckConstraint("(at_s IS NULL) <> (image IS NULL)", name="subject"),
    )

    version_id: Mapped[uuid.UUID]
    part: Mapped[int]
    # The second of the video at which the frame is shown.
    at_s: Mapped[float | None]
    # As it was sent: only the box opens it. Small, so that it needs no place of its own.
    image: Mapped[bytes | None]
    asked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
