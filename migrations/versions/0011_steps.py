"""Steps that wait for each other, in parts, and may be cancelled."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("task", sa.Column("part", sa.Integer(), server_default="0", nullable=False))
    op.add_column("task", sa.Column("awaits", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("task_awaits_check"), "task", "awaits IS NULL OR state = 'waiting'"
    )
    op.drop_constraint(op.f("task_workspace_id_version_id_step_key"), "task")
    op.create_unique_constraint(
        op.f("task_workspace_id_version_id_step_part_key"),
        "task",
        ["workspace_id", "version_id", "step", "part"],
    )


def downgrade() -> None:
    op.execute("DELETE FROM task WHERE part > 0")
    op.drop_constraint(op.f("task_workspace_id_version_id_step_part_key"), "task")
    op.create_unique_constraint(
        op.f("task_workspace_id_version_id_step_key"),
        "task",
        ["workspace_id", "version_id", "step"],
    )
    op.drop_column("task", "awaits")
    op.drop_column("task", "part")
