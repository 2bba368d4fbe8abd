"""The commands as a person runs them: whole processes, real signals."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from lectern import host
from web.cli.server.orphans import DATA_MARK

LECTERN = (sys.executable, "-P", "-m", "web.cli")
ENVIRONMENT = {name: value for name, value in os.environ.items() if "LECTERN" not in name}
# A loaded machine with two cores; none of this takes ten seconds on a quiet one.
PATIENCE_S = 90.0


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.1)


def run(*words: str, data: Path, text: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*LECTERN, *words, "--data", str(data)],
        input=text,
        env=ENVIRONMENT,
        cwd=data.parent,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


class Serve:
    """A running `serve`, with what it printed."""

    def __init__(self, data: Path, *words: str) -> None:
        self.data = data
        self.out = data.parent / "out"
        self.log = data.parent / "log"
        with self.out.open("w") as out, self.log.open("w") as log:
            self.process = psutil.Popen(
                [*LECTERN, "serve", "--port", "0", "--data", str(data), *words],
                env=ENVIRONMENT,
                cwd=data.parent,
                stdout=out,
                stderr=log,
                start_new_session=True,
            )
        until(lambda: "ready at" in self.out.read_text() or self.process.poll() is not None)
        found = re.search(r"ready at (http://\S+)", self.out.read_text())
        assert found, self.log.read_text()
        self.address = found[1]

    def status(self, path: str, token: str = "") -> int:
        """The status of a GET; 0 when nothing answers."""
        place = self.address.removeprefix("http://")
        connection = http.client.HTTPConnection(place, timeout=10)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            connection.request("GET", path, headers=headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def named(self, words: str) -> list[psutil.Process]:
        """Our descendants with these words in their command line."""
        found = []
        for process in self.process.children(recursive=True):
            try:
                if words in " ".join(process.cmdline()):
                    found.append(process)
            except psutil.NoSuchProcess:
                continue
        return found

    def left(self) -> list[psutil.Process]:
        """Every process that has to do with this data folder, whoever its parent is."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
                inside = process.cwd().startswith(str(self.data))
                marked = process.environ().get(DATA_MARK) == str(self.data)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            if inside or marked:
                found.append(process)
        return found

    def stop(self) -> int:
        self.process.terminate()
        return int(self.process.wait(PATIENCE_S))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    served = Serve(tmp_path_factory.mktemp("serve") / "data")
    yield served
    served.stop()


def test_the_address_answers_and_an_empty_library_offers_its_first_owner(served: Serve) -> None:
    until(lambda: "/setup/" in served.out.read_text())
    link = re.search(r"(http://\S+)/setup/(\S+)", served.out.read_text())
    assert link
    assert link[1] == served.address
    assert served.status("/healthz") == 200
    assert served.status(f"/setup/{link[2]}") == 200


def test_only_the_pages_listen_on_a_network(served: Serve) -> None:
    port = int(served.address.rpartition(":")[2])
    listening = set()
    for process in [served.process, *served.process.children(recursive=True)]:
        # PostgreSQL's passing workers may be gone by now.
        with suppress(psutil.NoSuchProcess):
            listening |= {
                (place.laddr.ip, place.laddr.port)
                for place in process.net_connections("inet")
                if place.status == psutil.CONN_LISTEN
            }
    assert listening == {("127.0.0.1", port)}


def test_a_second_serve_names_the_first_and_harms_nothing(served: Serve) -> None:
    second = run("serve", "--port", "0", data=served.data)
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert f"already running on {served.data}: pid {served.process.pid}" in second.stderr
    assert f"address {served.address}" in second.stderr
    assert served.status("/healthz") == 200


def test_commands_work_beside_a_running_serve(served: Serve) -> None:
    password = "correct horse battery"
    added = run(
        "user", "add", "ada@example.org", "--role", "owner", "--password-stdin",
        data=served.data, text=password + "\n",
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    assert password not in added.stdout + added.stderr
    made = run("token", "create", "--user", "ada@example.org", "--scope", "write", data=served.data)
    token = made.stdout.splitlines()[-1]
    assert served.status("/api/v1/assets") == 401
    assert served.status("/api/v1/assets", token) == 200


def test_a_killed_part_or_server_is_started_again(served: Serve) -> None:
    for words, path in {
        "worker probe": "",
        "postgres -D": "/readyz",
        "granian": "/healthz",
    }.items():
        before = served.named(words)
        assert before, words
        for process in before:
            process.kill()
        killed = {process.pid for process in before}
        until(lambda: {one.pid for one in served.named(words)} - killed)  # noqa: B023
        until(lambda: not path or served.status(path) == 200)  # noqa: B023
    redis = served.named("redis-server")
    redis[0].kill()
    until(lambda: served.named("redis-server") not in ([], redis))
    assert "again" in served.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    served = Serve(tmp_path / "data")
    tree = served.process.children(recursive=True)
    assert len(tree) > 6
    served.process.send_signal(number)
    assert served.process.wait(PATIENCE_S) == 0
    assert not [process for process in tree if process.is_running()]
    assert not served.left()
    assert host.running(served.data) is None


def test_everything_ends_with_a_killed_serve_and_the_next_one_starts(tmp_path: Path) -> None:
    served = Serve(tmp_path / "data")
    served.process.kill()
    served.process.wait()
    until(lambda: not served.left())
    again = Serve(tmp_path / "data")
    assert again.stop() == 0


def test_after_kill_9_of_everything_the_next_serve_has_the_accounts(tmp_path: Path) -> None:
    served = Serve(tmp_path / "data")
    added = run("user", "add", "ada@example.org", data=served.data)
    assert added.returncode == 0, added.stderr
    for process in [served.process, *served.process.children(recursive=True)]:
        # Some die with the one killed before.
        with suppress(psutil.NoSuchProcess):
            process.kill()
    served.process.wait()
    again = Serve(tmp_path / "data")
    twice = run("user", "add", "ada@example.org", data=served.data)
    assert "already a member" in twice.stderr
    assert again.stop() == 0
    assert not again.left()


def test_commands_bring_their_own_servers_when_none_runs(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run("user", "add", "ada@example.org", data=data).returncode == 0
    made = run("token", "create", "--user", "ada@example.org", data=data)
    assert made.returncode == 0
    assert made.stdout.splitlines()[-1].startswith("lt_")
    assert host.running(data) is None


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["token", "create", "--user", "nobody@example.org"], "There is no account"),
        (["user", "add", "not an address"], "not a valid email address"),
        (["worker", "nonsense"], "'nonsense' is not one of"),
        (["frobnicate"], "No such command"),
    ],
)
def test_a_refusal_is_one_line_on_standard_error(
    tmp_path: Path, words: list[str], line: str
) -> None:
    refused = run(*words, data=tmp_path / "data")
    assert refused.returncode != 0
    assert refused.stdout == ""
    assert refused.stderr.count("\n") == 1
    assert line in refused.stderr


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = run("serve", "--port", str(port), data=tmp_path / "data")
    assert refused.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in refused.stderr
