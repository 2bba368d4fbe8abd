"""Saved searches: filters of the library that people keep under a name."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "saved_search",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("shared", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("saved_search_created_by_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("saved_search_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("saved_search_pkey")),
        sa.UniqueConstraint(
            "workspace_id",
            "created_by",
            "name",
            name=op.f("saved_search_workspace_id_created_by_name_key"),
        ),
    )
    op.create_index(
        "saved_search_shared_idx",
        "saved_search",
        ["workspace_id"],
        postgresql_where=sa.text("shared"),
    )


def downgrade() -> None:
    op.drop_table("saved_search")
