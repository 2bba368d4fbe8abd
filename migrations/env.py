"""Alembic's environment: one migration runs at a time, and none holds a lock for long."""

import os

from alembic import context
from sqlalchemy import create_engine, pool, text

from lectern.database.sessions import driver_url
from lectern.models import Base

# Any constant: it only has to be the same in every process that migrates.
ADVISORY_LOCK = 7_263_845_112


def declared(name: str | None, type_: str, _: object) -> bool:
    """Whether models say it: partitions are made by the month, and no model names them."""
    return type_ != "table" or not (name or "").startswith("playback_event_")


def run() -> None:
    url = context.config.attributes.get("url") or os.environ["LECTERN_DATABASE_URL"]
    engine = create_engine(driver_url(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
        # A migration that waits for a lock makes everyone behind it wait as well.
        connection.execute(text("SET lock_timeout = '4s'"))
        connection.execute(text("SET statement_timeout = '60s'"))
        connection.commit()
        context.configure(
            connection=connection, target_metadata=Base.metadata, include_name=declared
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
