"""Flask behind ASGI. A thread runs only Python of ours: it never waits for a client's network.

A request is read first, up to 1 MiB; then the WSGI application runs in a thread; then the reply
is sent by the event loop. Files, and upload bodies of any size, are streamed by the loop
(ADR 11).
"""

import asyncio
import json
import logging
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from web.serving.calling import Answer, Headers, Rest, Wsgi, call
from web.serving.environ import Scope, environ_of, header
from web.serving.intake import Intake, Receive
from web.serving.replies import FileBody, ReceivingBody

T = TypeVar("T")
log = logging.getLogger(__name__)
Send = Callable[[dict[str, Any]], Awaitable[None]]

LONGEST_BODY = 1 << 20
UPLOADS = "/api/v1/uploads"
UPLOAD_TYPE = "application/offset+octet-stream"
# Whole exports, for an import.
IMPORTS = ("/api/v1/imports", "/exchange/imports")
IMPORT_TYPE = "application/zip"
# Small enough that hundreds of paused players cost little, large enough to be fast.
FILE_PIECE = 256 << 10
# A form that takes longer between two packets than this is not coming.
BODY_PATIENCE_S = 30.0
# What still arrives after an early answer is read for this long, and this many bytes.
DISCARD_S = 5.0
MOST_DISCARDED = 256 << 20
# What is under way when the process is asked to end has this long.
LAST_CHANCE_S = 1.0


CUT_SHORT = "The request's body ended before its end, or is not framed as HTTP says."


class Gone(Exception):
    """The client went away, or sends nothing that can be read."""


class Bridge:
    """The ASGI side of a WSGI application: `threads` requests run at once, any number wait."""

    def __init__(self, wsgi: Wsgi, threads: int = 8) -> None:
        self._wsgi = wsgi
        self._views = ThreadPoolExecutor(threads, "view")
        # Bytes have threads of their own: a slow disk must not keep pages waiting.
        self._bytes = ThreadPoolExecutor(threads, "bytes")
        self._requests: set[asyncio.Task[Any]] = set()

    def hurry(self) -> None:
        """The process is to end: in a moment stop waiting for clients, however far they are."""
        loop = asyncio.get_running_loop()
        for request in list(self._requests):
            loop.call_later(LAST_CHANCE_S, request.cancel)

    def close(self) -> None:
        """Let running requests end, and start no more."""
        self._views.shutdown()
        self._bytes.shutdown()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        task = asyncio.current_task()
        if task is not None:
            self._requests.add(task)
            task.add_done_callback(self._requests.discard)
        try:
            answer = await self._ask(scope, receive)
            if isinstance(answer.rest, ReceivingBody):
                answer = await self._take_in(scope, receive, answer.rest)
            await self._send(answer, receive, send)
        except Gone:
            # Usually nobody reads this; but a body that is no body was sent by somebody who does.
            with suppress(Exception):
                await self._send(refusal(400, "Bad request", CUT_SHORT), receive, send)
        except asyncio.CancelledError:
            return

    async def _ask(self, scope: Scope, receive: Receive) -> Answer:
        if takes_bytes(scope):
            return replace(await self._call(self._wsgi, environ_of(scope, b"")), early=True)
        body = await read_body(scope, receive)
        if body is None:
            words = "A request may have at most 1 MiB here."
            return replace(refusal(413, "Too large", words), early=True)
        return await self._call(self._wsgi, environ_of(scope, body))

    async def _take_in(self, scope: Scope, receive: Receive, body: ReceivingBody) -> Answer:
        error: Exception | None = None
        try:
            complete = await Intake(receive, body.reply.receiver, self._bytes).run()
        except asyncio.CancelledError:
            complete = False
        except Exception as problem:  # noqa: BLE001 - the app's handlers know what it means
            complete, error = True, problem
        if not complete:
            await self._run(self._views, body.reply.interrupt)
            raise Gone
        reply = await self._run(self._views, partial(body.reply.complete, error))
        answer = await self._call(reply, environ_of(scope, b""))
        return replace(answer, early=error is not None)

    async def _call(self, wsgi: Wsgi, environ: dict[str, Any]) -> Answer:
        try:
            return await self._run(self._views, partial(call, wsgi, environ))
        except Exception:
            log.exception("%s %s failed", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            return refusal(500, "Something went wrong", "The server's log says more.")

    async def _send(self, answer: Answer, receive: Receive, send: Send) -> None:
        if answer.early and answer.rest is None:
            # Ending the answer ends the connection, and a client that still sends would meet a
            # reset before it reads: so the last byte waits until it has sent all, or long enough.
            first, last = answer.body[:-1], answer.body[-1:]
            await send(_start(answer))
            await send({"type": "http.response.body", "body": first, "more_body": True})
            await discard(receive)
            await send({"type": "http.response.body", "body": last})
        else:
            await self._send_whole(answer, receive, send)

    async def _send_whole(self, answer: Answer, receive: Receive, send: Send) -> None:
        file = -1
        if isinstance(answer.rest, FileBody):
            try:
                file = await self._run(self._bytes, partial(os.open, answer.rest.path, os.O_RDONLY))
            except OSError:
                log.exception("a stored file cannot be opened")
                answer = refusal(500, "Something went wrong", "The file cannot be read.")
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            await send(_start(answer))
            if isinstance(answer.rest, FileBody):
                await self._send_file(file, answer.rest, send, gone)
            elif isinstance(answer.rest, Rest):
                await self._send_rest(answer.body, answer.rest, send, gone)
            else:
                await send({"type": "http.response.body", "body": answer.body})
        finally:
            gone.cancel()
            if file >= 0:
                os.close(file)

    async def _send_file(
        self, file: int, body: FileBody, send: Send, gone: "asyncio.Future[None]"
    ) -> None:
        position, end = body.start, body.start + body.length
        while position < end and not gone.done():
            length = min(FILE_PIECE, end - position)
            piece = await self._run(self._bytes, partial(os.pread, file, length, position))
            if not piece:
                # Shorter than promised: end here, so that the client sees a broken transfer.
                raise EOFError(f"{body.path} is shorter than its row says")
            position += len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": position < end})
        if body.length == 0:
            await send({"type": "http.response.body", "body": b""})

    async def _send_rest(
        self, first: bytes, rest: Rest, send: Send, gone: "asyncio.Future[None]"
    ) -> None:
        try:
            piece = first
            while piece and not gone.done():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                # No request is left to be worked on, only bytes.
                piece = await self._run(self._bytes, rest.next)
            await send({"type": "http.response.body", "body": b""})
        finally:
            await self._run(self._views, rest.close)

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, work)


