"""Starting a real web server for tests, and ending it."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection


@contextmanager
def served(target: str, environ: Mapping[str, str]) -> Iterator[int]:
    """Run granian on `target` as `serve` does; yields its port."""
    with started(target, environ) as (port, _):
        yield port


@contextmanager
def started(
    target: str, environ: Mapping[str, str]
) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """The same; yields the server's process too."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port)]
    command += ["--workers", "1", "--workers-kill-timeout", "2", "--log-level", "warning", target]
    with subprocess.Popen(command, env=dict(environ)) as server:
        try:
            wait_until_open(port)
            yield port, server
        finally:
            server.terminate()
            server.wait(15)


def wait_until_open(port: int, patience_s: float = 20.0) -> None:
    end = time.monotonic() + patience_s
    while True:
        try:
            with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("GET", "/healthz")
                connection.getresponse().read()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
