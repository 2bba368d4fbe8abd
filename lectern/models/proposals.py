"""What machines propose, with the evidence, and what people decided about it."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lectern.models.base import Base, Tenant, tenant_key, within
from lectern.models.courses import Course
from lectern.models.library import Asset
from lectern.models.people import User


class Proposal(Tenant, Base):
    """One suggestion about an asset, a course or both.

    `payload` is what the machine suggests, `edited` what a person made of it; their shape is that
    of the kind. `evidence` is `[{"asset", "version", "start", "end", "quote"}]`, times in seconds.
    `changes` is what accepting it changed, as `lectern.changes.ledger` writes it. `fingerprint` is
    a digest of the subject, the content that the model saw and what it suggests: its uniqueness
    keeps a refusal from being proposed again.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        *tenant_key(),
        within("asset_id", "asset", ondelete="CASCADE"),
        within("course_id", "course", ondelete="CASCADE"),
        UniqueConstraint("workspace_id", "kind", "model", "fingerprint"),
        CheckConstraint("state IN ('open', 'accepted', 'edited', 'refused')", name="state"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("confidence >= 0 AND confidence <= 1", name="confidence"),
        Index(None, "workspace_id", "state", "id"),
        Index(None, "workspace_id", "asset_id", "kind"),
        Index(None, "workspace_id", "course_id", "kind"),
    )

    kind: Mapped[str]
    asset_id: Mapped[uuid.UUID | None]
    course_id: Mapped[uuid.UUID | None]
    payload: Mapped[dict[str, Any]]
    edited: Mapped[dict[str, Any] | None]
    evidence: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    confidence: Mapped[float]
    model: Mapped[str]
    fingerprint: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="open")
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    changes: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))

    asset: Mapped[Asset | None] = relationship(viewonly=True)
    course: Mapped[Course | None] = relationship(viewonly=True)
    decider: Mapped[User | None] = relationship(viewonly=True)
