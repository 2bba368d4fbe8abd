"""The two servers for as long as one command needs them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lectern.host import sockets
from lectern.host.account import for_servers
from lectern.host.lock import Kind, Lock, Owner, take_or_join
from lectern.host.postgres import Postgres
from lectern.host.programs import find
from lectern.host.redis import Redis
from lectern.host.refusal import HostError
from lectern.host.secrets import secret
from lectern.settings import Settings

# A passing command (a first start, an import) may hold the folder for a while.
PATIENCE_S = 600.0


class Servers:
    """Addresses of PostgreSQL and Redis, and what it takes to keep our own alive."""

    def __init__(
        self,
        settings: Settings,
        migrate_url: str,
        lock: Lock | None = None,
        postgres: Postgres | None = None,
        redis: Redis | None = None,
    ) -> None:
        self.settings = settings
        self.migrate_url = migrate_url
        self._lock = lock
        self.postgres = postgres
        self.redis = redis

    @property
    def environment(self) -> Mapping[str, str]:
        """What a child process needs in its environment to use these servers and this folder."""
        return {
            "LECTERN_DATA": str(self.settings.data),
            "LECTERN_DATABASE_URL": self.settings.database_url,
            # Not for processes that answer to the world: see `collector_environment`.
            "LECTERN_GC_DATABASE_URL": "",
            "LECTERN_REDIS_URL": self.settings.redis_url,
            "LECTERN_SECRET_KEY": self.settings.secret_key,
        }

    @property
    def collector_environment(self) -> Mapping[str, str]:
        """The same for the process that deletes what nothing names, with its own role."""
        return {**self.environment, "LECTERN_GC_DATABASE_URL": self.settings.gc_database_url}

    @property
    def pids(self) -> set[int]:
        """The processes of our own servers."""
        started = (server.process for server in (self.postgres, self.redis) if server)
        return {process.pid for process in started if process}

    def announce(self, address: str) -> None:
        """Tell other commands on this folder where the pages are."""
        if self._lock:
            self._lock.announce_address(address)

    def tend(self) -> list[str]:
        """Start again what has died, and name it. Call every second or so, on the first thread.

        Raises:
            HostError: it does not come up again.
        """
        risen = []
        for server in (self.postgres, self.redis):
            if server is None:
                continue
            sockets.reachable(server.folder)
            if server.dead():
                server.start()
                risen.append(type(server).__name__)
        return risen

    def stop(self) -> None:
        """Stop what this process started; the data folder is free again afterwards."""
        for server in (self.redis, self.postgres):
            if server:
                server.stop()
        if self._lock:
            self._lock.release()
            self._lock = None


@contextmanager
def servers(
    settings: Settings,
    kind: Kind = Kind.COMMAND,
    wait: Callable[[Owner], None] = lambda owner: None,
    postgres_options: Mapping[str, str] | None = None,
) -> Iterator[Servers]:
    """Use the servers that already run on `settings.data`, or run them until the block ends.

    What the settings name by address is used as it is, and only the other is run here. `wait` is
    told when a passing command must end first. Enter and leave on the same thread: the servers end
    with it.

    Raises:
        HostError: the folder is taken, or a server does not start.
    """
    _make_private(settings.data)
    secret_key = settings.secret_key or secret(settings.data, "secret_key")
    settings = replace(settings, secret_key=secret_key)
    lock = Lock(settings.data, kind)
    try:
        owner = take_or_join(lock, settings.data, PATIENCE_S, wait)
    except HostError:
        lock.close()
        raise
    if owner:
        lock.close()
        yield _joined(settings, owner)
        return
    hosted = _start(settings, lock, postgres_options)
    try:
        yield hosted
    finally:
        hosted.stop()


def _make_private(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data / "servers.lock").touch(mode=0o600)
    except OSError as error:
        raise HostError(f"The data folder {data} cannot be used: {error.strerror}.") from error


def _joined(settings: Settings, owner: Owner) -> Servers:
    joined = replace(
        settings,
        database_url=settings.database_url or owner.database_url,
        gc_database_url=settings.gc_database_url or owner.gc_database_url,
        redis_url=settings.redis_url or owner.redis_url,
    )
    return Servers(joined, settings.database_url or owner.migrate_url)


def _start(settings: Settings, lock: Lock, postgres_options: Mapping[str, str] | None) -> Servers:
    account = for_servers()
    postgres = redis = None
    hosted = Servers(settings, settings.database_url, lock)
    try:
        if not (settings.database_url and settings.redis_url):
            programs = find(account)
            if not settings.database_url:
                postgres = Postgres(settings.data, programs, account, postgres_options)
            if not settings.redis_url:
                redis = Redis(settings.data, programs, account)
        complete = replace(
            settings,
            database_url=postgres.url("lectern_app") if postgres else settings.database_url,
            gc_database_url=postgres.url("lectern_gc") if postgres else settings.gc_database_url,
            redis_url=redis.url if redis else settings.redis_url,
        )
        migrate_url = postgres.url("lectern_migrate") if postgres else settings.database_url
        hosted = Servers(complete, migrate_url, lock, postgres, redis)
        for server in (postgres, redis):
            if server:
                server.start()
    except BaseException:
        hosted.stop()
        raise
    lock.announce(
        replace(
            lock.owner,
            ready=True,
            database_url=complete.database_url,
            gc_database_url=complete.gc_database_url,
            migrate_url=migrate_url,
            redis_url=complete.redis_url,
        )
    )
    return hosted
