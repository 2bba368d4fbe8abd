"""What the application is made of, unbound until `create_app` binds it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from flask import current_app
from flask_babel import Babel
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Session, sessionmaker

from lectern.models import Base
from lectern.settings import Settings
from lectern.storage import Storage

db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
babel = Babel()


def settings() -> Settings:
    """The settings this application was made with."""
    return current_app.extensions["lectern.settings"]  # type: ignore[no-any-return]


def storage() -> Storage:
    """The storage this application serves bytes from."""
    return current_app.extensions["lectern.storage"]  # type: ignore[no-any-return]


def work_factory() -> Callable[[], AbstractContextManager[Session]]:
    """Transactions for code that outlives the request, such as the receiver of a body.

    The engine is taken now, so the result works in threads without an application context.
    """
    local = sessionmaker(
        bind=db.engine, expire_on_commit=False, join_transaction_mode="create_savepoint"
    )

    @contextmanager
    def work() -> Iterator[Session]:
        with local() as session, session.begin():
            yield session

    return work
