"""News for a person, kept until it is read; and what a failed step left in the log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("task", sa.Column("log", sa.Text(), nullable=True))
    op.create_table(
        "notice",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=True),
        sa.Column("details", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("kind IN ('done', 'failed')", name=op.f("notice_kind_check")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("notice_workspace_id_fkey")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("notice_user_id_fkey")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "asset_id"],
            ["asset.workspace_id", "asset.id"],
            name=op.f("notice_workspace_id_asset_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("notice_pkey")),
    )
    op.create_index(
        op.f("notice_workspace_id_user_id_created_at_idx"),
        "notice",
        ["workspace_id", "user_id", "created_at"],
    )


def downgrade() -> None:
    op.drop_table("notice")
    op.drop_column("task", "log")
