"""Proposals: what machines suggest, with evidence, and what people decided."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "proposal",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=True),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("edited", postgresql.JSONB(), nullable=True),
        sa.Column("evidence", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("changes", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("proposal_workspace_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("proposal_decided_by_fkey")
        ),
        *(_subject(column, target) for column, target in SUBJECTS),
        *(sa.CheckConstraint(rule, name=op.f(f"proposal_{name}_check")) for name, rule in CHECKS),
        sa.UniqueConstraint(
            *("workspace_id", "kind", "model", "fingerprint"),
            name=op.f("proposal_workspace_id_kind_model_fingerprint_key"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("proposal_pkey")),
    )
    op.create_index(
        op.f("proposal_workspace_id_state_id_idx"), "proposal", ["workspace_id", "state", "id"]
    )
    for column, _ in SUBJECTS:
        name = op.f(f"proposal_workspace_id_{column}_kind_idx")
        op.create_index(name, "proposal", ["workspace_id", column, "kind"])


SUBJECTS = (("asset_id", "asset"), ("course_id", "course"))
CHECKS = (
    ("state", "state IN ('open', 'accepted', 'edited', 'refused')"),
    ("decided", "(state = 'open') = (decided_at IS NULL)"),
    ("confidence", "confidence >= 0 AND confidence <= 1"),
)


def _subject(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", column],
        [f"{target}.workspace_id", f"{target}.id"],
        name=op.f(f"proposal_workspace_id_{column}_fkey"),
        ondelete="CASCADE",
    )


def downgrade() -> None:
    op.drop_table("proposal")
