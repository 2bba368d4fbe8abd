"""Purging: what is left of purged assets, what refers to blobs, and what collections did."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

# Whatever names a blob, apart from the renditions made of it, which go with it.
REFERENCES = """
CREATE VIEW blob_ref AS
SELECT workspace_id, blob_id FROM version
UNION ALL SELECT workspace_id, blob_id FROM rendition WHERE blob_id <> source_blob_id
UNION ALL SELECT workspace_id, poster_blob_id FROM asset WHERE poster_blob_id IS NOT NULL
"""

# After the row, not before: it may have waited for the purge that ends its predecessor.
KEEP_IDS = """
CREATE FUNCTION refuse_purged_id() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added JOIN tombstone t
        ON t.workspace_id = added.workspace_id AND t.id = added.id) THEN
        RAISE EXCEPTION 'The id of a purged asset is never used again.'
            USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER asset_id_kept AFTER INSERT ON asset REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_purged_id();
"""

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
    op.execute(REFERENCES)
    op.execute(KEEP_IDS)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("DROP TRIGGER asset_id_kept ON asset")
    op.execute("DROP FUNCTION refuse_purged_id")
    op.execute("DROP VIEW blob_ref")
    op.drop_table("collection")
    op.drop_table("tombstone")
