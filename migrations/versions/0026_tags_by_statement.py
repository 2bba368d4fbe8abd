"""Tags are listed and held to their assets by the statement, not by the row. ADR 0021.

The foreign keys of `asset_tag` asked for each row of its own, more than the row itself costs.
They stay written down where PostgreSQL can (18 and newer), and triggers do what they did.
"""

from pathlib import Path

from alembic import op

from lectern.database import functions

revision = "0026"
down_revision = "0025"

HELPERS = ("without_codes", "require_tags", "require_assets")
CHANGED = ("untag_removed", "list_tagged", "count_codes", "copy_listing")
FORMERLY = Path(__file__).parents[1] / "frozen" / "0021_list_tagged.sql"
KEYS = {
    "asset_tag_workspace_id_asset_id_fkey": ("asset_id", "asset"),
    "asset_tag_workspace_id_tag_id_fkey": ("tag_id", "tag"),
}
NOT_ENFORCED = 180_000


def upgrade() -> None:
    version = op.get_bind().exec_driver_sql("SHOW server_version_num").scalar_one()
    for name, (column, target) in KEYS.items():
        op.drop_constraint(name, "asset_tag", type_="foreignkey")
        # 17 cannot write down a key that it does not hold.
        if int(version) >= NOT_ENFORCED:
            op.execute(f"{_key(name, column, target)} NOT ENFORCED")
    functions.replace(op, *HELPERS, *CHANGED)


def downgrade() -> None:
    functions.run(op, FORMERLY.read_text("utf-8"))
    op.execute("DROP FUNCTION untag_removed CASCADE")
    for name in reversed(HELPERS):
        op.execute(f"DROP FUNCTION {name}")
    for name, (column, target) in KEYS.items():
        op.execute(f"ALTER TABLE asset_tag DROP CONSTRAINT IF EXISTS {name}")
        op.execute(_key(name, column, target))


def _key(name: str, column: str, target: str) -> str:
    return (
        f"ALTER TABLE asset_tag ADD CONSTRAINT {name} FOREIGN KEY (workspace_id, {column})"
        f" REFERENCES {target} (workspace_id, id) ON DELETE CASCADE"
    )
