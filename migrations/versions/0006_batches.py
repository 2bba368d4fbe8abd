"""Batches: what is selected, changes to many assets at once, and the tasks that do them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _selection()
    _batch()
    _batch_item()
    op.add_column("task", sa.Column("batch_id", sa.Uuid(), nullable=True))
    op.drop_constraint("task_subject_check", "task")
    op.create_check_constraint(
        op.f("task_subject_check"), "task", "num_nonnulls(upload_id, version_id, batch_id) = 1"
    )
    op.create_unique_constraint(
        op.f("task_workspace_id_batch_id_step_key"), "task", ["workspace_id", "batch_id", "step"]
    )
    op.create_foreign_key(
        op.f("task_workspace_id_batch_id_fkey"),
        "task",
        "batch",
        ["workspace_id", "batch_id"],
        ["workspace_id", "id"],
        ondelete="CASCADE",
    )


def downgrade() -> None:
    op.execute("DELETE FROM task WHERE batch_id IS NOT NULL")
    op.drop_constraint("task_subject_check", "task")
    op.drop_column("task", "batch_id")
    op.create_check_constraint(
        op.f("task_subject_check"), "task", "(upload_id IS NULL) <> (version_id IS NULL)"
    )
    op.drop_table("batch_item")
    op.drop_table("batch")
    op.drop_table("selection")


def _selection() -> None:
    op.create_table(
        "selection",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("query", postgresql.JSONB(), nullable=True),
        sa.Column(
            "added", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "removed", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False
        ),
        _moment("updated_at"),
        _moment("created_at"),
        sa.CheckConstraint(
            "context IN ('library', 'trash', 'picker')", name=op.f("selection_context_check")
        ),
        _workspace("selection"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("selection_user_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("selection_pkey")),
        sa.UniqueConstraint(
            "workspace_id",
            "user_id",
            "context",
            name=op.f("selection_workspace_id_user_id_context_key"),
        ),
    )
    op.create_index(op.f("selection_updated_at_idx"), "selection", ["updated_at"])


def _batch() -> None:
    numbers = ("total", "at", "done", "same", "refused", "undone", "kept")
    people = ("asked_by", "created_by", "undone_by")
    op.create_table(
        "batch",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("args", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        *[sa.Column(name, sa.Integer(), server_default="0", nullable=False) for name in numbers],
        sa.Column("reason", sa.Text(), nullable=True),
        *[sa.Column(name, sa.Uuid(), nullable=True) for name in people],
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("undoable", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        _moment("created_at"),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'undoing', 'undone', 'failed')",
            name=op.f("batch_state_check"),
        ),
        _workspace("batch"),
        *[
            sa.ForeignKeyConstraint([name], ["user_account.id"], name=op.f(f"batch_{name}_fkey"))
            for name in people
        ],
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("batch_pkey")),
    )
    op.create_index(
        op.f("batch_workspace_id_created_at_idx"), "batch", ["workspace_id", "created_at"]
    )
    op.create_index(
        "batch_finished_idx",
        "batch",
        ["finished_at"],
        postgresql_where=sa.text("finished_at IS NOT NULL AND undoable"),
    )


def _batch_item() -> None:
    op.create_table(
        "batch_item",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'done', 'same', 'refused', 'undone', 'kept')",
            name=op.f("batch_item_state_check"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "batch_id"],
            ["batch.workspace_id", "batch.id"],
            name=op.f("batch_item_workspace_id_batch_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "batch_id", "position", name=op.f("batch_item_pkey")
        ),
    )
    # Each item is rewritten once: with room on its page no index need hear of it.
    op.execute("ALTER TABLE batch_item SET (fillfactor = 50)")


def _moment(name: str) -> "sa.Column[object]":
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        server_default=sa.text("clock_timestamp()"),
        nullable=False,
    )


def _workspace(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id"], ["workspace.id"], name=op.f(f"{table}_workspace_id_fkey")
    )
