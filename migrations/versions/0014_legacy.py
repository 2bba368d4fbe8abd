"""Files that came from elsewhere, where they came from, and what each import changed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    _legacy_file()
    _import_item()
    _exchange_file()


def downgrade() -> None:
    op.drop_table("exchange_file")
    op.drop_table("import_item")
    op.drop_table("legacy_file")


def _legacy_file() -> None:
    op.create_table(
        "legacy_file",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("byte_size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("said", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("asset_id", sa.Uuid(), nullable=True),
        sa.Column("old_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        _moment("updated_at"),
        _moment("created_at"),
        sa.CheckConstraint(
            "state IN ('imported', 'refused')", name=op.f("legacy_file_state_check")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("legacy_file_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("legacy_file_pkey")),
        sa.UniqueConstraint(
            "workspace_id", "source", "path", name=op.f("legacy_file_workspace_id_source_path_key")
        ),
    )
    op.create_index(
        op.f("legacy_file_workspace_id_asset_id_idx"), "legacy_file", ["workspace_id", "asset_id"]
    )


def _import_item() -> None:
    op.create_table(
        "import_item",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
        sa.Column("state", sa.Text(), server_default="done", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('done', 'undone', 'kept')", name=op.f("import_item_state_check")
        ),
        _batch("import_item"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "batch_id", "position", name=op.f("import_item_pkey")
        ),
    )


def _exchange_file() -> None:
    op.create_table(
        "exchange_file",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("byte_size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("report", postgresql.JSONB(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _batch("exchange_file"),
        sa.PrimaryKeyConstraint("workspace_id", "batch_id", name=op.f("exchange_file_pkey")),
    )
    op.create_index(op.f("exchange_file_expires_at_idx"), "exchange_file", ["expires_at"])


def _moment(name: str) -> "sa.Column[object]":
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        server_default=sa.text("clock_timestamp()"),
        nullable=False,
    )


def _batch(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", "batch_id"],
        ["batch.workspace_id", "batch.id"],
        name=op.f(f"{table}_workspace_id_batch_id_fkey"),
        ondelete="CASCADE",
    )
