"""Work: uploads and tasks; and what each role of the database may touch.

The application's role can neither change the schema nor rewrite the audit log.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

# On a server that somebody else runs the roles may be missing and not ours to create;
# then the connecting role does everything, and docs/operations.md says what that costs.
GRANTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'lectern_app') THEN
        GRANT USAGE ON SCHEMA public TO lectern_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO lectern_app;
        REVOKE UPDATE, DELETE ON audit_entry FROM lectern_app;
        REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM lectern_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public
            GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO lectern_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'lectern_gc') THEN
        GRANT USAGE ON SCHEMA public TO lectern_gc;
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO lectern_gc;
        GRANT UPDATE, DELETE ON blob TO lectern_gc;
    END IF;
END $$;
"""


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("filetype", sa.Text(), server_default="", nullable=False),
        sa.Column("byte_size", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("announced_digest", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="receiving", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("on_duplicate", sa.Text(), server_default="reuse", nullable=False),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("folder", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "tags",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("writer", sa.Uuid(), nullable=True),
        sa.Column("asset_id", sa.Uuid(), nullable=True),
        sa.Column("duplicate_of", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "on_duplicate IN ('reuse', 'keep', 'refuse')", name=op.f("upload_on_duplicate_check")
        ),
        sa.CheckConstraint(
            "state IN ('receiving', 'checking', 'done', 'refused', 'failed', 'expired')",
            name=op.f("upload_state_check"),
        ),
        sa.CheckConstraint("received BETWEEN 0 AND byte_size", name=op.f("upload_received_check")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("upload_created_by_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("upload_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("upload_pkey")),
    )
    op.create_index(
        "upload_expiring_idx",
        "upload",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'receiving'"),
    )
    op.create_index(
        op.f("upload_workspace_id_created_by_created_at_idx"),
        "upload",
        ["workspace_id", "created_by", "created_at"],
        unique=False,
    )
    op.create_table(
        "task",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=True),
        sa.Column("version_id", sa.Uuid(), nullable=True),
        sa.Column("asset_id", sa.Uuid(), nullable=True),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("progress", sa.Double(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("deaths", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "run_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(state = 'running') = (lease_until IS NOT NULL)", name=op.f("task_lease_check")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'queued', 'running', 'done', 'failed', 'skipped', 'cancelled')",
            name=op.f("task_state_check"),
        ),
        sa.CheckConstraint(
            "(upload_id IS NULL) <> (version_id IS NULL)", name=op.f("task_subject_check")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "asset_id"],
            ["asset.workspace_id", "asset.id"],
            name=op.f("task_workspace_id_asset_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "upload_id"],
            ["upload.workspace_id", "upload.id"],
            name=op.f("task_workspace_id_upload_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "version_id"],
            ["version.workspace_id", "version.id"],
            name=op.f("task_workspace_id_version_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("task_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("task_pkey")),
        sa.UniqueConstraint(
            "workspace_id", "upload_id", "step", name=op.f("task_workspace_id_upload_id_step_key")
        ),
        sa.UniqueConstraint(
            "workspace_id", "version_id", "step", name=op.f("task_workspace_id_version_id_step_key")
        ),
    )
    op.create_index(
        "task_due_idx",
        "task",
        ["queue", "run_at"],
        unique=False,
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "task_leased_idx",
        "task",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index(
        op.f("task_workspace_id_asset_id_idx"), "task", ["workspace_id", "asset_id"], unique=False
    )
    op.execute(GRANTS)


def downgrade() -> None:
    op.drop_table("task")
    op.drop_table("upload")
