"""Who watches, under a pseudonym, and what they played. Nothing here belongs to the library.

No row points to one of the library's and no trigger of the library knows these tables: a million
events a day must not slow an upload down, and a purged file leaves its figures.
"""

import uuid
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from lectern.models.base import Base, Tenant, tenant_key


class Learner(Tenant, Base):
    """A person who watches, known by a keyed digest alone.

    `digest` is `lectern.learners.learners.digest_of` of whom a host names. When the row is deleted,
    nothing leads from events to the person any more.
    """

    __tablename__ = "learner"
    __table_args__ = (*tenant_key(), UniqueConstraint("workspace_id", "digest"))

    digest: Mapped[bytes] = mapped_column(LargeBinary)


class PlaybackEvent(Base):
    """Something that happened while a version played; partitioned by the month of `at`.

    A `span` was played from `start_s` to `end_s` of the version at `speed`, and ended at `at`.
    `to_s` is where a seek went, `value` the chosen captions or quality. `learner_id` is None of
    `staff`, who are never counted. `play` is one session of the player.
    """

    __tablename__ = "playback_event"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "at", "id"),
        CheckConstraint("staff = (learner_id IS NULL)", name="learner"),
        CheckConstraint("kind <> 'span' OR (end_s > start_s AND start_s >= 0)", name="span"),
        Index(None, "workspace_id", "play"),
        Index(None, "workspace_id", "asset_id", "at"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    workspace_id: Mapped[uuid.UUID]
    at: Mapped[datetime]
    # The client's own, so that repeating a batch changes nothing.
    id: Mapped[uuid.UUID]
    received_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    play: Mapped[uuid.UUID]
    learner_id: Mapped[uuid.UUID | None]
    staff: Mapped[bool]
    kind: Mapped[str]
    asset_id: Mapped[uuid.UUID]
    version: Mapped[int]
    start_s: Mapped[float | None]
    end_s: Mapped[float | None]
    speed: Mapped[float | None]
    to_s: Mapped[float | None]
    value: Mapped[str | None]
