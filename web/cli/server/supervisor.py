"""Keeps the parts of Lectern running, shows what they say, and leaves no process behind."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import IO

import click

from lectern.host import HostError, Servers
from lectern.host.process import dying_with_us
from web.cli.server import addresses, orphans

TICK_S = 0.2
# A part that has run this long was healthy; what ends it is not the fault it had at its start.
HEALTHY_S = 60.0
LONGEST_PAUSE_S = 30.0
START_PATIENCE_S = 120.0
FAILED_STARTS = 4
# A task in hand is given back within this; what is still there is killed, and swept up later.
STOP_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Part:
    """One process: its name in the log, and its command."""

    name: str
    command: tuple[str, ...]


@dataclass
class Child:
    """A part, running or about to be started again at `start_at` (monotonic seconds)."""

    part: Part
    environment: Mapping[str, str]
    process: "subprocess.Popen[str] | None" = None
    started: float = 0.0
    start_at: float = 0.0
    failures: int = 0
    once: bool = False
    threads: list[threading.Thread] = field(default_factory=list)


class Supervisor:
    """Parent of all parts. Use as a context on the main thread: leaving it ends every one."""

    def __init__(self, servers: Servers) -> None:
        self.children: list[Child] = []
        self.stopping = False
        self._servers = servers
        self._data = servers.settings.data
        self._marks = orphans.marks(self._data)

    def __enter__(self) -> "Supervisor":
        orphans.adopt_descendants()
        orphans.end(self._data)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopping = True
        self._end_all()

    def add(self, part: Part, environment: Mapping[str, str]) -> None:
        """Start a part and keep it running."""
        child = Child(part, {**environment, **self._marks})
        self.children.append(child)
        self._start(child)

    def run_once(self, part: Part, environment: Mapping[str, str]) -> None:
        """Start a part that ends by itself; its failure is said and changes nothing else."""
        child = Child(part, {**environment, **self._marks}, once=True)
        self.children.append(child)
        self._start(child)

    def wait_for(self, address: str) -> None:
        """Return when the pages answer at `address`.

        Raises:
            HostError: they do not, or a part keeps failing.
        """
        end = time.monotonic() + START_PATIENCE_S
        while not self.stopping and not addresses.answers(address):
            self._tick()
            for child in self.children:
                if child.failures >= FAILED_STARTS:
                    raise HostError(f"{child.part.name} does not start; its last lines are above.")
            if time.monotonic() > end:
                raise HostError(f"Nothing answered at {address} within {START_PATIENCE_S:.0f} s.")
        if self.stopping:
            raise SystemExit(0)

    def watch(self) -> None:
        """Keep everything running until a signal asks to stop."""
        while not self.stopping:
            self._tick()

    def _tick(self) -> None:
        for name in self._servers.tend():
            say("lectern", f"{name} had stopped and runs again")
        now = time.monotonic()
        for child in list(self.children):
            if child.process is not None and child.process.poll() is not None:
                self._ended(child, now)
            elif child.process is None and now >= child.start_at:
                self._start(child)
        orphans.reap(self._own_pids())
        time.sleep(TICK_S)

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(
            child.part.command,
            env=dict(child.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=dying_with_us(signal.SIGTERM),
        )
        child.started = time.monotonic()
        thread = threading.Thread(
            target=relay, args=(child.part.name, child.process.stdout), daemon=True
        )
        thread.start()
        child.threads.append(thread)

    def _ended(self, child: Child, now: float) -> None:
        assert child.process is not None  # noqa: S101 (the caller has looked)
        status = child.process.returncode
        kill_group(child.process.pid)
        child.process = None
        if child.once:
            self.children.remove(child)
            if status != 0:
                say("lectern", f"{child.part.name} failed ({describe(status)})")
            return
        child.failures = 1 if now - child.started > HEALTHY_S else child.failures + 1
        pause = min(LONGEST_PAUSE_S, 0.25 * 2**child.failures)
        child.start_at = now + pause
        say("lectern", f"{child.part.name} ended ({describe(status)}), again in {pause:.1f} s")

    def _end_all(self) -> None:
        processes = [child.process for child in self.children if child.process is not None]
        for process in processes:
            if process.poll() is None:
                process.terminate()
        end = time.monotonic() + STOP_PATIENCE_S
        for process in processes:
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                say("lectern", f"process {process.pid} did not stop in time and is killed")
            kill_group(process.pid)
            process.wait()
        orphans.end(self._data, mine=True)
        orphans.reap(self._own_pids())
        for child in self.children:
            for thread in child.threads:
                thread.join(1)

    def _own_pids(self) -> set[int]:
        own = {child.process.pid for child in self.children if child.process is not None}
        return own | self._servers.pids

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True


def relay(name: str, pipe: IO[str]) -> None:
    """Show a part's lines under its name until it ends."""
    with pipe:
        for line in pipe:
            say(name, line.rstrip())


def say(name: str, text: str) -> None:
    """One line of the log, on standard error: standard output is for what was asked for."""
    click.echo(f"{name:>9} | {text}", err=True)


def describe(status: int) -> str:
    """How a process ended, in words."""
    return f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"


def kill_group(pid: int) -> None:
    """Kill what is left of the session that `pid` led."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
