"""What a workspace writes down about its files beyond what Lectern knows by itself."""

from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lectern.models.base import Base, Tenant, tenant_key


class FieldType(StrEnum):
    """What fits into a field; `lectern.taxonomy.custom_fields` says how each is written."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    YES_NO = "yes-no"
    CHOICE = "choice"
    LINK = "link"


class CustomField(Tenant, Base):
    """A typed field of a workspace; its values, in `Asset.custom` under `key`, outlive it."""

    __tablename__ = "custom_field"
    __table_args__ = (
        *tenant_key(),
        UniqueConstraint("workspace_id", "key"),
        CheckConstraint(
            "type IN ('text', 'number', 'date', 'yes-no', 'choice', 'link')", name="type"
        ),
    )

    key: Mapped[str]
    label: Mapped[str]
    type: Mapped[str]
    # What a choice may be, in the order shown; empty for the other types.
    options: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    help: Mapped[str] = mapped_column(server_default="")
    position: Mapped[int]
