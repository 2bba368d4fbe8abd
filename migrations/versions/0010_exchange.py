"""Bytes that are awaited: an import may bring what is known of a file without the file."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    _allow("'live', 'condemned', 'deleting', 'awaited'")
    op.create_index(
        "blob_awaited_key",
        "blob",
        ["workspace_id", "digest"],
        unique=True,
        postgresql_where=sa.text("state = 'awaited'"),
    )


def downgrade() -> None:
    op.drop_index("blob_awaited_key", "blob")
    _allow("'live', 'condemned', 'deleting'")


def _allow(states: str) -> None:
    op.drop_constraint(op.f("blob_state_check"), "blob", type_="check")
    op.create_check_constraint(op.f("blob_state_check"), "blob", f"state IN ({states})")
