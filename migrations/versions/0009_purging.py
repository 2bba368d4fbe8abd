"""Purging: what is left of purged assets, what refers to blobs, and what collections did."""

import sqlalchemy as sa
from alembic import op

from lectern.database import functions

revision = "0009"
down_revision = "0008"

GRANTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'lectern_app') THEN
        REVOKE UPDATE, DELETE ON tombstone FROM lectern_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'lectern_gc') THEN
        GRANT SELECT ON blob_ref, tombstone, collection TO lectern_gc;
        GRANT INSERT ON collection TO lectern_gc;
        GRANT DELETE ON rendition TO lectern_gc;
    END IF;
END $$;
"""


def upgrade() -> None:
    op.create_table(
        "tombstone",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name_digest", sa.Text(), nullable=False),
        sa.Column("purged_by", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["purged_by"], ["user_account.id"], name=op.f("tombstone_purged_by_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("tombstone_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("tombstone_pkey")),
    )
    op.create_table(
        "collection",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("condemned", sa.Integer(), server_default="0", nullable=False),
        sa.Column("deleted", sa.Integer(), server_default="0", nullable=False),
        sa.Column("freed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("stopped", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("collection_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("collection_pkey")),
    )
    op.create_index(
        op.f("collection_workspace_id_created_at_idx"),
        "collection",
        ["workspace_id", "created_at"],
    )
    functions.replace(op, "blob_ref", "refuse_purged_id")
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("DROP TRIGGER asset_id_kept ON asset")
    op.execute("DROP FUNCTION refuse_purged_id")
    op.execute("DROP VIEW blob_ref")
    op.drop_table("collection")
    op.drop_table("tombstone")
