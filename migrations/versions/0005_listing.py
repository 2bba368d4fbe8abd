"""What lists of assets are found, sorted and counted by, kept by triggers.

One narrow row for each asset (`listing`) with its sort keys and `codes`: a number for each thing a
filter can ask for, in one GIN index, so that any combination is an intersection inside the index.
Texts are found by numbered trigrams (`asset_text`), spellings by their deletion neighbours
(`vocabulary`). `code_delta` adds up to how many live assets have each code; rows are only ever
added to it, so that nobody waits for anybody, and the sweep folds them together. ADR 0012.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from lectern.database import functions

revision = "0005"
down_revision = "0004"

# Of texts (the same as lectern.search.syntax.folding), and of ids.
PURE = (
    *("fold", "natural_key", "grams", "near_keys", "spelled_words"),
    *("low_bits", "facet_code", "fixed_code", "asset_codes", "counted_codes"),
)
# What every kept row must equal; `fsck` compares, and new rows come from here.
TRUTH = ("listing_truth", "asset_text_truth")
KEEPERS = (
    *("mark_twins", "list_added", "list_removed", "keep_asset_tag"),
    *("learn", "learn_text", "learn_name"),
)
# What 0021 replaces is here as it was: it must not copy to tables that are not there yet.
FORMERLY = Path(__file__).parents[1] / "frozen" / "0005_listing.sql"

FORMER = """
DROP VIEW IF EXISTS listing_truth, asset_text_truth;
DROP FUNCTION list_added, list_changed, list_removed, list_tagged, keep_asset_tag, count_codes,
    counted_codes, learn, learn_text, learn_name, mark_twins, asset_codes, fixed_code, facet_code,
    low_bits, spelled_words, near_keys, grams, natural_key, fold CASCADE;
DROP TRIGGER usage_added ON usage;
DROP TRIGGER usage_ended ON usage;
CREATE OR REPLACE FUNCTION count_usage() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE INDEX asset_newest_idx ON asset (workspace_id, created_at DESC, id DESC) WHERE live;
CREATE INDEX asset_kind_newest_idx ON asset (workspace_id, kind, created_at DESC, id DESC)
    WHERE live;
"""

EXISTING = """
INSERT INTO digest_count (workspace_id, digest, assets)
SELECT workspace_id, digest, count(*) FROM asset WHERE live AND digest IS NOT NULL GROUP BY 1, 2;
INSERT INTO listing (workspace_id, asset_id, live, created_at, name_key, byte_size, duration_s,
    usage_count, last_used_at, codes) SELECT * FROM listing_truth;
INSERT INTO asset_text (workspace_id, asset_id, names, description, grams)
SELECT *, grams(names || E'\\n' || description) FROM asset_text_truth;
INSERT INTO vocabulary (workspace_id, word, near)
SELECT workspace_id, word, near_keys(word) FROM (
    SELECT DISTINCT workspace_id, word FROM (
        SELECT workspace_id, fold(name) AS said FROM tag
        UNION ALL SELECT workspace_id, fold(name) FROM folder) AS named, spelled_words(said) AS word
) AS words ON CONFLICT DO NOTHING;
"""


NAMED_CODES = (("tag", "code"), ("course", "code"), ("folder", "code"))


def upgrade() -> None:
    functions.replace(op, *PURE)
    op.create_table(
        "listing",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("byte_size", sa.BigInteger(), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("usage_count", sa.Integer(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("codes", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "asset_id"],
            ["asset.workspace_id", "asset.id"],
            name=op.f("listing_workspace_id_asset_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "asset_id", name=op.f("listing_pkey")),
    )
    for key in ("created_at", "name_key", "byte_size", "duration_s", "usage_count", "last_used_at"):
        op.create_index(
            f"listing_{key}_idx",
            "listing",
            ["workspace_id", key, "asset_id"],
            postgresql_where=sa.text("live"),
        )
    op.create_index(
        "listing_trash_idx",
        "listing",
        ["workspace_id", "created_at", "asset_id"],
        postgresql_where=sa.text("NOT live"),
    )
    # A short list of pending entries: writers are quick, and readers have little to look through.
    gin = {"gin_pending_list_limit": 256}
    op.create_index(
        "listing_codes_idx", "listing", ["codes"], postgresql_using="gin", postgresql_with=gin
    )
    op.create_table(
        "asset_text",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("names", sa.Text(collation="C"), nullable=False),
        sa.Column("description", sa.Text(collation="C"), nullable=False),
        sa.Column("grams", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "asset_id"],
            ["asset.workspace_id", "asset.id"],
            name=op.f("asset_text_workspace_id_asset_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "asset_id", name=op.f("asset_text_pkey")),
    )
    op.create_index(
        "asset_text_grams_idx", "asset_text", ["grams"], postgresql_using="gin", postgresql_with=gin
    )
    _create_counts()
    _name_codes()
    functions.replace(op, *TRUTH)
    op.execute("DROP TRIGGER usage_counted ON usage")
    functions.replace(op, *KEEPERS)
    functions.run(op, FORMERLY.read_text("utf-8"))
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute(EXISTING)
    op.drop_index("asset_newest_idx", "asset")
    op.drop_index("asset_kind_newest_idx", "asset")


def _name_codes() -> None:
    """So that a code leads to what it is the code of, and names are folded once."""
    for table, field in (("tag", 1), ("course", 2), ("folder", 3)):
        code = sa.Computed(f"facet_code({field}, id)", persisted=True)
        op.add_column(table, sa.Column("code", sa.BigInteger(), code, nullable=False))
        op.create_index(op.f(f"{table}_workspace_id_code_idx"), table, ["workspace_id", "code"])
    for table in ("tag", "folder"):
        folded = sa.Computed("fold(name)", persisted=True)
        op.add_column(table, sa.Column("folded", sa.Text(collation="C"), folded, nullable=False))


def _create_counts() -> None:
    op.create_table(
        "code_delta",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.BigInteger(), nullable=False),
        sa.Column("assets", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("code_delta_pkey")),
    )
    op.create_index(
        op.f("code_delta_workspace_id_code_idx"),
        "code_delta",
        ["workspace_id", "code"],
        postgresql_include=["assets"],
    )
    op.create_table(
        "digest_count",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("assets", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "digest", name=op.f("digest_count_pkey")),
    )
    op.create_index(
        "digest_count_twins_idx",
        "digest_count",
        ["workspace_id", "digest"],
        postgresql_where=sa.text("assets > 1"),
    )
    op.create_table(
        "vocabulary",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("near", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "word", name=op.f("vocabulary_pkey")),
    )
    op.create_index("vocabulary_near_idx", "vocabulary", ["near"], postgresql_using="gin")


def downgrade() -> None:
    for table in ("vocabulary", "digest_count", "code_delta", "asset_text", "listing"):
        op.execute(f"DROP TABLE {table} CASCADE")
    for table, column in (("tag", "folded"), ("folder", "folded"), *NAMED_CODES):
        op.drop_column(table, column)
    op.execute(FORMER)
