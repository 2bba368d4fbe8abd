"""What a file looks and sounds like, for finding near duplicates."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "fingerprint",
        *_ids("blob_id"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recipe", sa.Integer(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("frames", sa.LargeBinary(), nullable=False),
        sa.Column("sound", sa.LargeBinary(), nullable=False),
        _created_at(),
        sa.CheckConstraint(
            "kind IN ('video', 'audio', 'image')", name=op.f("fingerprint_kind_check")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "blob_id"],
            ["blob.workspace_id", "blob.id"],
            name=op.f("fingerprint_workspace_id_blob_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "blob_id", name=op.f("fingerprint_pkey")),
    )
    # Hashes do not compress; trying costs time.
    for column in ("frames", "sound"):
        op.execute(f"ALTER TABLE fingerprint ALTER {column} SET STORAGE EXTERNAL")
    op.create_table(
        "fingerprint_band",
        *_ids(),
        sa.Column("code", sa.BigInteger(), nullable=False),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        _of_print("fingerprint_band", "blob_id"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "code", "blob_id", name=op.f("fingerprint_band_pkey")
        ),
    )
    op.create_index(
        op.f("fingerprint_band_workspace_id_blob_id_idx"),
        "fingerprint_band",
        ["workspace_id", "blob_id"],
    )
    _near_pairs()


def _near_pairs() -> None:
    op.create_table(
        "near_pair",
        *_ids("blob_id", "other_blob_id"),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("offset_s", sa.Float(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        _created_at(),
        sa.CheckConstraint("blob_id < other_blob_id", name=op.f("near_pair_order_check")),
        sa.CheckConstraint("share > 0 AND share <= 1", name=op.f("near_pair_share_check")),
        sa.CheckConstraint("by IN ('both', 'sound', 'pictures')", name=op.f("near_pair_by_check")),
        _of_print("near_pair", "blob_id"),
        _of_print("near_pair", "other_blob_id"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "blob_id", "other_blob_id", name=op.f("near_pair_pkey")
        ),
    )
    op.create_index(
        op.f("near_pair_workspace_id_other_blob_id_idx"),
        "near_pair",
        ["workspace_id", "other_blob_id"],
    )
    op.create_index("near_pair_share_idx", "near_pair", ["workspace_id", sa.text("share DESC")])


def _ids(*columns: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Uuid(), nullable=False) for name in ("workspace_id", *columns)]


def _created_at() -> sa.Column[object]:
    now = sa.text("clock_timestamp()")
    return sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False)


def _of_print(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", column],
        ["fingerprint.workspace_id", "fingerprint.blob_id"],
        name=op.f(f"{table}_workspace_id_{column}_fkey"),
        ondelete="CASCADE",
    )


def downgrade() -> None:
    op.drop_table("near_pair")
    op.drop_table("fingerprint_band")
    op.drop_table("fingerprint")
