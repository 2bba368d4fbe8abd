"""A CRC-32 beside each digest: what a ZIP needs before stored bytes."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.add_column("blob", sa.Column("crc32", sa.BigInteger()))
    op.create_check_constraint("crc32", "blob", "crc32 BETWEEN 0 AND 4294967295")
    unknown = sa.text("crc32 IS NULL AND state = 'live'")
    op.create_index("blob_crc32_idx", "blob", ["id"], postgresql_where=unknown)


def downgrade() -> None:
    op.drop_index("blob_crc32_idx", "blob")
    op.drop_column("blob", "crc32")
