"""How the streams of a version are being made, while they are."""

import uuid
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from lectern.models.base import Base, Tenant, tenant_key, within


class StreamPlan(Tenant, Base):
    """What the workers agree on: rungs, frames and stretches of one version; gone when it is done.

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
