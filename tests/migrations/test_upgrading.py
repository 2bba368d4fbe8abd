"""A library made by an earlier version goes on as if it had always been of this one."""

import os
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.orm import Session

from lectern import search
from lectern.database.sessions import driver_url
from lectern.host import schema
from lectern.host.postgres import OWNER
from lectern.integrity import fsck
from lectern.models import Role, StillRequest, Task
from lectern.people.principal import Principal
from lectern.search import Query
from tests.conftest import OWNER_URL, SUPERUSER_URL, in_database

FIRST = "0004"
ROWS = """
INSERT INTO workspace (id, slug, name) VALUES (:space, 'old', 'Old');
INSERT INTO user_account (id, email, name) VALUES (:person, 'ada@example.org', 'Ada');
INSERT INTO member (workspace_id, user_id, role) VALUES (:space, :person, 'owner');
INSERT INTO folder (workspace_id, id, name) VALUES (:space, :folder, 'Botany');
INSERT INTO tag (workspace_id, id, name, key) VALUES (:space, :tag, 'Exam', 'exam');
INSERT INTO course (workspace_id, id, ref, title) VALUES (:space, :course, 'bio', 'Biology');
INSERT INTO blob (workspace_id, id, digest, byte_size, mime, key)
    SELECT :space, id, repeat(n::text, 64), 1000, 'video/mp4', id::text
    FROM unnest(CAST(:blobs AS uuid[])) WITH ORDINALITY AS t (id, n);
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO asset (workspace_id, id, name, original_name, kind, state, created_by, folder_id,
    digest, byte_size, mime, version_number, version_count, current_version_id)
    SELECT :space, id, 'Chlorophyll ' || n, 'leaf.mp4', 'video', 'ready', :person, :folder,
        repeat('1', 64), 1000, 'video/mp4', 1, 1, id
    FROM unnest(CAST(:assets AS uuid[])) WITH ORDINALITY AS t (id, n);
INSERT INTO version (workspace_id, id, asset_id, number, blob_id, origin, original_name)
    SELECT :space, id, id, 1, (CAST(:blobs AS uuid[]))[1], 'upload', 'leaf.mp4'
    FROM unnest(CAST(:assets AS uuid[])) AS id;
INSERT INTO asset_tag (workspace_id, asset_id, tag_id, asset_created_at)
    SELECT workspace_id, id, :tag, created_at FROM asset LIMIT 1;
INSERT INTO usage (workspace_id, id, asset_id, course_id)
    SELECT workspace_id, gen_random_uuid(), id, :course FROM asset
"""


@pytest.fixture
def empty_database() -> Iterator[str]:
    """The address of a database without any table, as its owner."""
    name = f"old_{uuid.uuid4().hex}"
    with psycopg.connect(in_database(os.environ[SUPERUSER_URL], "postgres"), autocommit=True) as it:
        made = sql.SQL("CREATE DATABASE {} OWNER {}")
        it.execute(made.format(sql.Identifier(name), sql.Identifier(OWNER)))
        # The vector extension is a superuser's to make, as on a first start.
        with psycopg.connect(in_database(os.environ[SUPERUSER_URL], name), autocommit=True) as own:
            own.execute("CREATE EXTENSION IF NOT EXISTS vector")
        yield in_database(os.environ[OWNER_URL], name)
        it.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def alembic(url: str) -> Config:
    return schema._configuration(url)


def test_what_an_earlier_version_kept_is_found(empty_database: str) -> None:
    command.upgrade(alembic(empty_database), FIRST)
    ids = {name: uuid.uuid4() for name in ("space", "person", "folder", "tag", "course")}
    many = {name: [uuid.uuid4() for _ in range(2)] for name in ("blobs", "assets")}
    engine = create_engine(driver_url(empty_database))
    insert_all(engine, ROWS, {**ids, **many})
    schema.upgrade(empty_database)
    owner = Principal(ids["space"], ids["person"], Role.OWNER, "Ada", "ada@example.org", None)
    with Session(engine) as session:
        assert [finding.sentence for finding in fsck.rows(session)] == []
        for query, expected in (
            (Query(q="chlorophyl"), 2),
            (Query(tag=("exam",)), 1),
            (Query(folder="Botany"), 2),
            (Query(course="bio", usage="used"), 2),
            (Query(duplicates=True), 2),
            (Query(q="chlorophlyl"), 2),
        ):
            assert search.total(session, owner, query) == expected, query
    engine.dispose()


BEFORE_ARGS = "0022"
TASKS = """
INSERT INTO task (workspace_id, id, version_id, step, part, queue)
    SELECT :space, gen_random_uuid(), v.id, t.step, t.part, 'media' FROM version AS v,
        (VALUES ('hls', 0), ('hls_part', 1), ('hls_part', 2), ('still', 1), ('still', 2))
        AS t (step, part);
INSERT INTO still_request (workspace_id, id, version_id, part, at_s)
    SELECT :space, gen_random_uuid(), id, 2, 7.5 FROM version
"""


def test_tasks_of_an_earlier_version_keep_what_they_are_to_do(empty_database: str) -> None:
    command.upgrade(alembic(empty_database), FIRST)
    ids = {name: uuid.uuid4() for name in ("space", "person", "folder", "tag", "course")}
    many = {name: [uuid.uuid4()] for name in ("blobs", "assets")}
    engine = create_engine(driver_url(empty_database))
    insert_all(engine, ROWS, {**ids, **many})
    command.upgrade(alembic(empty_database), BEFORE_ARGS)
    insert_all(engine, TASKS, ids)
    command.upgrade(alembic(empty_database), "head")
    with Session(engine) as session:
        query = select(Task.step, Task.args).order_by(Task.step, Task.args)
        tasks = [tuple(row) for row in session.execute(query)]
        (request,) = session.scalars(select(StillRequest))
        assert tasks[:3] == [
            ("hls", {}),
            ("hls_part", {"segment": 0}),
            ("hls_part", {"segment": 1}),
        ]
        assert len(tasks) == 5
        assert tasks.count(("still", {"request": str(request.id)})) == 1
    command.downgrade(alembic(empty_database), BEFORE_ARGS)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT step, part FROM task ORDER BY step, part")).all()
    before = [("hls", 0), ("hls_part", 1), ("hls_part", 2), ("still", 1), ("still", 2)]
    assert [tuple(row) for row in rows] == before
    engine.dispose()


def insert_all(engine: Engine, statements: str, values: dict[str, Any]) -> None:
    with engine.begin() as connection:
        for statement in statements.split(";\n"):
            wanted = {k: v for k, v in values.items() if f":{k}" in statement}
            connection.execute(text(statement), wanted)


def test_every_step_leads_back_and_up_again(empty_database: str) -> None:
    command.upgrade(alembic(empty_database), "head")
    command.downgrade(alembic(empty_database), FIRST)
    command.upgrade(alembic(empty_database), "head")
