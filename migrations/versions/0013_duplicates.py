"""Merged duplicates, pairs that people called different, and what copies would weigh."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem

from lectern.database import functions

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "merge",
        *_own("merge"),
        sa.Column("kept_id", sa.Uuid(), nullable=False),
        *_user("merge", "created_by"),
        sa.Column("done", _json(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        *_user("merge", "undone_by"),
        sa.Column("stayed", _json(), server_default=sa.text("'[]'"), nullable=False),
    )
    op.create_index(op.f("merge_workspace_id_kept_id_idx"), "merge", ["workspace_id", "kept_id"])
    op.create_table(
        "merged_asset",
        *_own("merged_asset"),
        *_within("merged_asset", "merge_id", "merge"),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("trashed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved", _json(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("ended", _json(), server_default=sa.text("'[]'"), nullable=False),
    )
    for column in ("asset_id", "merge_id"):
        name = op.f(f"merged_asset_workspace_id_{column}_idx")
        op.create_index(name, "merged_asset", ["workspace_id", column])
    op.create_table(
        "difference",
        *_own("difference"),
        *_within("difference", "first_id", "asset", ondelete="CASCADE"),
        *_within("difference", "second_id", "asset", ondelete="CASCADE"),
        *_user("difference", "created_by"),
        sa.CheckConstraint("first_id < second_id", name=op.f("difference_order_check")),
        sa.UniqueConstraint(
            *("workspace_id", "first_id", "second_id"),
            name=op.f("difference_workspace_id_first_id_second_id_key"),
        ),
    )
    name = op.f("difference_workspace_id_second_id_idx")
    op.create_index(name, "difference", ["workspace_id", "second_id"])
    _weigh()


def _weigh() -> None:
    waste = sa.Computed("(assets - 1) * byte_size", persisted=True)
    op.add_column("digest_count", sa.Column("byte_size", sa.BigInteger(), nullable=True))
    op.add_column("digest_count", sa.Column("waste", sa.BigInteger(), waste, nullable=True))
    op.create_index(
        "digest_count_waste_idx",
        "digest_count",
        ["workspace_id", "waste", "digest"],
        postgresql_where=sa.text("assets > 1"),
    )
    functions.replace(op, "weigh_twins")
    op.execute("UPDATE digest_count SET assets = assets WHERE assets > 1")


def _own(table: str) -> tuple[SchemaItem, ...]:
    """Key, workspace and time."""
    now = sa.text("clock_timestamp()")
    return (
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f(f"{table}_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f(f"{table}_pkey")),
    )


def _user(table: str, column: str) -> tuple[SchemaItem, ...]:
    name = op.f(f"{table}_{column}_fkey")
    return (
        sa.Column(column, sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint([column], ["user_account.id"], name=name),
    )


def _within(
    table: str, column: str, target: str, ondelete: str | None = None
) -> tuple[SchemaItem, ...]:
    return (
        sa.Column(column, sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", column],
            [f"{target}.workspace_id", f"{target}.id"],
            name=op.f(f"{table}_workspace_id_{column}_fkey"),
            ondelete=ondelete,
        ),
    )


def _json() -> postgresql.JSONB:
    return postgresql.JSONB(astext_type=sa.Text())


def downgrade() -> None:
    op.execute("DROP TRIGGER twins_weighed ON digest_count")
    op.execute("DROP FUNCTION weigh_twins")
    op.drop_index("digest_count_waste_idx", "digest_count")
    for column in ("waste", "byte_size"):
        op.drop_column("digest_count", column)
    for table in ("difference", "merged_asset", "merge"):
        op.drop_table(table)
