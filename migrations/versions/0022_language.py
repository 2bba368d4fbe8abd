"""The language that each person reads pages in."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column(
        "user_account", sa.Column("language", sa.Text(), server_default="", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("user_account", "language")
