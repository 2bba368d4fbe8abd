"""What was said in a recording: as a machine heard it, as people show it, in which words."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lectern.models.base import Base, Tenant, tenant_key, within
from lectern.models.people import User


class Transcript(Tenant, Base):
    """What one model with one choice of settings heard in a blob; shared by versions of it.

    `segments` are `{"start", "end", "text", "words": [[start, end, text, confidence], …]}`, times
    in seconds. `facts` are those of the run: the language's probability, seconds of speech, how
    much was dropped and why.
    """

    __tablename__ = "transcript"
    __table_args__ = (
        *tenant_key(),
        UniqueConstraint("workspace_id", "blob_id", "model", "settings"),
        within("blob_id", "blob", ondelete="CASCADE"),
    )

    blob_id: Mapped[uuid.UUID]
    model: Mapped[str]
    # A digest of everything else that decides what is heard, the vocabulary included.
    settings: Mapped[str]
    # BCP 47, as all languages here.
    language: Mapped[str]
    segments: Mapped[list[Any]]
    facts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    # When it was heard last: the newest transcript of a blob counts.
    heard_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))


class CaptionTrack(Tenant, Base):
    """The captions of a version in one language, as a person wrote, imported or kept them.

    No machine changes a row that is here. `cues` are `{"start", "end", "text"}` in order.
    """

    __tablename__ = "caption_track"
    __table_args__ = (
        *tenant_key(),
        UniqueConstraint("workspace_id", "version_id", "language"),
        within("version_id", "version", ondelete="CASCADE"),
        CheckConstraint("state IN ('machine', 'in_review', 'reviewed')", name="state"),
        CheckConstraint("origin IN ('machine', 'upload', 'embedded', 'person')", name="origin"),
        CheckConstraint("(state = 'reviewed') = (reviewed_at IS NOT NULL)", name="reviewed"),
    )

    version_id: Mapped[uuid.UUID]
    language: Mapped[str]
    # A name besides the language's, such as that of a track inside the file.
    label: Mapped[str] = mapped_column(server_default="")
    cues: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(server_default="in_review")
    origin: Mapped[str]
    # Rises with each change; the ETag, and what an editor has seen.
    lock_version: Mapped[int] = mapped_column(server_default="1")
    edited_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    edited_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    reviewed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    reviewed_at: Mapped[datetime | None]
    # The version whose captions these were, when they came with a rollback or a replacement.
    carried_from: Mapped[uuid.UUID | None]
    # Deleted captions keep their words, so that it can be undone, and hide the machine's.
    deleted_at: Mapped[datetime | None]

    editor: Mapped[User | None] = relationship(foreign_keys=[edited_by], viewonly=True)
    reviewer: Mapped[User | None] = relationship(foreign_keys=[reviewed_by], viewonly=True)


class CaptionEdit(Tenant, Base):
    """The cues of a track as one save left them, numbered by the track's `lock_version`."""

    __tablename__ = "caption_edit"
    __table_args__ = (
        *tenant_key(),
        UniqueConstraint("workspace_id", "track_id", "number"),
        within("track_id", "caption_track", ondelete="CASCADE"),
    )

    track_id: Mapped[uuid.UUID]
    number: Mapped[int]
    cues: Mapped[list[Any]]
    edited_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))

    editor: Mapped[User | None] = relationship(viewonly=True)


class GlossaryTerm(Tenant, Base):
    """A name or term that a course says often; without a course it is the whole workspace's.

    `sounds_like` are spellings that machines write instead.
    """

    __tablename__ = "glossary_term"
    __table_args__ = (
        *tenant_key(),
        within("course_id", "course", ondelete="CASCADE"),
        Index(
            "glossary_term_key",
            "workspace_id",
            "course_id",
            "key",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    course_id: Mapped[uuid.UUID | None]
    term: Mapped[str]
    # Folded, so that two spellings of one term are one.
    key: Mapped[str]
    sounds_like: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
