"""What every test of the domain needs besides a database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

from lectern import settings as settings_module
from lectern.database.sessions import driver_url
from lectern.ingest.receiving import Work
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.settings import Settings
from lectern.storage import LocalStorage
from tests.factories import make_principal
from tests.lectern.sending import BYTES, Sending


@pytest.fixture(scope="session", autouse=True)
def _audit_key() -> None:
    """The process start that tests lack."""
    audit.configure("a secret key for tests, thirty-two characters or more")


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """Defaults, on this test's data folder."""
    return settings_module.read({}, data=data_dir)


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "storage")


@pytest.fixture
def owner(session: Session) -> Principal:
    return make_principal(session)


@pytest.fixture
def stranger(session: Session) -> Principal:
    """An owner too, of another workspace."""
    return make_principal(session)


@pytest.fixture
def own_engine(own_database_url: str) -> Iterator[Engine]:
    """A database where commits are real and several connections meet."""
    engine = create_engine(driver_url(own_database_url), pool_size=16)
    yield engine
    engine.dispose()


@pytest.fixture
def work(own_engine: Engine) -> Work:
    """Transactions of their own, from any thread."""
    local = sessionmaker(bind=own_engine, expire_on_commit=False)

    @contextmanager
    def begin() -> Iterator[Session]:
        with local() as session, session.begin():
            yield session

    return begin


@pytest.fixture
def sender(work: Work) -> Principal:
    with work() as session:
        return make_principal(session)


@pytest.fixture
def sending(work: Work, settings: Settings, sender: Principal) -> Sending:
    return Sending(work, settings, sender, len(BYTES))
