"""Replies whose bytes move without holding a web thread: a file sent, a body received.

A view returns one of these like any other response. Behind `web.serving.bridge` the bytes are
streamed on the event loop; in Flask's test client the same object does the work itself.
"""

import os
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from werkzeug.http import quote_etag

# Where the bridge says in the WSGI environ that it takes these replies over.
BRIDGED = "lectern.bridged"
PIECE = 1 << 20
_SUFFIX = re.compile(r"bytes=-(\d{1,18})", re.ASCII)


class FileBody:
    """The bytes `[start, start + length)` of a file, as a WSGI iterable the bridge recognises."""

    def __init__(self, path: Path, start: int, length: int) -> None:
        self.path = path
        self.start = start
        self.length = length

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            file.seek(self.start)
            left = self.length
            while left and (piece := file.read(min(left, PIECE))):
                left -= len(piece)
                yield piece


class FileReply(Response):
    """A stored file: Range, If-Range, If-None-Match and HEAD as RFC 9110 has them.

    `etag` is unquoted and strong. Set further headers (caching, disposition) on the object.
    """

    def __init__(
        self, path: Path, *, mime: str, etag: str, modified: datetime | None = None
    ) -> None:
        super().__init__(mimetype=None, direct_passthrough=True)
        self.path = path
        self.byte_size = os.stat(path).st_size
        self.content_type = mime
        self.content_length = self.byte_size
        self.headers["ETag"] = quote_etag(etag)
        # Werkzeug writes None as this very second.
        if modified is not None:
            self.last_modified = modified
        self.make_conditional(
            _asked(request.environ, self.byte_size),
            accept_ranges=True,
            complete_length=self.byte_size,
        )

    def get_app_iter(self, environ: dict[str, Any]) -> Iterable[bytes]:
        """The file's part that the status and headers promise."""
        if environ["REQUEST_METHOD"] == "HEAD" or self.status_code not in {200, 206}:
            return ()
        start, length = 0, self.byte_size
        if self.status_code == 206:
            start, length = self.content_range.start or 0, self.content_length or 0
        return FileBody(self.path, start, length)


def _asked(environ: dict[str, Any], size: int) -> dict[str, Any]:
    """The request, put right where Werkzeug reads RFC 9110 (§13.1.5, §14.1.2, §14.2) otherwise."""
    asked = dict(environ)
    suffix = _SUFFIX.fullmatch(asked.get("HTTP_RANGE", ""))
    if suffix and int(suffix[1]) > size > 0:
        asked["HTTP_RANGE"] = "bytes=0-"
    weak = asked.get("HTTP_IF_RANGE", "").startswith("W/")
    # Of other units than bytes we know nothing, and such a request is for the whole.
    unknown = not asked.get("HTTP_RANGE", "").lower().startswith("bytes=")
    if weak or unknown or asked["REQUEST_METHOD"] != "GET":
        asked.pop("HTTP_RANGE", None)
    return asked


class Receiver(Protocol):
    """Where a request's body goes, piece by piece. Every method is called in a thread.

    A `LecternError` or HTTP exception from any of them becomes the reply, by the app's handlers.
    """

    def write(self, piece: bytes) -> None:
        """Take the next bytes; nothing now and then while a client is silent."""

    def finish(self) -> ResponseReturnValue:
        """The body is complete; runs in the request's context. Returns the reply."""

    def interrupted(self) -> None:
        """The client went away, or `write` raised: keep what came, let go of what is held.

        Runs in the request's context.
        """


class ReceivingReply(Response):
    """Says: stream this request's body to `receiver`, then answer with what it returns.

    The view has checked everything that the headers can tell before it returns this.
    """

    def __init__(self, receiver: Receiver) -> None:
        super().__init__()
        self.receiver = receiver
        self._app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        self._environ = request.environ
        self._globals = dict(vars(g))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Hand itself to the bridge, or, without one, read the body here."""
        if environ.get(BRIDGED):
            start_response(self.status, [])
            return ReceivingBody(self)
        stream, error = environ["wsgi.input"], None
        try:
            while piece := stream.read(PIECE):
                self.receiver.write(piece)
        except Exception as problem:  # noqa: BLE001 - the app's handlers know what it means
            error = problem
        return self.complete(error)(environ, start_response)

    def complete(self, error: Exception | None = None) -> Response:
        """The reply after the last byte, or after `error` stopped the writing."""
        with self._app.request_context(self._environ):
            vars(g).update(self._globals)
            try:
                if error is not None:
                    self.receiver.interrupted()
                    raise error
                reply = self.receiver.finish()
            except Exception as problem:  # noqa: BLE001 - the same door as any view's errors
                reply = self._refuse(problem)
            return self._app.process_response(self._app.make_response(reply))

    def interrupt(self) -> None:
        """The body ended early: let the receiver keep what it has."""
        with self._app.request_context(self._environ):
            vars(g).update(self._globals)
            self.receiver.interrupted()

    def _refuse(self, problem: Exception) -> ResponseReturnValue:
        try:
            return self._app.handle_user_exception(problem)
        except Exception as unexpected:  # noqa: BLE001 - Flask logs it and answers 500
            return self._app.handle_exception(unexpected)


class ReceivingBody:
    """A `ReceivingReply` on its way through WSGI; it yields nothing itself."""

    def __init__(self, reply: ReceivingReply) -> None:
        self.reply = reply

    def __iter__(self) -> Iterator[bytes]:
        return iter(())
