"""The ASGI application of one web process: pages by Flask, `/live` by the hub, `/healthz` here.

Nothing is read from the environment before the server starts the process.
"""

import asyncio
import logging
import multiprocessing
import os
import resource
import signal
import uuid
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

from flask import Flask
from flask_babel import force_locale
from granian.utils.proxies import wrap_asgi_with_proxy_headers

import core_ext
from lectern import settings
from web import auth, i18n
from web.app import create_app
from web.extensions import db
from web.live import Hub
from web.pages.library.views import render_card
from web.serving.bridge import Bridge
from web.serving.environ import header

log = logging.getLogger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Application:
    """Built when the server starts it, closed when the server stops it."""

    def __init__(self) -> None:
        self._bridge: Bridge | None = None
        self._hub: Hub | None = None
        self._handle = self._connect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, or the life of the process."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._handle(scope, receive, send)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._bridge is None or self._hub is None:
            raise RuntimeError("the server did not run the lifespan protocol")
        if scope["type"] == "websocket" and scope["path"] == "/live":
            await self._hub(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["path"] == "/healthz":
            await _healthy(scope, send)
        else:
            await self._bridge(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._open()
        except Exception as error:
            log.exception("the web process cannot start")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._hub and self._bridge:
            await self._hub.stop()
            self._bridge.close()
        await send({"type": "lifespan.shutdown.complete"})

    def _open(self) -> None:
        # The server's own parent process may be killed; this one must not serve on.
        core_ext.die_with_parent(server())
        # Each open page and each paused player is a descriptor.
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        configured = settings.read()
        if configured.trusted_proxies:
            proxies = list(configured.trusted_proxies)
            self._handle = wrap_asgi_with_proxy_headers(self._connect, proxies)
        flask = create_app(configured)
        self._bridge = Bridge(flask.wsgi_app, configured.web_threads)
        self._hub = Hub(configured.redis_url, FlaskPages(flask))
        self._hub.start()
        _on_stop(self._hub.hurry, self._bridge.hurry)


def server() -> int:
    """Process id of the server that started this process, by what it said when it did.

    Whoever is the parent now may be the one that orphans are given to, which lives for ever.
    """
    started_by = multiprocessing.parent_process()
    return (started_by.pid or 0) if started_by else os.getppid()


class FlaskPages:
    """What the hub asks of Flask, each in an application context of its own."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def ours(self, scope: Scope) -> bool:
        """A browser always says where a WebSocket's page comes from."""
        origin = header(scope, b"origin")
        with self._app.app_context():
            return bool(origin) and auth.same_origin(origin, header(scope, b"host"))

    def admit(self, scope: Scope) -> tuple[uuid.UUID, str, str] | None:
        """By the session cookie, like any page."""
        secure = self._app.extensions["lectern.settings"].secure
        secret = auth.secret_in(header(scope, b"cookie"), secure=secure)
        with self._app.app_context():
            found = auth.find_signed_in(db.session(), secret)
        if not found or not secret:
            return None
        accepted = header(scope, b"accept-language")
        return found[0].workspace_id, secret, i18n.language_of(found[0], accepted)

    def still(self, workspace_id: uuid.UUID, secret: str) -> bool:
        """True while the session lives and leads to the same workspace."""
        with self._app.app_context():
            found = auth.find_signed_in(db.session(), secret)
        return found is not None and found[0].workspace_id == workspace_id

    def card(self, workspace_id: uuid.UUID, asset_id: uuid.UUID, language: str) -> str:
        """The asset's card."""
        with self._app.app_context(), force_locale(language):
            return render_card(workspace_id, asset_id)


def _on_stop(*actions: Callable[[], None]) -> None:
    """Run `actions` on the event loop when the server is asked to stop.

    The server waits for open connections before it says so by the lifespan protocol, but pages,
    players and uploads stay open for hours. Its own handler is the event loop's and still runs.
    """
    loop = asyncio.get_running_loop()

    def tell(number: int, frame: FrameType | None) -> None:
        for action in actions:
            loop.call_soon_threadsafe(action)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)


async def _healthy(scope: Scope, send: Send) -> None:
    """The process answers, even when every thread is busy."""
    body = b"" if scope["method"] == "HEAD" else b'{"status": "ok"}'
    headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


app = Application()
