"""Real PostgreSQL and Redis for every test: one cluster for the run, one database for each worker.

The process that pytest was started in runs them; workers of `-n` find them by environment.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import psycopg
import pytest
import redis as redis_client
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.orm import Session
from xdist.scheduler import LoadFileScheduling

from lectern import host, settings
from lectern.database.sessions import SessionLocal, driver_url
from lectern.host import schema
from lectern.host.postgres import OWNER, SUPERUSER
from web.cli import translations

CHECKOUT = Path(__file__).resolve().parents[1]
SUPERUSER_URL = "LECTERN_TEST_SUPERUSER_URL"
OWNER_URL = "LECTERN_TEST_OWNER_URL"
APP_URL = "LECTERN_TEST_APP_URL"
REDIS_URL = "LECTERN_TEST_REDIS_URL"
FOLDER = "LECTERN_TEST_FOLDER"
# A test run survives no power cut, so it need not wait for the disk.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Dropping a database looks through all of them.
    "shared_buffers": "128MB",
}

# How long an example takes says nothing about the code on a busy machine.
hypothesis.settings.register_profile("lectern", deadline=None)
hypothesis.settings.load_profile("lectern")

_servers = pytest.StashKey[ExitStack]()

# What runs longest comes first, so that no process is left alone with it at the end; these wait
# more than they compute, and other files use the cores meanwhile.
FIRST = ("flows", "host", "faults", "jobs")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow folders first, then the files with the most tests; files stay as they are."""
    tests = Counter(item.path for item in items)

    def rank(item: pytest.Item) -> tuple[int, int, str]:
        folder = item.path.relative_to(CHECKOUT / "tests").parts[0]
        return (
            FIRST.index(folder) if folder in FIRST else len(FIRST),
            -tests[item.path],
            str(item.path),
        )

    items.sort(key=rank)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give a process a whole file at a time, in the order above; what shares a server, at once."""
    return ByServer(config, log) if config.option.dist == "loadfile" else None


class ByServer(LoadFileScheduling):
    """One process has all journeys: they share a running Lectern and a browser."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        alone = "tests/flows/test_corpus.py"
        return "tests/flows" if file.startswith("tests/flows/") and file != alone else file


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once, in the process that all others descend from."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    translations.compile_stale()
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="lectern-test-", dir="/tmp"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        hosted = stack.enter_context(
            host.servers(settings.read({}, data=folder / "data"), postgres_options=FAST)
        )
        assert hosted.postgres is not None
        schema.upgrade(hosted.migrate_url)
        os.environ[SUPERUSER_URL] = hosted.postgres.url(SUPERUSER)
        os.environ[OWNER_URL] = hosted.migrate_url
        os.environ[APP_URL] = hosted.settings.database_url
        os.environ[REDIS_URL] = hosted.settings.redis_url
        os.environ[FOLDER] = str(folder)
        config.stash[_servers] = stack.pop_all()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what `pytest_configure` started."""
    stack = config.stash.get(_servers, None)
    if stack:
        stack.close()


def prepare(data: Path) -> None:
    """Make `data` a data folder with a migrated, empty database, a copy of one made once a run.

    For tests whose subject is not the first start: a cluster and its migrations take seconds.
    """
    model = Path(os.environ[FOLDER]) / "prepared"
    with model.with_name("prepared.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not model.exists():
            draft = model.with_name("preparing")
            with host.servers(settings.read({}, data=draft), postgres_options=FAST) as hosted:
                schema.upgrade(hosted.migrate_url)
            draft.rename(model)
    # Its files belong to several accounts.
    subprocess.run(["/bin/cp", "-a", str(model), str(data)], check=True)


@contextmanager
def copied_database(name: str) -> Iterator[str]:
    """A copy of the migrated, empty database; yields its name and drops it after."""
    with psycopg.connect(in_database(os.environ[SUPERUSER_URL], "postgres"), autocommit=True) as it:
        it.execute(f"CREATE DATABASE {name} TEMPLATE lectern OWNER {OWNER}")
    yield name
    with psycopg.connect(in_database(os.environ[SUPERUSER_URL], "postgres"), autocommit=True) as it:
        it.execute(f"DROP DATABASE {name} WITH (FORCE)")


def in_database(url: str, name: str) -> str:
    """The same server and role, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def worker_name() -> str:
    """Which of pytest-xdist's workers this is; `main` without it."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def database_name(worker_name: str) -> Iterator[str]:
    """This worker's own database."""
    with copied_database(f"test_{worker_name}") as name:
        yield name


@pytest.fixture(scope="session")
def database_url(database_name: str) -> str:
    """As the application connects: no DDL, no change to the audit log."""
    return in_database(os.environ[APP_URL], database_name)


@pytest.fixture(scope="session")
def owner_url(database_name: str) -> str:
    """As migrations connect."""
    return in_database(os.environ[OWNER_URL], database_name)


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(driver_url(database_url))
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """One connection whose transaction outlives every commit and dies with the test."""
    before = dict(SessionLocal.kw)
    with engine.connect() as connection:
        transaction = connection.begin()
        SessionLocal.configure(bind=connection, join_transaction_mode="create_savepoint")
        yield connection
        transaction.rollback()
    SessionLocal.kw.clear()
    SessionLocal.kw.update(before)


@pytest.fixture
def session(connection: Connection) -> Iterator[Session]:
    """What domain functions get; its commits are savepoints of the test's transaction."""
    with SessionLocal() as session:
        yield session


@pytest.fixture
def own_database() -> Iterator[str]:
    """Name of a database where commits are real, for journeys and tests of several processes."""
    with copied_database(f"own_{uuid.uuid4().hex}") as name:
        yield name


@pytest.fixture
def own_database_url(own_database: str) -> str:
    """The address of `own_database`, as the application connects."""
    return in_database(os.environ[APP_URL], own_database)


@pytest.fixture(scope="session")
def redis_url(worker_name: str) -> str:
    """This worker's own Redis database, by number."""
    number = 0 if worker_name == "main" else int(worker_name.removeprefix("gw")) + 1
    return f"{os.environ[REDIS_URL]}?db={number}"


@pytest.fixture
def redis(redis_url: str) -> Iterator[redis_client.Redis]:
    """A client of an empty database."""
    with redis_client.Redis.from_url(redis_url) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def own_servers(tmp_path: Path) -> Iterator[host.Servers]:
    """PostgreSQL (with fsync) and Redis that a test may kill, migrated and empty."""
    prepare(tmp_path / "data")
    with host.servers(settings.read({}, data=tmp_path / "data")) as hosted:
        yield hosted


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An empty data folder."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture(scope="session")
def assets_dir() -> Path:
    """The media and models that are too large for the checkout."""
    folder = Path(os.environ.get("LECTERN_TEST_ASSETS", CHECKOUT.parent / "shared"))
    if not (folder / "media").is_dir():
        pytest.skip(f"No test assets in {folder}; set LECTERN_TEST_ASSETS.")
    return folder
