"""Steps that wait for each other, in parts, and may be cancelled."""

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
