"""What workers agree on while they make the streams of a version together."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "stream_plan",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("stream_plan_workspace_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "version_id"],
            ["version.workspace_id", "version.id"],
            name=op.f("stream_plan_workspace_id_version_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("stream_plan_pkey")),
        sa.UniqueConstraint(
            "workspace_id", "version_id", name=op.f("stream_plan_workspace_id_version_id_key")
        ),
    )


def downgrade() -> None:
    op.drop_table("stream_plan")
