"""A WebSocket client as small as RFC 6455 lets it be, for tests that must see every frame."""

import base64
import json
import os
import socket
import struct
from types import TracebackType
from typing import Any, Self

TEXT, CLOSE = 1, 8


class Refused(Exception):
    """The server did not switch protocols; holds the status line."""


class WebSocket:
    """One connection; `receive` gives a text, or the code the server closed with."""

    def __init__(self, port: int, path: str = "/live", **headers: str) -> None:
        self.plain = socket.create_connection(("127.0.0.1", port), timeout=15)
        self._rest = b""
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        self.plain.sendall("\r\n".join([*lines, "\r\n"]).encode())
        while b"\r\n\r\n" not in self._rest:
            if not (piece := self.plain.recv(4096)):
                break
            self._rest += piece
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            self.plain.close()
            raise Refused(head.split(b"\r\n")[0].decode())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.plain.close()

    def receive(self, timeout_s: float = 15.0) -> str | int:
        self.plain.settimeout(timeout_s)
        kind, length = self._take(2)
        length &= 127
        if length == 126:
            (length,) = struct.unpack(">H", self._take(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", self._take(8))
        body = self._take(length)
        if kind & 15 == CLOSE:
            return int(struct.unpack(">H", body[:2])[0]) if body else 1005
        return body.decode()

    def receive_json(self) -> Any:
        return json.loads(str(self.receive()))

    def silent_for(self, seconds: float) -> bool:
        try:
            self.receive(seconds)
        except TimeoutError:
            return True
        return False

    def send(self, text: str) -> None:
        body, mask = text.encode(), os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(body))
        self.plain.sendall(bytes([0x80 | TEXT, 0x80 | len(body)]) + mask + masked)

    def _take(self, length: int) -> bytes:
        while len(self._rest) < length:
            piece = self.plain.recv(65536)
            if not piece:
                raise ConnectionResetError("the server ended the connection")
            self._rest += piece
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken
