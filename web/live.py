"""Live pages: one Redis subscription a process, one rendering a change and language.

`/live` is a WebSocket for a signed-in browser. What it sends:

- HTML: a card that swaps itself out of band (`web.pages.library.render_card`);
- `{"event": NAME, SUBJECT: ID}`: the message of a live event, as `jobs.live` declares it; `refresh`
  also on connecting and when news may have been lost.

What a page may send: any text, as a sign of life. Without one a socket gets at most `BUDGET`
bytes, since a server cannot see whether a sleeping page still reads; then it must connect again.
"""

import asyncio
import logging
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import redis.asyncio
from redis.exceptions import RedisError

from jobs import live
from jobs.broker import CHANNEL

log = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# At most four renderings a second of one asset.
THROTTLE_S = 0.25
BUDGET = 256 << 10
# A socket whose page is silent with an exhausted budget ends after this long.
SILENCE_S = 60.0
# Beyond this many different cards waiting, one refresh is cheaper.
MOST_WAITING = 100
# How often a socket's sign-in is looked at again.
RECHECK_S = 60.0
# While there is no news, pages are told to look this often, and Redis is tried as often.
AWAY_S = 3.0
REFRESH = live.message(live.REFRESH)
# As the process ends, a socket has this long to be told so; a page that reads nothing takes it all.
CLOSING_S = 2.0
TRY_AGAIN, GOING_AWAY, SIGNED_OUT = 1013, 1001, 4401


class Pages(Protocol):
    """The Flask side, called in threads."""

    def ours(self, scope: dict[str, Any]) -> bool:
        """True when a page of ours opens the WebSocket."""

    def admit(self, scope: dict[str, Any]) -> "tuple[uuid.UUID, str, str] | None":
        """The workspace, session secret and language of its browser; None when not signed in."""

    def still(self, workspace_id: uuid.UUID, secret: str) -> bool:
        """True while that session is signed in to that workspace."""

    def card(self, workspace_id: uuid.UUID, asset_id: uuid.UUID, language: str) -> str:
        """The asset's card as an out-of-band swap."""


