"""The application on a test's own transaction, and browsers signed in to it."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from lectern import settings
from lectern.people import sign_ins
from lectern.people.principal import Principal
from tests.factories import make_principal
from web.app import create_app
from web.auth import cookie_name
from web.extensions import db

SignIn = Callable[[Principal], FlaskClient]


@pytest.fixture(scope="session")
def application(
    database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Flask:
    configured = replace(
        settings.read({}, data=tmp_path_factory.mktemp("data")),
        database_url=database_url,
        redis_url=redis_url,
        secret_key="k" * 43,
    )
    return create_app(configured)


@pytest.fixture
def app(application: Flask, connection: Connection) -> Iterator[Flask]:
    """The application, its only engine swapped for the test's connection."""
    with application.app_context():
        engines = db.engines
    engine, engines[None] = engines[None], connection  # type: ignore[assignment]
    options = db.session.session_factory.kw
    options["join_transaction_mode"] = "create_savepoint"
    yield application
    del options["join_transaction_mode"]
    engines[None] = engine


@pytest.fixture
def sign_in(app: Flask, session: Session) -> SignIn:
    """A browser of this person: its cookie, and the CSRF token as htmx sends it."""

    def browser(principal: Principal) -> FlaskClient:
        signed_in = sign_ins.open_for(session, principal)
        session.commit()
        client = app.test_client()
        client.set_cookie(cookie_name(secure=False), signed_in.secret)
        client.environ_base["HTTP_X_CSRF_TOKEN"] = signed_in.csrf
        return client

    return browser


@pytest.fixture
def owner(session: Session) -> Principal:
    return make_principal(session)


@pytest.fixture
def client(sign_in: SignIn, owner: Principal) -> FlaskClient:
    """The owner's browser."""
    return sign_in(owner)
