"""An ASGI scope as the WSGI environ that PEP 3333 describes."""

import sys
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from web.serving.replies import BRIDGED

Scope = Mapping[str, Any]


def header(scope: Scope, name: bytes) -> str:
    """The first value of a header, or nothing."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""


def environ_of(scope: Scope, body: bytes) -> dict[str, Any]:
    """The environ of a request whose body is `body`; bytes travel as latin-1, as PEP 3333 says."""
    server, port = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(_raw_path(scope)).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server,
        "SERVER_PORT": str(port or 80),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        BRIDGED: True,
    }
    if scope.get("client"):
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = map(str, scope["client"])
    for name, value in scope["headers"]:
        _add(environ, name.decode("latin-1"), value.decode("latin-1"))
    return environ


def _raw_path(scope: Scope) -> bytes:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    # An absolute-form target (`GET http://host/path`) is legal; only its path is ours.
    return raw.partition(b"?")[0]


def _add(environ: dict[str, Any], name: str, value: str) -> None:
    key = name.upper().replace("-", "_")
    if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
        key = f"HTTP_{key}"
    # A name with an underscore could pose as another one that a proxy vouches for.
    if "_" in name:
        return
    if key in environ:
        value = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}"
    environ[key] = value
