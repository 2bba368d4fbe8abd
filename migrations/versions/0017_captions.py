"""Captions, transcripts and the words that courses use."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"


def tenant() -> list[sa.Column[object]]:
    return [
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
    ]


def moment(name: str, *, now: bool = True) -> sa.Column[object]:
    default = sa.text("clock_timestamp()") if now else None
    kind = sa.DateTime(timezone=True)
    return sa.Column(name, kind, server_default=default, nullable=not now)


def keys(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f(f"{table}_workspace_id_fkey")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f(f"{table}_pkey")),
    ]


def within(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", column],
        [f"{target}.workspace_id", f"{target}.id"],
        name=op.f(f"{table}_workspace_id_{column}_fkey"),
        ondelete="CASCADE",
    )


def person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["user_account.id"], name=op.f(f"{table}_{column}_fkey")
    )


def json(name: str, default: str | None = None) -> sa.Column[object]:
    kind = postgresql.JSONB(astext_type=sa.Text())
    written = sa.text(f"'{default}'") if default else None
    return sa.Column(name, kind, server_default=written, nullable=False)


def upgrade() -> None:
    _transcripts()
    _tracks()
    op.create_table(
        "glossary_term",
        *tenant(),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        json("sounds_like", "[]"),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        moment("created_at"),
        person("glossary_term", "created_by"),
        within("glossary_term", "course_id", "course"),
        *keys("glossary_term"),
    )
    op.create_index(
        "glossary_term_key",
        "glossary_term",
        ["workspace_id", "course_id", "key"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )


def _transcripts() -> None:
    op.create_table(
        "transcript",
        *tenant(),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        json("segments"),
        json("facts", "{}"),
        moment("heard_at"),
        moment("created_at"),
        within("transcript", "blob_id", "blob"),
        *keys("transcript"),
        sa.UniqueConstraint(
            "workspace_id",
            "blob_id",
            "model",
            "settings",
            name=op.f("transcript_workspace_id_blob_id_model_settings_key"),
        ),
    )


def _tracks() -> None:
    op.create_table(
        "caption_track",
        *tenant(),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        json("cues"),
        sa.Column("state", sa.Text(), server_default="in_review", nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("lock_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("edited_by", sa.Uuid(), nullable=True),
        moment("edited_at"),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        moment("reviewed_at", now=False),
        sa.Column("carried_from", sa.Uuid(), nullable=True),
        moment("deleted_at", now=False),
        moment("created_at"),
        sa.CheckConstraint(
            "state IN ('machine', 'in_review', 'reviewed')", name=op.f("caption_track_state_check")
        ),
        sa.CheckConstraint(
            "origin IN ('machine', 'upload', 'embedded', 'person')",
            name=op.f("caption_track_origin_check"),
        ),
        sa.CheckConstraint(
            "(state = 'reviewed') = (reviewed_at IS NOT NULL)",
            name=op.f("caption_track_reviewed_check"),
        ),
        person("caption_track", "edited_by"),
        person("caption_track", "reviewed_by"),
        within("caption_track", "version_id", "version"),
        *keys("caption_track"),
        sa.UniqueConstraint(
            "workspace_id",
            "version_id",
            "language",
            name=op.f("caption_track_workspace_id_version_id_language_key"),
        ),
    )
    op.create_table(
        "caption_edit",
        *tenant(),
        sa.Column("track_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        json("cues"),
        sa.Column("edited_by", sa.Uuid(), nullable=True),
        moment("created_at"),
        person("caption_edit", "edited_by"),
        within("caption_edit", "track_id", "caption_track"),
        *keys("caption_edit"),
        sa.UniqueConstraint(
            "workspace_id",
            "track_id",
            "number",
            name=op.f("caption_edit_workspace_id_track_id_number_key"),
        ),
    )


def downgrade() -> None:
    for table in ("glossary_term", "caption_edit", "caption_track", "transcript"):
        op.drop_table(table)
