"""The listing's codes in a table of their own, so that a bulk change writes one index, not eight.

`listing` keeps the indexes to sort by and has room on its pages: codes change in place. The index
of codes moves to `code_listing`, a copy of the listing, which triggers keep. ADR 0014.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from lectern.database import functions

revision = "0021"
down_revision = "0020"

CHANGED = ("list_changed", "list_tagged", "count_codes")
FORMERLY = Path(__file__).parents[1] / "frozen" / "0005_listing.sql"
# A short list of pending entries: writers are quick, and readers have little to look through.
GIN = {"gin_pending_list_limit": 256}
# Half of a page is room for the next version of each of its rows.
ROOM = ("listing", "asset")


def upgrade() -> None:
    op.create_table(
        "code_listing",
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
            name=op.f("code_listing_workspace_id_asset_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "asset_id", name=op.f("code_listing_pkey")),
    )
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute("INSERT INTO code_listing SELECT * FROM listing")
    op.create_index(
        "code_listing_codes_idx",
        "code_listing",
        ["codes"],
        postgresql_using="gin",
        postgresql_with=GIN,
    )
    functions.replace(op, *CHANGED, "copy_listing")
    op.drop_index("listing_codes_idx", "listing")
    for table in ROOM:
        op.execute(f"ALTER TABLE {table} SET (fillfactor = 50)")


def downgrade() -> None:
    for table in ROOM:
        op.execute(f"ALTER TABLE {table} RESET (fillfactor)")
    op.create_index(
        "listing_codes_idx", "listing", ["codes"], postgresql_using="gin", postgresql_with=GIN
    )
    op.execute("DROP FUNCTION copy_listing CASCADE")
    op.drop_table("code_listing")
    functions.run(op, FORMERLY.read_text("utf-8"))
