"""An upload by PATCH, hashed and acknowledged, against a bare socket-to-file copy.

Both write to the same file system with the same `fdatasync`s, in interleaved rounds.
`python -m bench.upload` prints the ratio; `bench.memory` what the web process needs meanwhile.
"""

import argparse
import multiprocessing
import os
import socket
import sys
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

from bench import sites
from bench._measure import hold, interleave, show, speed_ratio
from bench.sites import Site
from lectern.ingest.receiving import CHECKPOINT_BYTES

MIB = 1 << 20
ROUND_BYTES = 512 * MIB
ROUNDS = 5
BAR = 0.7
PIECE = os.urandom(8 * MIB)


def main() -> int:
    """Run the bench; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mebibytes", type=int, default=ROUND_BYTES // MIB)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    size = given.mebibytes * MIB
    with sites.running() as site:
        bare = _Bare(site.settings.data / "bare")
        timed = interleave(
            {"bare": lambda: bare.copy(size), "patch": lambda: upload(site, size)}, given.rounds
        )
        bare.end()
    show("bare socket to file", timed["bare"], partial(_speed, size))
    show("PATCH with BLAKE3", timed["patch"], partial(_speed, size))
    ratio = speed_ratio(timed["bare"], timed["patch"], by="wall")
    return 0 if hold("PATCH over a bare copy", ratio, BAR) else 1


def upload(site: Site, size: int) -> None:
    """Create an upload and send it by one PATCH."""
    common = {"Authorization": f"Bearer {site.token}", "Tus-Resumable": "1.0.0"}
    connection = HTTPConnection("127.0.0.1", site.port)
    connection.request("POST", "/api/v1/uploads", headers={**common, "Upload-Length": str(size)})
    created = connection.getresponse()
    created.read()
    location = created.headers["Location"]
    headers = {
        **common,
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(size),
        "Upload-Offset": "0",
    }
    pieces = (PIECE for _ in range(size // len(PIECE)))
    connection.request("PATCH", location, pieces, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 204 or answer.headers["Upload-Offset"] != str(size):
        raise RuntimeError(f"the upload was answered with {answer.status}")
    for file in site.settings.spool.glob("*/*"):
        file.unlink()


class _Bare:
    """The least a server could do: receive into a buffer, write, sync where we sync."""

    def __init__(self, path: Path) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        context = multiprocessing.get_context("fork")
        self._server = context.Process(target=_serve_bare, args=(self._listening, path))
        self._server.start()

    def copy(self, size: int) -> None:
        """Send `size` bytes and wait for the one byte that says they are durable."""
        with socket.create_connection(self._listening.getsockname()) as plain:
            plain.sendall(size.to_bytes(8, "big"))
            for _ in range(size // len(PIECE)):
                plain.sendall(PIECE)
            plain.recv(1)

    def end(self) -> None:
        """Stop the server."""
        self._server.terminate()
        self._server.join()
        self._listening.close()


def _serve_bare(listening: socket.socket, path: Path) -> None:
    buffer = memoryview(bytearray(MIB))
    while True:
        plain, _ = listening.accept()
        with plain, path.open("wb", buffering=0) as file:
            size, got, synced = int.from_bytes(plain.recv(8), "big"), 0, 0
            while got < size:
                length = plain.recv_into(buffer)
                file.write(buffer[:length])
                got += length
                if got - synced >= CHECKPOINT_BYTES or got == size:
                    os.fdatasync(file.fileno())
                    synced = got
            plain.sendall(b"1")
        path.unlink()


def _speed(size: int, seconds: float) -> str:
    return f"{size / MIB / seconds:7.0f} MiB/s"


if __name__ == "__main__":
    sys.exit(main())
