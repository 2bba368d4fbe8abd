"""Courses, and where they use assets."""

import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lectern.models.base import Base, Tenant, tenant_key, within
from lectern.models.library import Asset, Version
from lectern.models.people import User


class Course(Tenant, Base):
    """A course; `ref` is its owner's own name for it (an LMS's id, a slug)."""

    __tablename__ = "course"
    __table_args__ = (
        *tenant_key(),
        UniqueConstraint("workspace_id", "ref"),
        Index(None, "workspace_id", "code"),
    )

    ref: Mapped[str]
    title: Mapped[str]
    # What lists call it: see `Listing`.
    code: Mapped[int] = mapped_column(BigInteger, Computed("facet_code(2, id)"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))

    chapters: Mapped[list["Chapter"]] = relationship(
        order_by="Chapter.position", back_populates="course", viewonly=True
    )


class Chapter(Tenant, Base):
    """A part of a course; `position` counts from 0."""

    __tablename__ = "chapter"
    __table_args__ = (
        *tenant_key(),
        UniqueConstraint("workspace_id", "course_id", "ref"),
        within("course_id", "course", ondelete="CASCADE"),
    )

    course_id: Mapped[uuid.UUID]
    ref: Mapped[str]
    title: Mapped[str]
    position: Mapped[int]

    course: Mapped[Course] = relationship(back_populates="chapters", viewonly=True)
    lessons: Mapped[list["Lesson"]] = relationship(
        order_by="Lesson.position", back_populates="chapter", viewonly=True
    )


class Lesson(Tenant, Base):
    """A lesson; its ref is unique in its course, so a lesson may move between chapters."""

    __tablename__ = "lesson"
    __table_args__ = (
        *tenant_key(),
        UniqueConstraint("workspace_id", "course_id", "ref"),
        within("course_id", "course", ondelete="CASCADE"),
        within("chapter_id", "chapter", ondelete="CASCADE"),
        Index(None, "workspace_id", "chapter_id"),
    )

    course_id: Mapped[uuid.UUID]
    chapter_id: Mapped[uuid.UUID]
    ref: Mapped[str]
    title: Mapped[str]
    position: Mapped[int]
    # Two editors: the second is told.
    lock_version: Mapped[int] = mapped_column(server_default="1")

    chapter: Mapped[Chapter] = relationship(back_populates="lessons", viewonly=True)


class _Place:
    """What a usage says, live or ended. `lesson_id` implies `chapter_id` implies `course_id`."""

    asset_id: Mapped[uuid.UUID]
    course_id: Mapped[uuid.UUID]
    chapter_id: Mapped[uuid.UUID | None]
    lesson_id: Mapped[uuid.UUID | None]
    slot: Mapped[str] = mapped_column(server_default="")
    position: Mapped[int] = mapped_column(server_default="0")
    policy: Mapped[str] = mapped_column(server_default="follow")
    version_id: Mapped[uuid.UUID | None]
    title: Mapped[str | None]
    alt: Mapped[str | None]
    start_s: Mapped[float | None]
    end_s: Mapped[float | None]


class Usage(_Place, Tenant, Base):
    """One place a course uses an asset, now. `live` is always true: see `Asset.live`."""

    __tablename__ = "usage"
    __table_args__ = (
        *tenant_key(),
        ForeignKeyConstraint(
            ["workspace_id", "asset_id", "live"],
            ["asset.workspace_id", "asset.id", "asset.live"],
            name="usage_asset_live_fkey",
        ),
        CheckConstraint("live", name="live"),
        CheckConstraint("policy IN ('follow', 'pin')", name="policy"),
        CheckConstraint("(policy = 'pin') = (version_id IS NOT NULL)", name="pinned"),
        CheckConstraint("lesson_id IS NULL OR chapter_id IS NOT NULL", name="place"),
        within("course_id", "course"),
        within("chapter_id", "chapter"),
        within("lesson_id", "lesson"),
        within("version_id", "version"),
        Index(None, "workspace_id", "asset_id"),
        Index(None, "workspace_id", "lesson_id", "position"),
        Index(None, "workspace_id", "course_id", "asset_id"),
    )

    live: Mapped[bool] = mapped_column(server_default=text("true"))
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))

    asset: Mapped[Asset] = relationship(
        primaryjoin="and_(Usage.workspace_id == Asset.workspace_id, Usage.asset_id == Asset.id)",
        foreign_keys="[Usage.workspace_id, Usage.asset_id]",
        viewonly=True,
    )
    course: Mapped[Course] = relationship(viewonly=True)
    chapter: Mapped[Chapter | None] = relationship(viewonly=True)
    lesson: Mapped[Lesson | None] = relationship(viewonly=True)
    creator: Mapped[User | None] = relationship(viewonly=True)
    version: Mapped[Version | None] = relationship(viewonly=True)

    @property
    def version_number(self) -> int:
        """The number of the version shown here: the pinned one, else the asset's current."""
        return self.version.number if self.version else self.asset.version_number


class UsageHistory(_Place, Tenant, Base):
    """A usage that ended. No foreign keys to the place: places and assets may go, this stays.

    `place` keeps the titles as they were: `{"course": …, "chapter": …, "lesson": …}`.
    """

    __tablename__ = "usage_history"
    __table_args__ = (*tenant_key(), Index(None, "workspace_id", "asset_id"))

    place: Mapped[dict[str, str]] = mapped_column(server_default=text("'{}'"))
    created_by: Mapped[uuid.UUID | None]
    ended_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    ended_by: Mapped[uuid.UUID | None]
