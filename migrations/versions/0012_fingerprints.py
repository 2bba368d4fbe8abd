"""What a file looks and sounds like, for finding near duplicates."""

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
