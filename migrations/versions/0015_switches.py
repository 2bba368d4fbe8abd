"""Replacements that take effect at a time of their own, and the storage as it was last counted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from lectern.database import functions

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "scheduled_switch",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=True),
        sa.Column("upload_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("local", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "num_nonnulls(version_id, upload_id) > 0", name=op.f("scheduled_switch_subject_check")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'done', 'cancelled', 'overtaken')",
            name=op.f("scheduled_switch_state_check"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("scheduled_switch_created_by_fkey")
        ),
        *(
            sa.ForeignKeyConstraint(
                ["workspace_id", f"{target}_id"],
                [f"{target}.workspace_id", f"{target}.id"],
                name=op.f(f"scheduled_switch_workspace_id_{target}_id_fkey"),
                ondelete="CASCADE",
            )
            for target in ("asset", "version", "upload")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("scheduled_switch_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("scheduled_switch_pkey")),
        sa.UniqueConstraint(
            "workspace_id", "version_id", name=op.f("scheduled_switch_workspace_id_version_id_key")
        ),
        sa.UniqueConstraint(
            "workspace_id", "upload_id", name=op.f("scheduled_switch_workspace_id_upload_id_key")
        ),
    )
    op.create_index(
        op.f("scheduled_switch_workspace_id_asset_id_idx"),
        "scheduled_switch",
        ["workspace_id", "asset_id"],
    )
    op.create_index(
        "scheduled_switch_due_idx",
        "scheduled_switch",
        ["at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "storage_count",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("totals", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("storage_count_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("storage_count_pkey")),
    )
    functions.replace(op, "cancel_switches")


def downgrade() -> None:
    op.execute("DROP TRIGGER asset_trashed_unscheduled ON asset; DROP FUNCTION cancel_switches")
    op.drop_table("storage_count")
    op.drop_table("scheduled_switch")
