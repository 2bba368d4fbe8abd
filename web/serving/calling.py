"""Calling a WSGI application in a thread, and what it answered in plain values."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from web.serving.replies import PIECE, FileBody, ReceivingBody

Headers = list[tuple[bytes, bytes]]
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Rest:
    """What is left of a reply longer than one piece; every call runs in a thread."""

    def __init__(self, iterable: Iterable[bytes], iterator: Iterator[bytes]) -> None:
        self._iterable = iterable
        self._iterator = iterator

    def next(self) -> bytes:
        """About one more piece; empty at the end."""
        return gather(self._iterator)

    def close(self) -> None:
        """WSGI's own close, due on every way out."""
        close(self._iterable)


@dataclass(frozen=True)
class Answer:
    """A reply: its beginning is here; `rest` says how the other bytes come, if there are more.

    `early` is true when the request's body was not read to its end.
    """

    status: int
    headers: Headers
    body: bytes = b""
    rest: FileBody | ReceivingBody | Rest | None = None
    early: bool = False


def call(wsgi: Wsgi, environ: dict[str, Any]) -> Answer:
    """Run the application up to the first piece of its body."""
    status, headers = 500, Headers()

    def start_response(line: str, fields: list[tuple[str, str]], exc_info: Any = None) -> None:
        nonlocal status, headers
        status = int(line[:3])
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields
        ]

    iterable = wsgi(environ, start_response)
    if isinstance(iterable, FileBody | ReceivingBody):
        return Answer(status, headers, rest=iterable)
    iterator = iter(iterable)
    try:
        body = gather(iterator)
    except BaseException:
        close(iterable)
        raise
    if len(body) < PIECE:
        close(iterable)
        return Answer(status, headers, body)
    return Answer(status, headers, body, Rest(iterable, iterator))


def gather(iterator: Iterator[bytes]) -> bytes:
    """The next bytes, at least one piece of them unless they end before."""
    pieces, size = [], 0
    for piece in iterator:
        pieces.append(piece)
        size += len(piece)
        if size >= PIECE:
            break
    return b"".join(pieces)


def close(iterable: Iterable[bytes]) -> None:
    """Close what can be closed."""
    if hasattr(iterable, "close"):
        iterable.close()