class Socket:
    """One open page. Its queue keeps only the newest message under each key."""

    def __init__(self, workspace_id: uuid.UUID, secret: str, language: str) -> None:
        self.workspace_id = workspace_id
        self.secret = secret
        self.language = language
        self._waiting: dict[str, str] = {live.REFRESH.name: REFRESH}
        self._wake = asyncio.Event()
        self._wake.set()
        self._budget = BUDGET
        self.ended: int | None = None

    def offer(self, key: str, text: str) -> None:
        """Send `text` soon, instead of what waits under `key`."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()
            key, text = live.REFRESH.name, REFRESH
        self._waiting.pop(key, None)
        self._waiting[key] = text
        self._wake.set()

    def heard(self) -> None:
        """The page reads what it is sent."""
        self._budget = BUDGET
        self._wake.set()

    def end(self, code: int) -> None:
        """Close with this WebSocket code."""
        self.ended = code
        self._wake.set()

    async def run(self, send: Send) -> int:
        """Send what waits until `end`; returns the code to close with."""
        while self.ended is None:
            self._wake.clear()
            while self._waiting and self._budget > 0 and self.ended is None:
                text = self._waiting.pop(next(iter(self._waiting)))
                self._budget -= len(text)
                await send({"type": "websocket.send", "text": text})
            try:
                patience = None if self._budget > 0 else SILENCE_S
                async with asyncio.timeout(patience):
                    await self._wake.wait()
            except TimeoutError:
                return TRY_AGAIN
            if self._budget <= 0:
                await asyncio.sleep(THROTTLE_S)
        return self.ended


class Hub:
    """All sockets of this process, and the one subscription that feeds them."""

    def __init__(self, redis_url: str, pages: Pages) -> None:
        self._redis_url = redis_url
        self._pages = pages
        self._sockets: dict[uuid.UUID, set[Socket]] = defaultdict(set)
        self._threads = ThreadPoolExecutor(2, "live")
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections: set[asyncio.Task[Any]] = set()
        self._ending = False
        # Assets being rendered or resting; True when news came meanwhile.
        self._busy: dict[tuple[uuid.UUID, uuid.UUID], bool] = {}

    def start(self) -> None:
        """Listen from now on; call it on the event loop."""
        self._spawn(self._listen())
        self._spawn(self._recheck())

    def hurry(self) -> None:
        """The process is to end: close every socket, so that pages look for the next one."""
        self._ending = True
        for sockets in self._sockets.values():
            for socket in sockets:
                socket.end(GOING_AWAY)

    async def stop(self) -> None:
        """Close every socket, wait until their pages were told, and stop listening."""
        self.hurry()
        if self._connections:
            await asyncio.wait(self._connections, timeout=CLOSING_S)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one WebSocket until either side ends it."""
        connection = asyncio.current_task()
        if connection is not None:
            self._connections.add(connection)
            connection.add_done_callback(self._connections.discard)
        await self._serve(scope, receive, send)

    async def _serve(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()
        if not self._pages.ours(scope):
            await send({"type": "websocket.close"})
            return
        admitted = await self._in_thread(self._pages.admit, scope)
        await send({"type": "websocket.accept"})
        if admitted is None:
            # Accepted first, since only then does the page learn why it ends.
            await send({"type": "websocket.close", "code": SIGNED_OUT})
            return
        socket = Socket(*admitted)
        self._sockets[socket.workspace_id].add(socket)
        if self._ending:
            socket.end(GOING_AWAY)
        reading = asyncio.ensure_future(_read(socket, receive))
        writing = asyncio.ensure_future(socket.run(send))
        try:
            await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done() and writing.exception() is None:
                # A pending receive holds granian's socket, and the close would wait for it.
                reading.cancel()
                await send({"type": "websocket.close", "code": writing.result()})
        finally:
            reading.cancel()
            writing.cancel()
            self._forget(socket)

    def _forget(self, socket: Socket) -> None:
        sockets = self._sockets[socket.workspace_id]
        sockets.discard(socket)
        if not sockets:
            del self._sockets[socket.workspace_id]

    def _offer(self, workspace_id: uuid.UUID, key: str, text: str, language: str = "") -> None:
        """To the workspace's open pages; with `language` to those that are in it."""
        for socket in self._sockets.get(workspace_id, ()):
            if language in {"", socket.language}:
                socket.offer(key, text)

    def _refresh_all(self) -> None:
        for workspace_id in list(self._sockets):
            self._offer(workspace_id, live.REFRESH.name, REFRESH)

    async def _listen(self) -> None:
        while True:
            try:
                await self._subscribed()
            except (RedisError, OSError) as error:
                log.warning("live news is interrupted: %s", error)
            await asyncio.sleep(AWAY_S)
            self._refresh_all()

    async def _subscribed(self) -> None:
        client = redis.asyncio.Redis.from_url(self._redis_url, health_check_interval=15)
        async with client, client.pubsub() as pubsub:
            await pubsub.psubscribe(f"{CHANNEL}*")
            # Whatever was published while nobody listened is lost: let every page look again.
            self._refresh_all()
            while True:
                message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=10.0)
                if message is not None:
                    self._take(message["channel"], message["data"])

    def _take(self, channel: bytes, data: bytes) -> None:
        try:
            workspace_id = uuid.UUID(channel.decode().removeprefix(CHANNEL))
            event, subject_id = live.read(data)
        except ValueError:
            log.warning("unreadable news on %r", channel)
            return
        if workspace_id not in self._sockets:
            return
        if event is live.SIGNED_OUT:
            self._spawn(self._look(list(self._sockets[workspace_id])))
        elif event.message:
            key = f"{event.name} {subject_id}" if subject_id else event.name
            self._offer(workspace_id, key, live.message(event, subject_id))
        elif subject_id:
            self._changed((workspace_id, subject_id))

    def _changed(self, key: tuple[uuid.UUID, uuid.UUID]) -> None:
        """Render the card soon: at once after a rest, else when the rest is over."""
        if key in self._busy:
            self._busy[key] = True
        else:
            self._busy[key] = True
            self._spawn(self._render(key))

    async def _render(self, key: tuple[uuid.UUID, uuid.UUID]) -> None:
        workspace_id, asset_id = key
        try:
            while self._busy[key] and workspace_id in self._sockets:
                self._busy[key] = False
                for language in {each.language for each in self._sockets[workspace_id]}:
                    html = await self._in_thread(self._pages.card, *key, language)
                    self._offer(workspace_id, str(asset_id), html, language)
                await asyncio.sleep(THROTTLE_S)
        except Exception:
            log.exception("the card of asset %s could not be rendered", asset_id)
        finally:
            del self._busy[key]

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_S)
            await self._look([each for sockets in self._sockets.values() for each in sockets])

    async def _look(self, sockets: list[Socket]) -> None:
        """End the sockets whose session has ended."""
        for socket in sockets:
            try:
                still = await self._in_thread(self._pages.still, socket.workspace_id, socket.secret)
            except Exception:
                log.exception("a session could not be looked at")
                return
            if not still:
                socket.end(SIGNED_OUT)

    async def _in_thread(self, work: Callable[..., Any], *arguments: object) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, *arguments)

    def _spawn(self, work: "Any") -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _read(socket: Socket, receive: Receive) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        socket.heard()
