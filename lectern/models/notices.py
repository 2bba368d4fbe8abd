"""News for a person, kept until it is read."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lectern.models.base import Base, Tenant, tenant_key, within
from lectern.models.library import Asset


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
