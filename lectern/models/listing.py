"""What lists of assets are found, sorted and counted by.

Nothing here is written by hand: triggers in `lectern/database/sql` keep all of it, and
`lectern.integrity.fsck` compares it with what it is derived from.
"""

import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Computed,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from lectern.models.base import Base, within

SORT_KEYS = ("created_at", "name_key", "byte_size", "duration_s", "usage_count", "last_used_at")
_GIN = {"gin_pending_list_limit": 256}
# A batch changes many at once, of which many have the same codes.
_CODES_GIN = {"gin_pending_list_limit": 1024}


class Listed:
    """An asset as lists see it: its sort keys, and `codes`, a number for each thing it is.

    The numbers are those of `lectern.search.codes`. A size or time that is not there is 0,
    a duration -1.
    """

    workspace_id: Mapped[uuid.UUID]
    asset_id: Mapped[uuid.UUID]
    live: Mapped[bool]
    created_at: Mapped[datetime]
    # Folded, with its numbers padded: week 2 comes before week 10.
    name_key: Mapped[str] = mapped_column(Text(collation="C"))
    byte_size: Mapped[int] = mapped_column(BigInteger)
    duration_s: Mapped[float]
    usage_count: Mapped[int]
    last_used_at: Mapped[datetime]
    codes: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class Listing(Listed, Base):
    """The row by which pages are walked along: it has an index for each sort."""

    __tablename__ = "listing"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "asset_id"),
        within("asset_id", "asset", ondelete="CASCADE"),
        *(
            Index(
                f"listing_{key}_idx",
                "workspace_id",
                key,
                "asset_id",
                postgresql_where=text("live"),
            )
            for key in SORT_KEYS
        ),
        Index(
            "listing_trash_idx",
            "workspace_id",
            "created_at",
            "asset_id",
            postgresql_where=text("NOT live"),
        ),
    )


class CodeListing(Listed, Base):
    """The same row once more, with the index of codes in place of those to sort by.

    Apart, a change of codes writes this index only, and the listing itself changes in place.
    """

    __tablename__ = "code_listing"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "asset_id"),
        within("asset_id", "asset", ondelete="CASCADE"),
        Index(
            "code_listing_codes_idx", "codes", postgresql_using="gin", postgresql_with=_CODES_GIN
        ),
    )


class AssetText(Base):
    """What words are found in, folded; `names` has the name and the original name in lines."""

    __tablename__ = "asset_text"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "asset_id"),
        within("asset_id", "asset", ondelete="CASCADE"),
        Index("asset_text_grams_idx", "grams", postgresql_using="gin", postgresql_with=_GIN),
    )

    workspace_id: Mapped[uuid.UUID]
    asset_id: Mapped[uuid.UUID]
    names: Mapped[str] = mapped_column(Text(collation="C"))
    description: Mapped[str] = mapped_column(Text(collation="C"))
    grams: Mapped[list[int]] = mapped_column(ARRAY(Integer))


class CodeDelta(Base):
    """By how many the live assets with a code became more or fewer; the sum is how many there are.

    Rows are added, never changed, so writers do not wait for each other; the sweep sums them up.
    """

    __tablename__ = "code_delta"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "id"),
        Index(None, "workspace_id", "code", postgresql_include=["assets"]),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    workspace_id: Mapped[uuid.UUID]
    code: Mapped[int] = mapped_column(BigInteger)
    assets: Mapped[int] = mapped_column(BigInteger)


class DigestCount(Base):
    """How many live assets have the same bytes.

    `byte_size` is known of those that more than one has; `waste` is what the copies would weigh if
    they were stored apart.
    """

    __tablename__ = "digest_count"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "digest"),
        Index(
            "digest_count_twins_idx",
            "workspace_id",
            "digest",
            postgresql_where=text("assets > 1"),
        ),
        Index(
            "digest_count_waste_idx",
            "workspace_id",
            "waste",
            "digest",
            postgresql_where=text("assets > 1"),
        ),
    )

    workspace_id: Mapped[uuid.UUID]
    digest: Mapped[str]
    assets: Mapped[int] = mapped_column(BigInteger)
    byte_size: Mapped[int | None] = mapped_column(BigInteger)
    waste: Mapped[int | None] = mapped_column(BigInteger, Computed("(assets - 1) * byte_size"))


class Vocabulary(Base):
    """A word that some name, description, tag or folder has or had, to forgive typos by.

    `near` are the hashes of the word without one letter, and without two from eight letters on.
    """

    __tablename__ = "vocabulary"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "word"),
        Index("vocabulary_near_idx", "near", postgresql_using="gin"),
    )

    workspace_id: Mapped[uuid.UUID]
    word: Mapped[str] = mapped_column(Text(collation="C"))
    near: Mapped[list[int]] = mapped_column(ARRAY(Integer))
