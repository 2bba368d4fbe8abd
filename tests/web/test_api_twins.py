"""Requests that arrive twice at once, on real connections: done once, answered alike."""

import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lectern.models import Asset, Role, Upload
from lectern.people import tokens
from lectern.people.principal import Principal
from tests.factories import make_asset, make_principal
from tests.web.conftest import app_settings
from web.app import create_app
from web.extensions import db


@pytest.fixture
def app(own_database_url: str, redis_url: str, tmp_path: Path) -> Any:
    app = create_app(app_settings(own_database_url, redis_url, tmp_path))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def owner(app: Flask) -> tuple[Principal, str]:
    """Somebody, and the header that says so."""
    with app.app_context():
        session = db.session()
        who = make_principal(session, Role.OWNER)
        text = tokens.create(session, who, who.workspace_id, "test", ["write"])
        session.commit()
    return who, f"Bearer {text}"


def at_once(app: Flask, number: int, method: str, path: str, **more: Any) -> list[Any]:
    barrier = threading.Barrier(number)
    replies = []

    def ask() -> None:
        client = app.test_client()
        barrier.wait()
        replies.append(client.open(path, method=method, **more))

    threads = [threading.Thread(target=ask) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return replies


def test_one_key_makes_one_upload_however_often_it_comes(
    app: Flask, owner: tuple[Principal, str]
) -> None:
    headers = {
        "Authorization": owner[1],
        "Upload-Length": "10",
        "Idempotency-Key": "the same",
    }
    replies = at_once(app, 6, "POST", "/api/v1/uploads", headers=headers)
    assert [reply.status_code for reply in replies] == [201] * 6
    assert len({reply.headers["Location"] for reply in replies}) == 1
    with app.app_context():
        assert db.session().scalar(select(func.count()).select_from(Upload)) == 1


def test_of_changes_made_to_the_same_state_one_counts(
    app: Flask, owner: tuple[Principal, str]
) -> None:
    with app.app_context():
        asset = make_asset(db.session(), owner[0])
        db.session().commit()
    path = f"/api/v1/assets/{asset.id}"
    seen = app.test_client().get(path, headers={"Authorization": owner[1]}).headers["ETag"]
    headers = {"Authorization": owner[1], "If-Match": seen}
    body = {"tags": ["one", "two"], "folder": "A/B", "name": "New"}
    replies = at_once(app, 6, "PATCH", path, headers=headers, json=body)
    assert sorted(reply.status_code for reply in replies) == [200] + [412] * 5
    with app.app_context():
        row = db.session().get_one(Asset, (owner[0].workspace_id, asset.id))
        assert row.name == "New"


def test_a_course_declared_by_many_at_once_is_made_once(
    app: Flask, owner: tuple[Principal, str]
) -> None:
    body = {
        "title": "Biology",
        "chapters": [{"ref": "c", "title": "C", "lessons": [{"ref": "l", "title": "L"}]}],
    }
    headers = {"Authorization": owner[1]}
    replies = at_once(app, 6, "PUT", "/api/v1/courses/bio", headers=headers, json=body)
    assert sorted(reply.status_code for reply in replies) == [200] * 5 + [201]
    assert len({reply.json["id"] for reply in replies}) == 1
    verdict = app.test_client().get("/api/v1/audit/verify", headers=headers).json
    assert verdict is not None
    assert verdict["ok"]
