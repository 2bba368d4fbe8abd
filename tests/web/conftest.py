"""The application on a test's own transaction, and the people who ask it things."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis as redis_client
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lectern import settings as settings_module
from lectern.models import Asset, Blob, Version
from lectern.people import sign_ins, tokens
from lectern.people.principal import Principal
from lectern.settings import Settings
from lectern.storage import Storage
from tests.factories import make_asset, make_blob, make_principal
from web.app import create_app
from web.extensions import db

SignIn = Callable[[Principal], FlaskClient]


class Caller:
    """Somebody with a token or a browser; paths are those of the site."""

    def __init__(self, client: FlaskClient, headers: dict[str, str], who: Principal) -> None:
        self.client = client
        self.headers = headers
        self.who = who

    def __call__(self, method: str, path: str, **more: Any) -> TestResponse:
        headers = {**self.headers, **more.pop("headers", {})}
        return self.client.open(path, method=method, headers=headers, buffered=True, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self("GET", path, **more)

    def head(self, path: str, **more: Any) -> TestResponse:
        return self("HEAD", path, **more)

    def post(self, path: str, **more: Any) -> TestResponse:
        return self("POST", path, **more)

    def put(self, path: str, **more: Any) -> TestResponse:
        return self("PUT", path, **more)

    def patch(self, path: str, **more: Any) -> TestResponse:
        return self("PATCH", path, **more)

    def delete(self, path: str, **more: Any) -> TestResponse:
        return self("DELETE", path, **more)


def app_settings(database_url: str, redis_url: str, data: Path, **more: str) -> Settings:
    """What an application of tests is made with; `more` are further settings by their names."""
    environ = {
        "LECTERN_DATABASE_URL": database_url,
        "LECTERN_REDIS_URL": redis_url,
        "LECTERN_SECRET_KEY": "a secret key for tests, thirty-two characters or more",
        **{f"LECTERN_{name}": value for name, value in more.items()},
    }
    return settings_module.read(environ, data=data)


@pytest.fixture(scope="session")
def application(
    database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Flask:
    """One application for the run."""
    data = tmp_path_factory.mktemp("web-data")
    app = create_app(app_settings(database_url, redis_url, data))
    app.testing = True
    return app


@pytest.fixture
def app(application: Flask, connection: Connection, redis: redis_client.Redis) -> Iterator[Flask]:
    """The application, its only engine swapped for the test's connection."""
    with on_connection(application, connection):
        yield application


@contextmanager
def on_connection(app: Flask, connection: Connection) -> Iterator[None]:
    """Makes an application work inside a test's transaction; its commits are savepoints."""
    with app.app_context():
        engines = db.engines
    engine, engines[None] = engines[None], connection  # type: ignore[assignment]
    options = db.session.session_factory.kw
    before = dict(options)
    options["join_transaction_mode"] = "create_savepoint"
    yield
    options.clear()
    options.update(before)
    engines[None] = engine


@pytest.fixture
def settings(app: Flask) -> Settings:
    return app.extensions["lectern.settings"]  # type: ignore[no-any-return]


@pytest.fixture
def storage(app: Flask) -> Storage:
    return app.extensions["lectern.storage"]  # type: ignore[no-any-return]


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    """Nobody in particular."""
    return app.test_client()


@pytest.fixture
def with_token(app: Flask, session: Session) -> Callable[..., Caller]:
    """Makes callers with an API token."""

    def make(who: Principal, *scopes: str) -> Caller:
        text = tokens.create(session, who, who.workspace_id, "test", scopes or ("write",))
        session.commit()
        return Caller(app.test_client(), {"Authorization": f"Bearer {text}"}, who)

    return make


@pytest.fixture
def in_browser(app: Flask, session: Session) -> Callable[[Principal], Caller]:
    """Makes callers who are signed in, as htmx asks: with the session's CSRF token."""

    def make(who: Principal) -> Caller:
        signed_in = sign_ins.open_for(session, who)
        session.commit()
        client = app.test_client()
        client.set_cookie("lectern", signed_in.secret)
        return Caller(client, {"X-CSRF-Token": signed_in.csrf}, who)

    return make


@pytest.fixture
def owner(session: Session) -> Principal:
    return make_principal(session)


@pytest.fixture
def stranger(session: Session) -> Principal:
    """An owner too, of another workspace."""
    return make_principal(session)


@pytest.fixture
def api(with_token: Callable[..., Caller], owner: Principal) -> Caller:
    """The owner, with a token that may do all that an owner may."""
    return with_token(owner)


@pytest.fixture
def with_bytes(session: Session, storage: Storage, tmp_path: Path) -> Callable[..., Asset]:
    """Makes assets whose original is really stored."""

    def make(who: Principal, content: bytes, **overrides: Any) -> Asset:
        blob = stored_blob(session, storage, who, content, tmp_path)
        asset = make_asset(session, who, blob=blob, **overrides)
        session.commit()
        return asset

    return make


def stored_blob(
    session: Session, storage: Storage, who: Principal, content: bytes, folder: Path
) -> Blob:
    """A blob with these bytes."""
    blob = make_blob(session, who.workspace_id, byte_size=len(content))
    blob.key = f"b1/{blob.id.hex}"
    source = folder / blob.id.hex
    source.write_bytes(content)
    storage.put(source, blob.key)
    return blob


def current_version(session: Session, asset: Asset) -> Version:
    """The version whose bytes are the asset's."""
    assert asset.current_version_id is not None
    return session.get_one(Version, (asset.workspace_id, asset.current_version_id))


@pytest.fixture
def sign_in(in_browser: Callable[[Principal], Caller]) -> SignIn:
    """Makes browsers as Flask's own client, whose cookie and CSRF token go with every request."""

    def browser(who: Principal) -> FlaskClient:
        caller = in_browser(who)
        caller.client.environ_base["HTTP_X_CSRF_TOKEN"] = caller.headers["X-CSRF-Token"]
        return caller.client

    return browser


@pytest.fixture
def client(sign_in: SignIn, owner: Principal) -> FlaskClient:
    """The owner's browser."""
    return sign_in(owner)
