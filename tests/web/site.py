"""A running web process with real servers behind it, and people who are signed in."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from jobs import broker
from lectern import host
from lectern.database.sessions import driver_url
from lectern.models import Asset
from lectern.people import audit, sign_ins, tokens
from lectern.people.principal import Principal
from lectern.settings import read
from tests.conftest import prepare
from tests.factories import make_asset, make_principal
from tests.web.serving import started
from tests.web.sockets import WebSocket


@dataclass
class Site:
    """Where it answers, and what stands behind it."""

    port: int
    server: "subprocess.Popen[bytes]"
    hosted: host.Servers
    session: Session

    def person(self) -> tuple[Principal, str]:
        principal = make_principal(self.session)
        secret = sign_ins.open_for(self.session, principal).secret
        self.session.commit()
        return principal, secret

    def token(self, principal: Principal) -> str:
        text = tokens.create(
            self.session, principal, principal.workspace_id, "test", ["read", "write"]
        )
        self.session.commit()
        return text

    def open(self, secret: str) -> WebSocket:
        cookie, origin = f"lectern={secret}", f"http://127.0.0.1:{self.port}"
        opened = WebSocket(self.port, Cookie=cookie, Origin=origin)
        assert opened.receive_json() == {"event": "refresh"}
        return opened

    def asset(self, principal: Principal) -> Asset:
        asset = make_asset(self.session, principal)
        self.session.commit()
        return asset


@contextmanager
def living(data: Path) -> Iterator[Site]:
    """PostgreSQL, Redis and one web process on a data folder of their own."""
    with ExitStack() as stack:
        prepare(data)
        hosted = stack.enter_context(host.servers(read({}, data=data)))
        environ = {**os.environ, **hosted.environment}
        port, server = stack.enter_context(started("web.asgi:app", environ))
        engine = create_engine(driver_url(hosted.settings.database_url))
        stack.callback(engine.dispose)
        session = stack.enter_context(Session(engine, expire_on_commit=False))
        audit.configure(hosted.settings.secret_key)
        broker.configure(hosted.settings.redis_url)
        yield Site(port, server, hosted, session)
        broker.connection().close()
