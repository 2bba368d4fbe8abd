"""One PostgreSQL of our own on a folder: no TCP port, passwords for everyone."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from lectern.host import process, sockets
from lectern.host.account import Account, for_initdb, own
from lectern.host.programs import Programs
from lectern.host.refusal import HostError
from lectern.host.secrets import secret

MAJOR = "18"
DATABASE = "lectern"
SUPERUSER = "lectern_superuser"
OWNER = "lectern_migrate"
ROLES = (OWNER, "lectern_app", "lectern_gc")

# The servers' account need not be able to reach the folder by its path: the kernel lets a process
# use the folder it was started in, whatever lies above it.
HERE = "/proc/self/cwd"
INITDB_OPTIONS = (
    "--auth=scram-sha-256",
    "--data-checksums",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--no-instructions",
)
HBA = "local all all scram-sha-256\nlocal replication all scram-sha-256\n"

# One machine, shared with the workers; everything else is PostgreSQL's own default, fsync included.
OPTIONS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_directories": ".",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "cluster_name": "lectern",
    "max_connections": "100",
    "jit": "off",
    # Containers often have 64 MB of /dev/shm, which parallel hash joins outgrow.
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
}

# A crash recovery replays at most max_wal_size (1 GB); minutes on a slow disk.
START_PATIENCE_S = 300.0
STOP_PATIENCE_S = 20.0


def buffers(memory: int) -> str:
    """What of so many bytes of memory PostgreSQL may keep pages in: an eighth, 128 MB to 1 GB.

    It takes as much as it has pages for. Of a large library's lists, what lies there is read three
    times as fast as what the kernel keeps.
    """
    return f"{min(1024, max(128, memory // 8 >> 20))}MB"


def _memory() -> int:
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        # A container may have less than its machine; `max` stands for no limit.
        return min(whole, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):
        return whole


class Postgres:
    """The server of `data/postgresql`; holds the process between `start` and `stop`."""

    def __init__(
        self,
        data: Path,
        programs: Programs,
        account: Account | None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self.data = data
        self.folder = data / "postgresql"
        self.log = data / "log" / "postgresql.log"
        self.programs = programs
        self.account = account
        self.options = {**OPTIONS, "shared_buffers": buffers(_memory()), **(options or {})}
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, role: str) -> str:
        """The address for one of ROLES, with its password."""
        host = quote(str(sockets.reachable(self.folder)), safe="")
        return f"postgresql://{role}:{self._password(role)}@/{DATABASE}?host={host}"

    def start(self) -> None:
        """Bring the server up, making the cluster on first use, and return when it answers.

        Raises:
            HostError: it does not come up; the message carries its last words.
        """
        if not self.folder.exists():
            self._create()
        self._check_version()
        own(self.folder, self.account)
        process.end_orphans(self.folder, "postgres", [signal.SIGINT, signal.SIGQUIT])
        # Nobody is left in the folder, so a process id in here can only be a stranger's that got
        # the number anew.
        for stale in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (self.folder / stale).unlink(missing_ok=True)
        settings = [word for pair in self.options.items() for word in ("-c", "=".join(pair))]
        # SIGINT is the fast, clean shutdown.
        self.process = process.start_server(
            [self.programs.postgres, "-D", HERE, *settings],
            self.folder,
            self.account,
            self.log,
            signal.SIGINT,
        )
        self._wait()
        self._prepare()

    def stop(self) -> None:
        """Fast shutdown, immediate if that hangs; the next start recovers from either."""
        if self.process:
            process.stop(self.process, [signal.SIGINT, signal.SIGQUIT], STOP_PATIENCE_S)
            self.process = None

    def dead(self) -> bool:
        """True when the started server has ended by itself."""
        return self.process is not None and self.process.poll() is not None

    def _password(self, role: str) -> str:
        return secret(self.data, f"postgresql_{role}")

    def _create(self) -> None:
        """Run initdb beside the final folder: a half-made cluster is never mistaken for one."""
        draft = self.folder.with_name("postgresql.new")
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(mode=0o700)
        lender = for_initdb(self.account)
        own(draft, lender)
        self._initdb(draft, lender)
        (draft / "pg_hba.conf").unlink()
        (draft / "pg_hba.conf").write_text(HBA)
        own(draft, self.account)
        draft.rename(self.folder)

    def _initdb(self, folder: Path, account: Account | None) -> None:
        # The password goes through memory, where the account may read it without any file of ours
        # being opened to it.
        password = os.memfd_create("password")
        os.write(password, self._password(SUPERUSER).encode())
        os.lseek(password, 0, os.SEEK_SET)
        try:
            words = ["-D", HERE, "-U", SUPERUSER, f"--pwfile=/proc/self/fd/{password}"]
            maker = process.start_server(
                [self.programs.initdb, *words, *INITDB_OPTIONS],
                folder,
                account,
                self.log,
                signal.SIGKILL,
                pass_fds=[password],
            )
            status = maker.wait()
        except OSError as error:
            raise HostError(
                f"PostgreSQL does not run as root, and changing to another account failed: "
                f"{error.strerror}. "
                "Run Lectern as an ordinary user, or set LECTERN_DATABASE_URL."
            ) from error
        finally:
            os.close(password)
        if status != 0:
            raise HostError(f"initdb failed: {process.last_words(self.log)}")

    def _check_version(self) -> None:
        try:
            found = (self.folder / "PG_VERSION").read_text().strip()
        except OSError as error:
            raise HostError(
                f"{self.folder} cannot be read as a database: {error.strerror}."
            ) from error
        if found != MAJOR:
            raise HostError(
                f"{self.folder} was made by PostgreSQL {found} and this is {MAJOR}; see "
                "docs/operations.md, Upgrade."
            )

    def _connect(self, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        host = str(sockets.reachable(self.folder))
        password = self._password(SUPERUSER)
        return psycopg.connect(
            host=host, user=SUPERUSER, password=password, dbname=database, autocommit=True
        )

    def _wait(self) -> None:
        end = time.monotonic() + START_PATIENCE_S
        while time.monotonic() < end:
            if self.dead():
                self.process = None
                raise HostError(f"PostgreSQL did not start: {process.last_words(self.log)}")
            try:
                self._connect("postgres").close()
            except psycopg.OperationalError as error:
                if re.search("password authentication failed", str(error)):
                    self.stop()
                    raise HostError(
                        f"The database in {self.folder} has other passwords than those in "
                        f"{self.data}/secrets; put back the secrets that belong to it."
                    ) from error
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise HostError(f"PostgreSQL did not answer: {process.last_words(self.log)}")

    def _prepare(self) -> None:
        """Roles, database and the vector extension; what is there stays as it is."""
        with self._connect("postgres") as connection:
            for role in ROLES:
                self._ensure_role(connection, role)
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if known.fetchone() is None:
                create = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(create.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))
        with self._connect(DATABASE) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            connection.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
            connection.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO lectern_app, lectern_gc")

    def _ensure_role(self, connection: "psycopg.Connection[tuple[object, ...]]", role: str) -> None:
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
            return
        # Hashed here, so that the server never sees the password and no log can hold it.
        hashed = connection.pgconn.encrypt_password(
            self._password(role).encode(), role.encode(), b"scram-sha-256"
        )
        create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
        connection.execute(create.format(sql.Identifier(role), sql.Literal(hashed.decode())))
