"""The functions, views and triggers of the database: one current text each, in `sql/`.

A file has the name of its function or view, and with a trigger function come the triggers that
call it. Every statement says `CREATE OR REPLACE`, so a file can be run over what is there.
"""

from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

FOLDER = Path(__file__).resolve().parent / "sql"


class Operations(Protocol):
    """What of Alembic's `op` is needed here."""

    def get_bind(self) -> Connection:
        """The connection of the migration."""


def names() -> list[str]:
    """Every function and view that the database has, by name."""
    return sorted(path.stem for path in FOLDER.glob("*.sql"))


def text_of(name: str) -> str:
    """The current text of one of them.

    Raises:
        FileNotFoundError: there is no such function.
    """
    return (FOLDER / f"{name}.sql").read_text("utf-8")


def replace(op: Operations, *named: str) -> None:
    """Create these, or bring them to their current text, in this order.

    A migration calls it for what it changes. What an older migration must not create yet, because
    it speaks of tables that come later, that migration creates from a text of its own.
    """
    run(op, *(text_of(name) for name in named))


def run(op: Operations, *texts: str) -> None:
    """Execute statements as they are: neither a colon nor a percent sign in them is a parameter."""
    for text in texts:
        op.get_bind().exec_driver_sql(text.replace("%", "%%"))
