"""What slides and pages say, and what is said and shown in each asset, by which it is found.

`said` has a row for each sentence, slide and page of an asset's current version, and `asset_said`
all of it as one text with numbered trigrams, as `asset_text` has names. Triggers keep both
(`said_truth` is what they must equal): captions change by many hands, and versions by more.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from lectern.database import functions

revision = "0018"
down_revision = "0017"

FUNCTIONS = (
    *("spoken_in", "said_in", "said_truth", "asset_said_truth", "keep_said"),
    *("keep_said_of_blobs", "said_of_blobs", "said_of_tracks", "said_of_asset"),
    *("said_of_version", "learn_said"),
)
EXISTING = """
SELECT keep_said(a.workspace_id, ARRAY[a.id]) FROM asset a
WHERE spoken_in(a.workspace_id, a.id) IS NOT NULL;
"""
FORMER = """
DROP TRIGGER asset_switched_said ON asset;
DROP TRIGGER version_purged_said ON version;
DROP VIEW said_truth, asset_said_truth;
DROP FUNCTION said_of_blobs, said_of_tracks, said_of_asset, said_of_version, learn_said,
    keep_said_of_blobs, keep_said, said_in, spoken_in CASCADE;
"""


def tenant() -> list[sa.Column[object]]:
    return [
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
    ]


def of_asset(table: str, *key: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["workspace_id", "asset_id"],
            ["asset.workspace_id", "asset.id"],
            name=op.f(f"{table}_workspace_id_asset_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "asset_id", *key, name=op.f(f"{table}_pkey")),
    ]


def upgrade() -> None:
    _slides()
    op.create_table(
        "said",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=True),
        sa.Column("end_s", sa.Double(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "folded",
            sa.Text(collation="C"),
            sa.Computed("fold(text)", persisted=True),
            nullable=False,
        ),
        sa.CheckConstraint("kind IN ('said', 'shown', 'page')", name=op.f("said_kind_check")),
        *of_asset("said", "kind", "number"),
    )
    op.create_table(
        "asset_said",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("said", sa.Text(collation="C"), nullable=False),
        sa.Column("shown", sa.Text(collation="C"), nullable=False),
        sa.Column("grams", postgresql.ARRAY(sa.Integer()), nullable=False),
        *of_asset("asset_said"),
    )
    op.create_index(
        "asset_said_grams_idx",
        "asset_said",
        ["grams"],
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 256},
    )
    functions.replace(op, *FUNCTIONS)
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute(EXISTING)


def _slides() -> None:
    op.create_table(
        "slide",
        *tenant(),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=True),
        sa.Column("end_s", sa.Double(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column(
            "lines",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("slide_workspace_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "blob_id"],
            ["blob.workspace_id", "blob.id"],
            name=op.f("slide_workspace_id_blob_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("(start_s IS NULL) = (end_s IS NULL)", name=op.f("slide_times_check")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("slide_pkey")),
        sa.UniqueConstraint(
            "workspace_id",
            "blob_id",
            "number",
            name=op.f("slide_workspace_id_blob_id_number_key"),
        ),
    )


def downgrade() -> None:
    op.execute(FORMER)
    for table in ("asset_said", "said", "slide"):
        op.drop_table(table)
