"""Posters that a person asked for and a worker has yet to make."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "still_request",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("at_s", sa.Double(), nullable=True),
        sa.Column("image", sa.LargeBinary(), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(at_s IS NULL) <> (image IS NULL)", name=op.f("still_request_subject_check")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["user_account.id"], name=op.f("still_request_asked_by_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "version_id"],
            ["version.workspace_id", "version.id"],
            name=op.f("still_request_workspace_id_version_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("still_request_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("still_request_pkey")),
        sa.UniqueConstraint(
            "workspace_id",
            "version_id",
            "part",
            name=op.f("still_request_workspace_id_version_id_part_key"),
        ),
    )


def downgrade() -> None:
    op.execute("DELETE FROM task WHERE step = 'still'")
    op.drop_table("still_request")
