"""Many files at once, as rows without bytes: what selecting and bulk changes need of them."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from lectern import host
from lectern.database.sessions import driver_url
from lectern.models import Asset, Member, User
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.settings import read
from tests.factories import make_asset
from tests.flows.conftest import OWNER, Served


def make(served: Served, name: str, count: int) -> list[uuid.UUID]:
    """So many documents of the owner's: `name 1` is the oldest; returns the newest first."""
    with _session(served) as session:
        owner = _owner(session)
        made: list[Asset] = [
            make_asset(session, owner, name=f"{name} {n}", kind="document", duration_s=None)
            for n in range(1, count + 1)
        ]
        session.commit()
        return [asset.id for asset in reversed(made)]


@contextmanager
def _session(served: Served) -> Iterator[Session]:
    with host.servers(read({}, data=served.data)) as hosted:
        audit.configure(hosted.settings.secret_key)
        engine = create_engine(driver_url(hosted.settings.database_url))
        with Session(engine, expire_on_commit=False) as session:
            yield session
        engine.dispose()


def _owner(session: Session) -> Principal:
    user = session.scalars(select(User).where(User.email == OWNER)).one()
    member = session.scalars(select(Member).where(Member.user_id == user.id)).one()
    return Principal(member.workspace_id, user.id, member.role, user.name, user.email, None)
