"""The functions of the database are those of `lectern/database/sql`, whatever way it came to be."""

from collections.abc import Iterator
from typing import cast

import pytest
from sqlalchemy import Connection, create_engine, text

from lectern.database import functions
from lectern.database.sessions import driver_url

KNOWN = text("""
SELECT p.proname AS name, pg_get_functiondef(p.oid) AS definition FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
UNION ALL SELECT c.relname, pg_get_viewdef(c.oid) FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v'""")
TRIGGERS = text("""
SELECT t.tgname || ' on ' || t.tgrelid::regclass, pg_get_triggerdef(t.oid)
FROM pg_trigger t WHERE NOT t.tgisinternal""")


class Everything:
    """Stands in for Alembic's `op` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get_bind(self) -> Connection:
        return self._connection


def definitions(connection: Connection) -> dict[str, str]:
    rows = [*connection.execute(KNOWN), *connection.execute(TRIGGERS)]
    assert len({name for name, _ in rows}) == len(rows), "a name has one definition"
    return {cast(str, name): cast(str, definition) for name, definition in rows}


@pytest.fixture
def migrated(owner_url: str) -> Iterator[Connection]:
    engine = create_engine(driver_url(owner_url))
    with engine.connect() as connection:
        yield connection
        connection.rollback()
    engine.dispose()


def test_what_migrations_leave_is_what_the_files_say(migrated: Connection) -> None:
    found = definitions(migrated)
    migrated.exec_driver_sql("SET LOCAL check_function_bodies = off")
    functions.replace(Everything(migrated), *functions.names())
    assert definitions(migrated) == found


def test_every_function_and_view_has_a_file_of_its_name(migrated: Connection) -> None:
    names = {row.name for row in migrated.execute(KNOWN)}
    assert names == set(functions.names())


def test_a_file_that_differs_from_the_database_is_noticed(
    migrated: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = definitions(migrated)
    text_of = functions.text_of
    monkeypatch.setattr(
        functions, "text_of", lambda name: text_of(name).replace("c >> 60 < 3", "c >> 60 < 2")
    )
    functions.replace(Everything(migrated), "list_changed")
    assert definitions(migrated) != found
