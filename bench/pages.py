"""Pages while 500 others are open and told of a change every second, against none open.

`python -m bench.pages` opens 500 signed-in WebSockets from a process of its own, changes an asset
once a second, and compares the time of `/library` in interleaved rounds.
"""

import multiprocessing
import os
import selectors
import socket
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from statistics import median, quantiles

from bench import sites
from bench._measure import hold
from bench.sites import Site
from jobs import live
from lectern.database.sessions import unit_of_work
from lectern.models import Asset

OPEN_PAGES = 500
ROUNDS = 3
REQUESTS = 150
# A page may take this much of its speed to 500 open neighbours and their messages.
BAR = 0.5
SIGN_OF_LIFE = bytes([0x81, 0x84, 0, 0, 0, 0]) + b"here"


def main() -> int:
    """Run the bench; 1 when the bar is missed."""
    with sites.running() as site:
        asset = _asset(site)
        page_times(site, 30)
        alone, crowded = [], []
        for _ in range(ROUNDS):
            alone += page_times(site, REQUESTS)
            with open_pages(site) as told, _changing(site, asset):
                crowded += page_times(site, REQUESTS)
            print(f"  {OPEN_PAGES} open pages, {told.value} messages read meanwhile")
        _show("no other page open", alone)
        _show(f"{OPEN_PAGES} others open", crowded)
        return 0 if hold("speed of a page", median(alone) / median(crowded), BAR) else 1


def page_times(site: Site, count: int) -> list[float]:
    """Seconds of `count` requests for the library, one after the other."""
    connection = HTTPConnection("127.0.0.1", site.port)
    times = []
    for _ in range(count):
        started = time.perf_counter()
        connection.request("GET", "/library", headers={"Cookie": f"lectern={site.cookie}"})
        answer = connection.getresponse()
        body = answer.read()
        times.append(time.perf_counter() - started)
        if answer.status != 200 or not body:
            raise RuntimeError(f"a page was answered with {answer.status}")
    connection.close()
    return times


@contextmanager
def open_pages(site: Site) -> Iterator["Synchronized[int]"]:
    """Hold the sockets open in another process; yields the count of messages they read."""
    context = multiprocessing.get_context("fork")
    ready, stop, told = context.Event(), context.Event(), context.Value("q", 0)
    reader = context.Process(target=_read_all, args=(site.port, site.cookie, ready, stop, told))
    reader.start()
    if not ready.wait(60):
        raise RuntimeError("the sockets did not open")
    try:
        yield told
    finally:
        stop.set()
        reader.join()
    if reader.exitcode or told.value < OPEN_PAGES:
        raise RuntimeError("a socket was refused, broken or told nothing")


@contextmanager
def _changing(site: Site, asset: Asset) -> Iterator[None]:
    """Tell of a change once a second."""
    over = threading.Event()

    def change() -> None:
        while not over.wait(1.0):
            with unit_of_work() as session:
                key = (asset.workspace_id, asset.id)
                session.get_one(Asset, key, with_for_update=True).lock_version += 1
            live.publish(asset.workspace_id, live.CHANGED, asset.id)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _read_all(port: int, cookie: str, ready: Event, stop: Event, told: "Synchronized[int]") -> None:
    with selectors.DefaultSelector() as selector:
        for _ in range(OPEN_PAGES):
            selector.register(_open(port, cookie), selectors.EVENT_READ)
        ready.set()
        while not stop.is_set():
            for key, _ in selector.select(0.2):
                assert isinstance(key.fileobj, socket.socket)
                if not key.fileobj.recv(65536):
                    sys.exit("a socket was closed")
                told.value += 1
                key.fileobj.sendall(SIGN_OF_LIFE)
        for key in list(selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()


def _open(port: int, cookie: str) -> socket.socket:
    plain = socket.create_connection(("127.0.0.1", port))
    lines = [
        "GET /live HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Origin: http://127.0.0.1:{port}",
        f"Cookie: lectern={cookie}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {b64encode(os.urandom(16)).decode()}",
    ]
    plain.sendall("\r\n".join([*lines, "", ""]).encode())
    if not plain.recv(65536).startswith(b"HTTP/1.1 101"):
        raise RuntimeError("a socket was refused")
    return plain


def _asset(site: Site) -> Asset:
    with unit_of_work() as session:
        asset = Asset(
            workspace_id=site.owner.workspace_id,
            name="A lecture",
            original_name="lecture.mp4",
            kind="video",
        )
        session.add(asset)
    return asset


def _show(name: str, times: list[float]) -> None:
    p95 = quantiles(times, n=20)[-1]
    print(f"  {name:<24} median {median(times) * 1e3:6.2f} ms   p95 {p95 * 1e3:6.2f} ms")


if __name__ == "__main__":
    sys.exit(main())
