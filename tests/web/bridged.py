"""A small Flask application behind the bridge, for a real server in a process of its own."""

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from lectern.errors import Conflict
from web.serving.bridge import Bridge
from web.serving.replies import FileReply, ReceivingReply

wsgi = Flask(__name__)
FOLDER = Path(os.environ.get("BRIDGED_FOLDER", "."))
interruptions: list[int] = []


@wsgi.after_request
def mark(response: Response) -> Response:
    response.headers["X-Marked"] = "yes"
    return response


@wsgi.errorhandler(Conflict)
def conflict(error: Conflict) -> ResponseReturnValue:
    return jsonify(detail=str(error)), 409


@wsgi.route("/echo", methods=["GET", "POST"])
@wsgi.route("/echo/<path:rest>", methods=["GET"])
def echo(rest: str = "") -> ResponseReturnValue:
    environ = request.environ
    kept = {name: value for name, value in environ.items() if isinstance(value, str)}
    return jsonify(environ=kept, body=request.get_data().decode(), path=request.path)


@wsgi.get("/file/<name>")
def file(name: str) -> ResponseReturnValue:
    return FileReply(FOLDER / name, mime="application/octet-stream", etag="e1")


@wsgi.get("/nothing")
def nothing() -> ResponseReturnValue:
    return "", 204


@wsgi.get("/long")
def long() -> ResponseReturnValue:
    def pieces() -> Iterator[bytes]:
        for _ in range(80):
            yield b"x" * (64 << 10)

    return Response(pieces(), mimetype="text/plain")


@wsgi.get("/slow")
def slow() -> ResponseReturnValue:
    time.sleep(float(request.args["s"]))
    return "slept"


@wsgi.get("/broken")
def broken() -> ResponseReturnValue:
    raise RuntimeError("on purpose")


@wsgi.get("/peak")
def peak() -> ResponseReturnValue:
    # Not ru_maxrss: it keeps what the process that started this one held.
    status = Path("/proc/self/status").read_text()
    kib = int(status.partition("VmHWM:")[2].split()[0])
    return jsonify(kib=kib, threads=threading.active_count(), interruptions=interruptions)


@wsgi.patch("/api/v1/uploads/<name>")
def receive(name: str) -> ResponseReturnValue:
    if name == "refused":
        raise Conflict("Not now.")
    return ReceivingReply(Sink(name))


class Sink:
    """Counts and hashes; stops in the middle when asked to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, piece: bytes) -> None:
        self.size += len(piece)
        self.digest.update(piece)
        if self.name == "stopping" and self.size > 3 << 20:
            raise Conflict("Another request has taken over.")

    def finish(self) -> ResponseReturnValue:
        reply = jsonify(size=self.size, digest=self.digest.hexdigest(), path=request.path)
        reply.headers["Upload-Offset"] = str(self.size)
        return reply

    def interrupted(self) -> None:
        interruptions.append(self.size)


class _Application:
    def __init__(self) -> None:
        self.bridge = Bridge(wsgi.wsgi_app, threads=2)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            self.bridge.close()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await self.bridge(scope, receive, send)


app = _Application()
