"""Tasks take arguments, instead of a number that meant something else to each step."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    args = sa.Column("args", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False)
    op.add_column("task", args)
    op.execute(
        "UPDATE task SET args = jsonb_build_object('segment', part - 1) WHERE step = 'hls_part'"
    )
    # A poster that has been made has no request any more: the task's own id stands for it.
    op.execute(
        "UPDATE task AS t SET args = jsonb_build_object('request', coalesce("
        "(SELECT r.id FROM still_request r WHERE r.workspace_id = t.workspace_id"
        " AND r.version_id = t.version_id AND r.part = t.part), t.id)) WHERE step = 'still'"
    )
    op.create_check_constraint(op.f("task_args_check"), "task", "jsonb_typeof(args) = 'object'")
    op.drop_constraint(op.f("task_workspace_id_version_id_step_part_key"), "task")
    op.create_unique_constraint(
        op.f("task_workspace_id_version_id_step_args_key"),
        "task",
        ["workspace_id", "version_id", "step", "args"],
    )
    op.drop_column("task", "part")
    op.drop_constraint(op.f("still_request_workspace_id_version_id_part_key"), "still_request")
    op.drop_column("still_request", "part")
    op.create_index(
        op.f("still_request_workspace_id_version_id_idx"),
        "still_request",
        ["workspace_id", "version_id"],
    )


def downgrade() -> None:
    op.add_column("task", sa.Column("part", sa.Integer(), server_default="0", nullable=False))
    op.add_column("still_request", sa.Column("part", sa.Integer(), nullable=True))
    op.execute("UPDATE task SET part = (args ->> 'segment')::integer + 1 WHERE step = 'hls_part'")
    op.execute(
        "UPDATE task AS t SET part = n.part FROM (SELECT workspace_id, id, row_number() OVER"
        " (PARTITION BY workspace_id, version_id ORDER BY created_at, id) AS part"
        " FROM task WHERE step = 'still') AS n"
        " WHERE n.workspace_id = t.workspace_id AND n.id = t.id"
    )
    op.execute(
        "UPDATE still_request AS r SET part = t.part FROM task AS t WHERE t.step = 'still'"
        " AND t.workspace_id = r.workspace_id AND t.args ->> 'request' = r.id::text"
    )
    op.execute("DELETE FROM still_request WHERE part IS NULL")
    op.execute("DELETE FROM task WHERE part = 0 AND args <> '{}'")
    op.alter_column("still_request", "part", nullable=False)
    op.drop_index(op.f("still_request_workspace_id_version_id_idx"), "still_request")
    op.create_unique_constraint(
        op.f("still_request_workspace_id_version_id_part_key"),
        "still_request",
        ["workspace_id", "version_id", "part"],
    )
    op.drop_constraint(op.f("task_workspace_id_version_id_step_args_key"), "task")
    op.create_unique_constraint(
        op.f("task_workspace_id_version_id_step_part_key"),
        "task",
        ["workspace_id", "version_id", "step", "part"],
    )
    op.drop_constraint(op.f("task_args_check"), "task")
    op.drop_column("task", "args")
