"""The declarative base and the columns every tenant table shares."""

import uuid
from datetime import datetime
from typing import Any

import uuid_utils.compat
from sqlalchemy import (
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    MetaData,
    PrimaryKeyConstraint,
    Text,
    TypeDecorator,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

from lectern.errors import Message


def new_id() -> uuid.UUID:
    """A UUIDv7: ids of one table sort by the time they were made, so indexes stay dense."""
    return uuid_utils.compat.uuid7()


class Base(DeclarativeBase):
    """Every table of Lectern."""

    # Given whole, not as a type map on the class: Flask-SQLAlchemy derives a base from this one.
    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "%(table_name)s_%(column_0_N_name)s_idx",
                "uq": "%(table_name)s_%(column_0_N_name)s_key",
                "ck": "%(table_name)s_%(constraint_name)s_check",
                "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
                "pk": "%(table_name)s_pkey",
            }
        ),
        type_annotation_map={
            str: Text(),
            datetime: DateTime(timezone=True),
            dict[str, Any]: JSONB(),
            dict[str, str]: JSONB(),
            list[Any]: JSONB(),
        },
    )


class MessageText(TypeDecorator[str]):
    """A sentence for a person, kept with its values, so that it can be said in any language."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """As it is stored; see `Message.to_text`."""
        return value.to_text() if isinstance(value, Message) else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """A `Message`, which is its English text."""
        return None if value is None else Message.from_text(value)


class Tenant:
    """A row of one workspace. `(workspace_id, id)` is the key, so no row can point into another."""

    workspace_id: Mapped[uuid.UUID] = mapped_column(sort_order=-20)
    id: Mapped[uuid.UUID] = mapped_column(default=new_id, sort_order=-10)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


def tenant_key() -> tuple[PrimaryKeyConstraint, ForeignKeyConstraint]:
    """The primary key of a tenant table, and its workspace."""
    return (
        PrimaryKeyConstraint("workspace_id", "id"),
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"]),
    )


def within(
    column: str, target: str, *, ondelete: str | None = None, **options: Any
) -> ForeignKeyConstraint:
    """A foreign key that cannot leave the workspace."""
    return ForeignKeyConstraint(
        ["workspace_id", column],
        [f"{target}.workspace_id", f"{target}.id"],
        ondelete=ondelete,
        **options,
    )
