"""The fixtures that every other test stands on."""

import psycopg
import pytest
import redis as redis_client
from sqlalchemy import text
from sqlalchemy.orm import Session

from lectern.host import schema


def test_application_role_may_not_change_the_schema(database_url: str) -> None:
    with (
        psycopg.connect(database_url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("CREATE TABLE forbidden (id int)")


def test_application_role_may_not_rewrite_the_audit_log(database_url: str) -> None:
    for statement in ("UPDATE audit_entry SET action = ''", "DELETE FROM audit_entry"):
        with (
            psycopg.connect(database_url) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)


@pytest.mark.parametrize("turn", [1, 2])
def test_commits_of_a_test_are_gone_after_it(session: Session, turn: int) -> None:
    assert session.scalar(text("SELECT count(*) FROM workspace")) == 0
    session.execute(
        text("INSERT INTO workspace (id, slug, name) VALUES (gen_random_uuid(), 'w', 'W')")
    )
    session.commit()


@pytest.mark.parametrize("turn", [1, 2])
def test_redis_is_empty_for_each_test(redis: redis_client.Redis, turn: int) -> None:
    assert redis.dbsize() == 0
    redis.set("key", turn)


def test_the_application_role_may_start_what_is_migrated_already(database_url: str) -> None:
    schema.upgrade(database_url)
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    assert row == (schema.head(),)
