"""Learners and what they played, apart from the library, by month from the first day on."""

import sqlalchemy as sa
from alembic import op

from lectern.database import functions

revision = "0025"
down_revision = "0024"

NOW = sa.text("clock_timestamp()")
MONTHS = """
    SELECT keep_playback_partition(date_trunc('month', now(), 'UTC') + n * interval '32 days')
    FROM generate_series(0, 2) AS n
"""


def upgrade() -> None:
    op.create_table(
        "learner",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("learner_workspace_id_fkey")
        ),
        sa.UniqueConstraint("workspace_id", "digest", name=op.f("learner_workspace_id_digest_key")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("learner_pkey")),
    )
    op.create_table(
        "playback_event",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("play", sa.Uuid(), nullable=False),
        sa.Column("learner_id", sa.Uuid(), nullable=True),
        sa.Column("staff", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Float(), nullable=True) for name in ("start_s", "end_s", "speed")),
        sa.Column("to_s", sa.Float(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "staff = (learner_id IS NULL)", name=op.f("playback_event_learner_check")
        ),
        sa.CheckConstraint(
            "kind <> 'span' OR (end_s > start_s AND start_s >= 0)",
            name=op.f("playback_event_span_check"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "at", "id", name=op.f("playback_event_pkey")),
        postgresql_partition_by="RANGE (at)",
    )
    for columns in (["workspace_id", "play"], ["workspace_id", "asset_id", "at"]):
        name = op.f(f"playback_event_{'_'.join(columns)}_idx")
        op.create_index(name, "playback_event", columns)
    # What comes while nobody makes partitions is kept here, and moved when somebody does.
    op.execute("CREATE TABLE playback_event_rest PARTITION OF playback_event DEFAULT")
    functions.replace(op, "keep_playback_partition")
    op.execute(MONTHS)


def downgrade() -> None:
    op.drop_table("playback_event")
    op.drop_table("learner")
    op.execute("DROP FUNCTION keep_playback_partition")
