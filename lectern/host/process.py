"""Child processes that inherit nothing of ours and do not outlive us."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

from lectern.host.account import Account

# prctl(2); loaded here because nothing may be looked up between fork and exec.
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)

# Bytes; a log longer than this is set aside at the next start, in place of the one before.
LONGEST_LOG = 16 << 20
# Nothing of our own environment is needed to run a server, and LECTERN_* holds secrets.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def dying_with_us(death_signal: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the child gets `death_signal` when the thread that started it ends."""
    parent = os.getpid()

    def prepare() -> None:
        if sys.platform == "linux":
            _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def start_server(
    command: Sequence[str | Path],
    folder: Path,
    account: Account | None,
    log: Path,
    death_signal: signal.Signals,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    pass_fds: Sequence[int] = (),
    environ: Mapping[str, str] = ENVIRONMENT,
) -> "subprocess.Popen[bytes]":
    """Start a server in `folder`, as `account`, in its own session; its words go to `log`."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LONGEST_LOG:
        log.replace(log.with_name(f"{log.name}.1"))
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        return subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            stdin=stdin,
            stdout=descriptor,
            stderr=descriptor,
            env=dict(environ),
            pass_fds=pass_fds,
            start_new_session=True,
            umask=0o077,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=dying_with_us(death_signal),
        )
    finally:
        os.close(descriptor)


def inhabitants(folder: Path, name: str) -> list[psutil.Process]:
    """Processes called `name` that work in `folder`: its servers, whoever started them."""
    home = str(folder.resolve())
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == name and process.cwd() == home:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def end_orphans(folder: Path, name: str, signals: Sequence[signal.Signals]) -> bool:
    """End what a killed owner left on `folder`, each signal having 20 s; True if there was any.

    The first of a server's processes gets the signal and ends its own children.
    """
    if not inhabitants(folder, name):
        return False
    for number in [*signals, signal.SIGKILL]:
        left = inhabitants(folder, name)
        numbers = {process.pid for process in left}
        for process in left:
            if number == signal.SIGKILL or _parent(process) not in numbers:
                _signal(process, number)
        psutil.wait_procs(left, timeout=20)
        if not inhabitants(folder, name):
            break
    return True


def _parent(process: psutil.Process) -> int | None:
    try:
        return int(process.ppid())
    except psutil.NoSuchProcess:
        return None


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def stop(
    process: "subprocess.Popen[bytes]", signals: Sequence[signal.Signals], patience_s: float
) -> None:
    """Ask with each signal in turn, waiting `patience_s` after each, and kill at last."""
    for number in [*signals, signal.SIGKILL]:
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue


def last_words(log: Path, lines: int = 5) -> str:
    """The end of a server's log, for the message that says it did not start."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            return " | ".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return "it wrote nothing"
