"""What is left of purged assets, and what each collection of unused blobs did."""

import uuid

from sqlalchemy import BigInteger, ForeignKey, Index, Uuid, column, table
from sqlalchemy.orm import Mapped, mapped_column

from lectern.models.base import Base, Tenant, tenant_key

# The view of migration 0009: whatever names a blob. A blob that is not in it may be collected.
BLOB_REF = table("blob_ref", column("workspace_id", Uuid()), column("blob_id", Uuid()))


class Tombstone(Tenant, Base):
    """A purged asset: its id, which is never used again; by whom and, as `created_at`, when.

    `name_digest` is SHA-256 of the name: who knows the name can tell that it was this one.
    """

    __tablename__ = "tombstone"
    __table_args__ = (*tenant_key(),)

    kind: Mapped[str]
    name_digest: Mapped[str]
    purged_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))


class Collection(Tenant, Base):
    """One round of collecting the blobs of a workspace; `stopped` says why it deleted none.

    `freed` is in bytes.
    """

    __tablename__ = "collection"
    __table_args__ = (*tenant_key(), Index(None, "workspace_id", "created_at"))

    condemned: Mapped[int] = mapped_column(server_default="0")
    deleted: Mapped[int] = mapped_column(server_default="0")
    freed: Mapped[int] = mapped_column(BigInteger, server_default="0")
    stopped: Mapped[str | None]
