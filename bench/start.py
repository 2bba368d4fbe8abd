"""From `bin/lectern serve` to its first answers, on a data folder that is there.

`python -m bench.start` starts and stops the whole of Lectern; the reference is the least a start
can be: importing the web application in a process of its own, in the same round.
"""

import argparse
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

CHECKOUT = Path(__file__).resolve().parents[1]
ROUNDS = 5
MOST_S = 2.0
PATIENCE_S = 300.0


def main() -> int:
    """Run the bench; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    starts, imports = [], []
    with tempfile.TemporaryDirectory(prefix="lectern-bench-") as folder:
        data = Path(folder) / "data"
        print(f"  a first start, with a new database: {start(data):.2f} s", flush=True)
        for _ in range(given.rounds):
            imports.append(_import())
            starts.append(start(data))
    taken, least = median(starts), median(imports)
    print(f"  importing web.asgi alone: {least:.2f} s; ratio {taken / least:.2f} ×")
    holds = taken <= MOST_S
    print(f"{'holds' if holds else 'MISSED':>6}: start to first answer: {taken:.2f} s (bar: ≤ 2 s)")
    return 0 if holds else 1


def start(data: Path) -> float:
    """Seconds from exec until both `/healthz` and the sign-in page were answered with 200."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [str(CHECKOUT / "bin/lectern"), "serve", "--port", str(port), "--data", str(data)]
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ)
    ) as process:
        try:
            for page in ("/healthz", "/sign-in"):
                _wait_for(port, page, process)
            return time.perf_counter() - started
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _wait_for(port: int, page: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", page)
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.01)
        finally:
            connection.close()
    raise RuntimeError(f"{page} was not answered")


def _import() -> float:
    started = time.perf_counter()
    command = [sys.executable, "-OO", "-c", "import web.asgi"]
    subprocess.run(command, cwd=CHECKOUT, check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