def takes_bytes(scope: Scope) -> bool:
    """True for the requests whose body goes to a receiver, whatever its size."""
    announced = header(scope, b"content-type").partition(";")[0].strip().lower()
    upload = scope["path"].startswith(UPLOADS) and announced == UPLOAD_TYPE
    archive = scope["path"] in IMPORTS and announced == IMPORT_TYPE
    return scope["method"] in {"PATCH", "POST"} and (upload or archive)


async def read_body(scope: Scope, receive: Receive) -> bytes | None:
    """The whole body, or None when it is too long.

    Raises:
        Gone: the client left or fell silent before the end.
    """
    length = header(scope, b"content-length")
    if length.isdecimal() and int(length) > LONGEST_BODY:
        return None
    body = bytearray()
    while True:
        try:
            async with asyncio.timeout(BODY_PATIENCE_S):
                message = await receive()
        except TimeoutError as error:
            raise Gone from error
        if message["type"] == "http.disconnect":
            raise Gone
        body += message.get("body", b"")
        if len(body) > LONGEST_BODY:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def refusal(status: int, title: str, detail: str) -> Answer:
    """A problem document made here, where no request reaches the application."""
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    body = json.dumps(problem).encode()
    headers: Headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    return Answer(status, headers, body)


async def discard(receive: Receive) -> None:
    """Read on for a while and forget it."""
    left = MOST_DISCARDED
    with suppress(TimeoutError):
        async with asyncio.timeout(DISCARD_S):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def _start(answer: Answer) -> dict[str, Any]:
    return {
        "type": "http.response.start",
        "status": answer.status,
        "headers": answer.headers,
    }


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
