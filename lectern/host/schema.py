"""Brings a database to the schema this checkout needs."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

from lectern.host.refusal import HostError

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def upgrade(url: str) -> None:
    """Run the missing migrations, as the role that owns the schema; concurrent calls queue.

    Raises:
        HostError: the database does not answer.
    """
    try:
        command.upgrade(_configuration(url), "head")
    except OperationalError as error:
        raise HostError(
            f"The database cannot be brought up to date: {error.orig}".strip()
        ) from error


def head() -> str:
    """The newest revision in this checkout."""
    return ScriptDirectory.from_config(_configuration("")).get_current_head() or ""


def _configuration(url: str) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    configuration.attributes["url"] = url
    return configuration
