"""Replies for bytes that lie in a storage of their own: a way there, or a few of them."""

from collections.abc import Callable, Iterable

from flask import Response, request
from werkzeug.http import quote_etag


class Redirect(Response):
    """Sends the browser to a signed address. `kept_s` seconds it may go there again unasked."""

    def __init__(self, url: str, *, kept_s: int = 0) -> None:
        super().__init__(status=302)
        # The address holds a secret with a `%`-escaped value, which must arrive as it is.
        self.autocorrect_location_header = False
        self.headers["Location"] = url
        self.headers["Cache-Control"] = f"private, max-age={kept_s}" if kept_s else "no-store"
        self.headers["Vary"] = "Cookie, Authorization"


class BytesReply(Response):
    """A small file, held in memory; the caller keeps it by its strong, unquoted `etag`.

    `read` is asked only when the caller has another, or none.
    """

    def __init__(self, read: Callable[[], Iterable[bytes]], *, mime: str, etag: str) -> None:
        unchanged = request.if_none_match.contains_weak(etag)
        super().__init__(b"" if unchanged else b"".join(read()), 304 if unchanged else 200)
        self.content_type = mime
        self.headers["ETag"] = quote_etag(etag)
