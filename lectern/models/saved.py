"""Searches that people keep."""

import uuid
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lectern.models.base import Base, Tenant, tenant_key


class SavedSearch(Tenant, Base):
    """A filter of the library under a name; shown beside the folders, to all when `shared`.

    `query` is what `lectern.search.write` made of the filter; what was written long ago
    may be understood no more. `position` counts from 0 in what its maker keeps.
    """

    __tablename__ = "saved_search"
    __table_args__ = (
        *tenant_key(),
        UniqueConstraint("workspace_id", "created_by", "name"),
        Index("saved_search_shared_idx", "workspace_id", postgresql_where=text("shared")),
    )

    name: Mapped[str]
    query: Mapped[dict[str, Any]]
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    shared: Mapped[bool] = mapped_column(server_default=text("false"))
    position: Mapped[int]
