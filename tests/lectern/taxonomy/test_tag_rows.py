"""Rows of `asset_tag` keep to their asset and tag, and to the listing, whoever writes them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from lectern.database.sessions import driver_url
from lectern.integrity import fsck
from lectern.library import assets
from lectern.models import Asset, Tag, new_id
from lectern.people.principal import Principal
from tests.factories import make_asset, make_principal

PUT = text("""
    INSERT INTO asset_tag (workspace_id, asset_id, tag_id, asset_created_at)
    VALUES (:workspace, :asset, :tag, now())""")
PUT_ALL = text("""
    INSERT INTO asset_tag (workspace_id, asset_id, tag_id, asset_created_at)
    SELECT a.workspace_id, a.id, pair.tag, a.created_at
    FROM unnest(CAST(:assets AS uuid[]), CAST(:tags AS uuid[])) AS pair (asset, tag)
    JOIN asset a ON a.workspace_id = :workspace AND a.id = pair.asset""")
REMOVE = {
    "asset": text("DELETE FROM asset WHERE id = :asset"),
    "tag": text("DELETE FROM tag WHERE id = :tag"),
}
BLOCKED = text("SELECT cardinality(pg_blocking_pids(:pid)) > 0")
HURRY = "SET lock_timeout = '100ms'"


def place(asset: Asset, tag: Tag) -> dict[str, Any]:
    return {"workspace": asset.workspace_id, "asset": asset.id, "tag": tag.id}


def make_tag(session: Session, owner: Principal, name: str) -> Tag:
    tag = Tag(workspace_id=owner.workspace_id, name=name, key=name)
    session.add(tag)
    session.flush()
    return tag


@pytest.mark.parametrize("missing", ["asset", "tag"])
def test_a_row_needs_its_asset_and_its_tag(
    session: Session, owner: Principal, missing: str
) -> None:
    names = place(make_asset(session, owner), make_tag(session, owner, "exam"))
    with pytest.raises(IntegrityError, match="does not exist"), session.begin_nested():
        session.execute(PUT, {**names, missing: new_id()})
    session.execute(PUT, names)


def test_neither_may_be_of_another_workspace(session: Session, owner: Principal) -> None:
    other = make_principal(session)
    mine, theirs = make_tag(session, owner, "exam"), make_tag(session, other, "exam")
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(PUT, place(make_asset(session, owner), theirs))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(
            PUT, {**place(make_asset(session, owner), mine), "workspace": other.workspace_id}
        )


def test_rows_go_with_their_tag_and_with_their_asset(session: Session, owner: Principal) -> None:
    kept, gone = make_asset(session, owner), make_asset(session, owner)
    for asset in (kept, gone):
        assets.edit(session, owner, asset, {"tags": ["a", "b"]})
    session.execute(text("DELETE FROM tag WHERE key = 'a'"))
    session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    session.execute(text("DELETE FROM version WHERE asset_id = :id"), {"id": gone.id})
    session.execute(text("DELETE FROM asset WHERE id = :id"), {"id": gone.id})
    assert session.execute(text("SELECT asset_id FROM asset_tag")).scalars().all() == [kept.id]
    assert list(fsck.rows(session)) == []


def test_one_statement_lists_assets_with_different_tags(session: Session, owner: Principal) -> None:
    shelf = [make_asset(session, owner) for _ in range(4)]
    tags = [make_tag(session, owner, name) for name in "abc"]
    pairs = [(0, 0), (1, 0), (1, 1), (2, 1), (2, 0), (3, 2), (3, 1), (3, 0)]
    session.execute(
        PUT_ALL,
        {
            "workspace": owner.workspace_id,
            "assets": [shelf[n].id for n, _ in pairs],
            "tags": [tags[n].id for _, n in pairs],
        },
    )
    assert list(fsck.rows(session)) == []
    session.execute(
        text("DELETE FROM asset_tag WHERE tag_id = ANY (:tags)"), {"tags": [tags[0].id, tags[1].id]}
    )
    assert list(fsck.rows(session)) == []


@pytest.fixture
def own_engine(own_database_url: str) -> Iterator[Engine]:
    engine = create_engine(driver_url(own_database_url))
    yield engine
    engine.dispose()


@pytest.fixture
def shelf(own_engine: Engine) -> dict[str, Any]:
    """Ids of an asset and a tag that it does not have."""
    with Session(own_engine) as session, session.begin():
        owner = make_principal(session)
        asset = Asset(
            workspace_id=owner.workspace_id, name="clip", original_name="clip.mp4", kind="video"
        )
        session.add(asset)
        return place(asset, make_tag(session, owner, "exam"))


@pytest.mark.parametrize("what", REMOVE)
def test_what_is_being_removed_is_waited_for_and_then_missing(
    own_engine: Engine, shelf: dict[str, Any], what: str
) -> None:
    with own_engine.connect() as remover, own_engine.connect() as other:
        remover.execute(REMOVE[what], shelf)
        other.exec_driver_sql(HURRY)
        other.commit()
        with pytest.raises(OperationalError, match="lock timeout"):
            other.execute(PUT, shelf)
        other.rollback()
        remover.commit()
        with pytest.raises(IntegrityError):
            other.execute(PUT, shelf)


@pytest.mark.parametrize("what", REMOVE)
def test_what_is_being_put_on_is_waited_for_and_goes_with_it(
    own_engine: Engine, shelf: dict[str, Any], what: str
) -> None:
    with (
        own_engine.connect() as tagger,
        own_engine.connect() as other,
        ThreadPoolExecutor(1) as thread,
    ):
        tagger.execute(PUT, shelf)
        waiting = {"pid": other.execute(text("SELECT pg_backend_pid()")).scalar_one()}
        removal = thread.submit(other.execute, REMOVE[what], shelf)
        while not tagger.execute(BLOCKED, waiting).scalar_one():
            assert not removal.done(), "it must wait"
        tagger.commit()
        removal.result()
        assert other.execute(text("SELECT count(*) FROM asset_tag")).scalar_one() == 0
