"""Courses and their usages of assets.

Usage counts are kept by the database, in the transaction that changes a usage.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from lectern.database import functions

revision = "0003"
down_revision = "0002"

# As it was before there was a listing; 0005 replaces it.
COUNT_USAGES = """
CREATE FUNCTION count_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE asset SET usage_count = usage_count - 1, lock_version = lock_version + 1
         WHERE workspace_id = OLD.workspace_id AND id = OLD.asset_id;
    ELSE
        UPDATE asset SET usage_count = usage_count + 1, last_used_at = clock_timestamp(),
                         lock_version = lock_version + 1
         WHERE workspace_id = NEW.workspace_id AND id = NEW.asset_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER usage_counted AFTER INSERT OR DELETE ON usage
    FOR EACH ROW EXECUTE FUNCTION count_usage();
"""


def upgrade() -> None:
    op.create_table(
        "course",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
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
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("course_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("course_pkey")),
        sa.UniqueConstraint("workspace_id", "ref", name=op.f("course_workspace_id_ref_key")),
    )
    op.create_table(
        "usage_history",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "place",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column(
            "ended_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=True),
        sa.Column("lesson_id", sa.Uuid(), nullable=True),
        sa.Column("slot", sa.Text(), server_default="", nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("policy", sa.Text(), server_default="follow", nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("alt", sa.Text(), nullable=True),
        sa.Column("start_s", sa.Double(), nullable=True),
        sa.Column("end_s", sa.Double(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("usage_history_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("usage_history_pkey")),
    )
    op.create_index(
        op.f("usage_history_workspace_id_asset_id_idx"),
        "usage_history",
        ["workspace_id", "asset_id"],
        unique=False,
    )
    op.create_table(
        "chapter",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "course_id"],
            ["course.workspace_id", "course.id"],
            name=op.f("chapter_workspace_id_course_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("chapter_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("chapter_pkey")),
        sa.UniqueConstraint(
            "workspace_id", "course_id", "ref", name=op.f("chapter_workspace_id_course_id_ref_key")
        ),
    )
    op.create_table(
        "lesson",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("lock_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "chapter_id"],
            ["chapter.workspace_id", "chapter.id"],
            name=op.f("lesson_workspace_id_chapter_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "course_id"],
            ["course.workspace_id", "course.id"],
            name=op.f("lesson_workspace_id_course_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("lesson_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("lesson_pkey")),
        sa.UniqueConstraint(
            "workspace_id", "course_id", "ref", name=op.f("lesson_workspace_id_course_id_ref_key")
        ),
    )
    op.create_index(
        op.f("lesson_workspace_id_chapter_id_idx"),
        "lesson",
        ["workspace_id", "chapter_id"],
        unique=False,
    )
    op.create_table(
        "usage",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("live", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=True),
        sa.Column("lesson_id", sa.Uuid(), nullable=True),
        sa.Column("slot", sa.Text(), server_default="", nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("policy", sa.Text(), server_default="follow", nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("alt", sa.Text(), nullable=True),
        sa.Column("start_s", sa.Double(), nullable=True),
        sa.Column("end_s", sa.Double(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(policy = 'pin') = (version_id IS NOT NULL)", name=op.f("usage_pinned_check")
        ),
        sa.CheckConstraint("policy IN ('follow', 'pin')", name=op.f("usage_policy_check")),
        sa.CheckConstraint(
            "lesson_id IS NULL OR chapter_id IS NOT NULL", name=op.f("usage_place_check")
        ),
        sa.CheckConstraint("live", name=op.f("usage_live_check")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("usage_created_by_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "asset_id", "live"],
            ["asset.workspace_id", "asset.id", "asset.live"],
            name="usage_asset_live_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "chapter_id"],
            ["chapter.workspace_id", "chapter.id"],
            name=op.f("usage_workspace_id_chapter_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "course_id"],
            ["course.workspace_id", "course.id"],
            name=op.f("usage_workspace_id_course_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "lesson_id"],
            ["lesson.workspace_id", "lesson.id"],
            name=op.f("usage_workspace_id_lesson_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "version_id"],
            ["version.workspace_id", "version.id"],
            name=op.f("usage_workspace_id_version_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("usage_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("usage_pkey")),
    )
    op.create_index(
        op.f("usage_workspace_id_asset_id_idx"), "usage", ["workspace_id", "asset_id"], unique=False
    )
    op.create_index(
        op.f("usage_workspace_id_course_id_asset_id_idx"),
        "usage",
        ["workspace_id", "course_id", "asset_id"],
        unique=False,
    )
    op.create_index(
        op.f("usage_workspace_id_lesson_id_position_idx"),
        "usage",
        ["workspace_id", "lesson_id", "position"],
        unique=False,
    )
    op.execute(COUNT_USAGES)
    functions.replace(op, "keep_usage_asset")


def downgrade() -> None:
    op.drop_table("usage")
    op.drop_table("lesson")
    op.drop_table("chapter")
    op.drop_table("usage_history")
    op.drop_table("course")
    op.execute("DROP FUNCTION count_usage, keep_usage_asset")
