"""Database sessions for code outside a request; a request has Flask-SQLAlchemy's."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

SessionLocal: sessionmaker[Session] = sessionmaker(expire_on_commit=False)


def driver_url(url: str) -> str:
    """The address with psycopg 3 named as the driver, whatever short form was configured."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def connect(url: str) -> Engine:
    """Bind `SessionLocal` to this database.

    Connections are checked before use: PostgreSQL may restart under a living process.
    """
    engine = create_engine(driver_url(url), pool_pre_ping=True, pool_size=5, max_overflow=5)
    SessionLocal.configure(bind=engine)
    return engine


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """One transaction: committed when the block ends, rolled back when it raises."""
    with SessionLocal() as session, session.begin():
        yield session
