"""One Redis of our own on a folder: unix socket, password, no TCP port, nothing evicted."""

import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from lectern.host import process, sockets
from lectern.host.account import Account, own
from lectern.host.programs import Programs
from lectern.host.refusal import HostError
from lectern.host.secrets import secret

SOCKET = "redis.sock"
APPEND_ONLY_FILE = "appendonly.aof"
START_PATIENCE_S = 60.0
STOP_PATIENCE_S = 10.0

# Given on standard input, so that the password is in no file but ours and in no process list.
CONFIGURATION = """\
port 0
unixsocket {socket}
unixsocketperm 700
requirepass {password}
protected-mode yes
daemonize no
dir .
save ""
appendonly yes
appendfilename {file}
appendfsync everysec
maxmemory-policy noeviction
"""


class Redis:
    """The server of `data/redis`; holds the process between `start` and `stop`."""

    def __init__(self, data: Path, programs: Programs, account: Account | None) -> None:
        self.folder = data / "redis"
        self.log = data / "log" / "redis.log"
        self.programs = programs
        self.account = account
        self.password = secret(data, "redis")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address, with its password."""
        path = sockets.reachable(self.folder) / SOCKET
        return f"unix://:{self.password}@{quote(str(path))}"

    def start(self) -> None:
        """Bring the server up and return when it answers.

        A log that Redis refuses to read is set aside: queues only wake workers, progress passes,
        so an empty Redis loses nothing that PostgreSQL does not hold.

        Raises:
            HostError: it does not come up even so; the message carries its last words.
        """
        self.folder.mkdir(mode=0o700, exist_ok=True)
        own(self.folder, self.account)
        process.end_orphans(self.folder, "redis-server", [signal.SIGTERM])
        (self.folder / SOCKET).unlink(missing_ok=True)
        log = self.folder / APPEND_ONLY_FILE
        if self._try():
            return
        if log.exists():
            log.replace(self.folder / f"{APPEND_ONLY_FILE}.unreadable")
            if self._try():
                return
        raise HostError(f"Redis did not start: {process.last_words(self.log)}")

    def stop(self) -> None:
        """Let Redis write what it has and end."""
        if self.process:
            process.stop(self.process, [signal.SIGTERM], STOP_PATIENCE_S)
            self.process = None

    def dead(self) -> bool:
        """True when the started server has ended by itself."""
        return self.process is not None and self.process.poll() is not None

    def _try(self) -> bool:
        text = CONFIGURATION.format(socket=SOCKET, password=self.password, file=APPEND_ONLY_FILE)
        self.process = process.start_server(
            [self.programs.redis_server, "-"],
            self.folder,
            self.account,
            self.log,
            signal.SIGTERM,
            stdin=subprocess.PIPE,
        )
        assert self.process.stdin is not None  # noqa: S101 (a pipe was asked for)
        with self.process.stdin as pipe:
            pipe.write(text.encode())
        end = time.monotonic() + START_PATIENCE_S
        while time.monotonic() < end and not self.dead():
            if self._answers():
                return True
            time.sleep(0.02)
        self.stop()
        return False

    def _answers(self) -> bool:
        """Speaks the two lines of RESP itself: this layer does not know the redis package."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            try:
                connection.connect(str(sockets.reachable(self.folder) / SOCKET))
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2:
                    part = connection.recv(4096)
                    if not part:
                        return False
                    answer += part
            except OSError:
                return False
        return answer == b"+OK\r\n+PONG\r\n"
