"""Library: folders, tags, blobs, assets with their versions, and renditions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "blob",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("byte_size", sa.BigInteger(), nullable=False),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="live", nullable=False),
        sa.Column(
            "claimed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("condemned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name=op.f("blob_digest_check")),
        sa.CheckConstraint(
            "state IN ('live', 'condemned', 'deleting')", name=op.f("blob_state_check")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("blob_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("blob_pkey")),
    )
    op.create_index(
        "blob_digest_key",
        "blob",
        ["workspace_id", "digest"],
        unique=True,
        postgresql_where=sa.text("state IN ('live', 'condemned')"),
    )
    op.create_index("blob_key_key", "blob", ["key"], unique=True)
    op.create_table(
        "folder",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "parent_id"],
            ["folder.workspace_id", "folder.id"],
            name=op.f("folder_workspace_id_parent_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("folder_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("folder_pkey")),
        sa.UniqueConstraint(
            "workspace_id",
            "parent_id",
            "name",
            name=op.f("folder_workspace_id_parent_id_name_key"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "tag",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("tag_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("tag_pkey")),
        sa.UniqueConstraint("workspace_id", "key", name=op.f("tag_workspace_id_key_key")),
    )
    op.create_table(
        "asset",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("original_name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.Column(
            "custom",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("folder_id", sa.Uuid(), nullable=True),
        sa.Column("access", sa.Text(), server_default="course", nullable=False),
        sa.Column("state", sa.Text(), server_default="processing", nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("lock_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("current_version_id", sa.Uuid(), nullable=True),
        sa.Column("version_number", sa.Integer(), server_default="0", nullable=False),
        sa.Column("version_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("byte_size", sa.BigInteger(), nullable=True),
        sa.Column("mime", sa.Text(), nullable=True),
        sa.Column("duration_s", sa.Double(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("poster_blob_id", sa.Uuid(), nullable=True),
        sa.Column("poster_chosen_by", sa.Uuid(), nullable=True),
        sa.Column("usage_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("live", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("trashed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trashed_by", sa.Uuid(), nullable=True),
        sa.Column("trash_reason", sa.Text(), nullable=True),
        sa.Column("purge_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "access IN ('course', 'unlisted', 'public')", name=op.f("asset_access_check")
        ),
        sa.CheckConstraint(
            "kind IN ('video', 'audio', 'image', 'document')", name=op.f("asset_kind_check")
        ),
        sa.CheckConstraint(
            "state IN ('processing', 'ready', 'failed')", name=op.f("asset_state_check")
        ),
        sa.CheckConstraint("live = (trashed_at IS NULL)", name=op.f("asset_live_check")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("asset_created_by_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["poster_chosen_by"], ["user_account.id"], name=op.f("asset_poster_chosen_by_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["trashed_by"], ["user_account.id"], name=op.f("asset_trashed_by_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "folder_id"],
            ["folder.workspace_id", "folder.id"],
            name=op.f("asset_workspace_id_folder_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("asset_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("asset_pkey")),
        sa.UniqueConstraint(
            "workspace_id", "id", "live", name=op.f("asset_workspace_id_id_live_key")
        ),
    )
    op.create_index("asset_digest_idx", "asset", ["workspace_id", "digest"], unique=False)
    op.create_index(
        "asset_kind_newest_idx",
        "asset",
        [
            "workspace_id",
            "kind",
            sa.literal_column("created_at DESC"),
            sa.literal_column("id DESC"),
        ],
        unique=False,
        postgresql_where=sa.text("live"),
    )
    op.create_index(
        "asset_newest_idx",
        "asset",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("live"),
    )
    op.create_table(
        "rendition",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_blob_id", sa.Uuid(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column(
            "facts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "blob_id"],
            ["blob.workspace_id", "blob.id"],
            name=op.f("rendition_workspace_id_blob_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "source_blob_id"],
            ["blob.workspace_id", "blob.id"],
            name=op.f("rendition_workspace_id_source_blob_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("rendition_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("rendition_pkey")),
        sa.UniqueConstraint(
            "workspace_id",
            "source_blob_id",
            "spec",
            name=op.f("rendition_workspace_id_source_blob_id_spec_key"),
        ),
    )
    op.create_index(
        op.f("rendition_workspace_id_blob_id_idx"),
        "rendition",
        ["workspace_id", "blob_id"],
        unique=False,
    )
    op.create_table(
        "asset_tag",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("tag_id", sa.Uuid(), nullable=False),
        sa.Column("asset_created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "asset_id"],
            ["asset.workspace_id", "asset.id"],
            name=op.f("asset_tag_workspace_id_asset_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "tag_id"],
            ["tag.workspace_id", "tag.id"],
            name=op.f("asset_tag_workspace_id_tag_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "asset_id", "tag_id", name=op.f("asset_tag_pkey")),
    )
    op.create_index(
        op.f("asset_tag_workspace_id_tag_id_idx"),
        "asset_tag",
        [
            "workspace_id",
            "tag_id",
            sa.literal_column("asset_created_at DESC"),
            sa.literal_column("asset_id DESC"),
        ],
        unique=False,
    )
    op.create_table(
        "version",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("original_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "facts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "origin IN ('upload', 'replacement', 'rollback', 'import', 'batch', 'remix', 'live')",
            name=op.f("version_origin_check"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("version_created_by_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "asset_id"],
            ["asset.workspace_id", "asset.id"],
            name=op.f("version_workspace_id_asset_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "blob_id"],
            ["blob.workspace_id", "blob.id"],
            name=op.f("version_workspace_id_blob_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("version_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("version_pkey")),
        sa.UniqueConstraint(
            "workspace_id",
            "asset_id",
            "number",
            name=op.f("version_workspace_id_asset_id_number_key"),
        ),
    )
    op.create_index(
        op.f("version_workspace_id_blob_id_idx"),
        "version",
        ["workspace_id", "blob_id"],
        unique=False,
    )
    op.create_foreign_key(
        "asset_workspace_id_current_version_id_fkey",
        "asset",
        "version",
        ["workspace_id", "current_version_id"],
        ["workspace_id", "id"],
        deferrable=True,
    )


def downgrade() -> None:
    op.drop_constraint("asset_workspace_id_current_version_id_fkey", "asset")
    op.drop_table("version")
    op.drop_table("asset_tag")
    op.drop_table("rendition")
    op.drop_table("asset")
    op.drop_table("tag")
    op.drop_table("folder")
    op.drop_table("blob")
