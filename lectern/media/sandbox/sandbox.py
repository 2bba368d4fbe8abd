"""The sandbox: a fresh, confined child process that alone opens user bytes, and its leash."""

import contextlib
import json
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg

import core_ext
import lectern
from lectern.errors import LecternError
from lectern.media.sandbox.answer import Answer
from lectern.media.sandbox.refusal import (
    Refused,
    SandboxCrashed,
    SandboxUnavailable,
    Stopped,
    Unreadable,
)
from lectern.pipeline.limits import GIB, Limits
from lectern.settings import Settings

# How often a quiet sandbox is looked at: for its deadline, and for a wish to stop it.
_TICK_S = 0.25
# More than any task answers; a child that says more has been taken over.
_MOST_ANSWER_BYTES = 8 << 20
_LOG_TAIL_BYTES = 8 << 10
# Between the last word and the end of the process; Python takes a few milliseconds to leave.
_FAREWELL_S = 5.0

# How ffmpeg and x264 say it. x264 does not say why it cannot begin; as its arguments are ours, only
# memory is left.
_OUT_OF_MEMORY = re.compile(
    rb"Cannot allocate memory|Resource temporarily unavailable|malloc of size|"
    rb"enc:libx264 @ \w+\] Error while opening encoder"
)

_SYSTEM_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")
_DEVICES = ("/dev/null", "/dev/urandom")
_LOADERS = (
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
)


@dataclass
class _Machine:
    ffmpeg: str | None = None
    allow_no_landlock: bool = False


_machine = _Machine()


def configure(settings: Settings) -> None:
    """Bind this process to its ffmpeg and its rule about Landlock; workers call it once."""
    _machine.ffmpeg = settings.ffmpeg
    _machine.allow_no_landlock = settings.allow_no_landlock


def ffmpeg() -> Path:
    """The ffmpeg in use: `LECTERN_FFMPEG`, or the one pinned with the dependencies.

    Raises:
        SandboxUnavailable: the configured one does not exist.
    """
    if _machine.ffmpeg is None:
        return Path(imageio_ffmpeg.get_ffmpeg_exe()).resolve()
    found = shutil.which(_machine.ffmpeg)
    if found is None:
        raise SandboxUnavailable(f"LECTERN_FFMPEG names {_machine.ffmpeg}, which cannot be run.")
    return Path(found).resolve()


def run(
    task: str,
    arguments: Mapping[str, Any],
    *,
    read: Sequence[Path],
    scratch: Path,
    limits: Limits,
    on_progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Do one task of `lectern.media.inside` in a fresh sandbox and return its answer.

    The sandbox reads `read` and nothing else of ours, writes below `scratch`, and is gone with
    everything it started when this returns or raises. Progress runs from 0 to 1. Task `ffmpeg`
    answers `{"exit": status, "log": tail}`; the log is for operators, never for users.

    Raises:
        Refused: by the task, or because a limit was reached; the sentence says which.
        SandboxCrashed: it died without an answer; may be tried again a few times.
        SandboxUnavailable: this kernel cannot confine it, and that is not allowed.
        Unreadable: an input cannot be opened now.
        Stopped: `cancelled` said so.
    """
    for path in read:
        if not os.access(path, os.R_OK):
            raise Unreadable("The stored file cannot be read right now. Try again later.")
    request = _request(task, arguments, read, scratch, limits)
    answer = Answer(on_progress, float(arguments.get("duration_s") or 0))
    child = _Child(scratch)
    try:
        child.send(request)
        child.listen(answer, limits.wall_s, cancelled)
    finally:
        child.end()
    try:
        return _verdict(task, child, answer, limits)
    except LecternError as error:
        # For whoever runs the server, never for the person who sent the file.
        error.add_note(child.log.decode(errors="replace"))
        raise


def output(scratch: Path, number: int) -> Path:
    """File `out.<number>` that a sandbox wrote; taken only if it is a plain, non-empty file.

    Raises:
        SandboxCrashed: there is no such file.
    """
    path = scratch / f"out.{number}"
    if path.is_symlink() or not path.is_file() or not path.stat().st_size:
        raise SandboxCrashed("The conversion ended without a result.")
    return path


@contextlib.contextmanager
def described(what: str) -> Iterator[None]:
    """Read an answer in this block: it is a process's that may have been taken over.

    Raises:
        SandboxCrashed: something is missing in the answer, or is not what it should be.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise SandboxCrashed(f"The {what} came without a description.") from error


def _request(
    task: str, arguments: Mapping[str, Any], read: Sequence[Path], scratch: Path, limits: Limits
) -> bytes:
    execute = []
    if task == "ffmpeg":
        execute = [str(ffmpeg()), *(str(Path(p).resolve()) for p in _LOADERS if Path(p).exists())]
    request = {
        "task": task,
        "arguments": dict(arguments),
        "parent": os.getpid(),
        "allow_no_landlock": _machine.allow_no_landlock,
        "read": [*_code(task), *(str(path.resolve()) for path in read)],
        "write": [str(scratch.resolve())],
        "execute": execute,
        "limits": asdict(limits),
    }
    return json.dumps(request).encode()


def _code(task: str) -> list[str]:
    """What the child's own code is read from; ffmpeg is one file and needs only libraries."""
    system = [*_SYSTEM_LIBRARIES, *_DEVICES]
    if task == "ffmpeg":
        return system
    python = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    ours = {str(Path(package.__path__[0]).resolve()) for package in (lectern, core_ext)}
    return [*sorted(python | ours), *system]


class _Child:
    """The process at the other end; `usage` and `status` are known after `end`."""

    def __init__(self, scratch: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-m", "lectern.media.sandbox.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=scratch,
            # Nothing of ours: no addresses, no keys. Arenas are address space, which is limited.
            env={
                "PATH": "/usr/bin:/bin",
                "LC_ALL": "C.UTF-8",
                "HOME": "/nonexistent",
                "TMPDIR": str(scratch),
                "MALLOC_ARENA_MAX": "2",
                "OPENBLAS_NUM_THREADS": "1",
            },
            start_new_session=True,
        )
        pipes = (self.process.stdin, self.process.stdout, self.process.stderr)
        self.requests, self.answers, self.complaints = (pipe for pipe in pipes if pipe)
        self.status: int | None = None
        self.cpu_s = 0.0
        self.log = b""
        self.late = self.stopped = self.flooded = self.silent = False

    def send(self, request: bytes) -> None:
        # A child that is already dead is judged by its silence.
        with contextlib.suppress(BrokenPipeError):
            self.requests.write(request)
            self.requests.close()

    def listen(self, answer: Answer, wall_s: float, cancelled: Callable[[], bool] | None) -> None:
        """Take in what it says until it closes its pipes, or until it has to be stopped."""
        deadline = time.monotonic() + wall_s
        with selectors.DefaultSelector() as selector:
            for pipe in (self.answers, self.complaints):
                selector.register(pipe, selectors.EVENT_READ)
            while selector.get_map():
                self.late = time.monotonic() > deadline
                self.stopped = cancelled is not None and cancelled()
                if self.late or self.stopped or self.flooded:
                    return
                for key, _ in selector.select(_TICK_S):
                    data = os.read(key.fd, 1 << 16)
                    if not data:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is self.answers:
                        answer.feed(data)
                        self.flooded = answer.size > _MOST_ANSWER_BYTES
                    else:
                        self.log = (self.log + data)[-_LOG_TAIL_BYTES:]
        self.silent = True

    def end(self) -> None:
        """Reap it; one that does not end by itself once its pipes are closed is killed."""
        patience = time.monotonic() + _FAREWELL_S
        reaped = 0
        while self.silent and not reaped and time.monotonic() < patience:
            reaped, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if not reaped:
                time.sleep(0.002)
        if not reaped:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            _, status, usage = os.wait4(self.process.pid, 0)
        self.status = self.process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_s = usage.ru_utime + usage.ru_stime
        for pipe in (self.requests, self.answers, self.complaints):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def _verdict(task: str, child: _Child, answer: Answer, limits: Limits) -> dict[str, Any]:
    if child.stopped:
        raise Stopped("The work on this file was stopped.")
    if answer.unavailable:
        raise SandboxUnavailable(answer.unavailable)
    if answer.refused:
        raise Refused(answer.refused)
    if child.late:
        raise Refused(
            "Opening the file took longer than %(wall_s)s seconds, the limit.",
            wall_s=f"{limits.wall_s:.0f}",
        )
    if child.status in {-signal.SIGKILL, -signal.SIGXCPU} and child.cpu_s > limits.cpu_s - 1:
        raise Refused(
            "Opening the file took more than %(cpu_s)s seconds of computing, the limit.",
            cpu_s=limits.cpu_s,
        )
    if answer.out_of_memory or _OUT_OF_MEMORY.search(child.log):
        raise Refused(
            "Opening the file takes more than %(value)s GiB of memory, the limit.",
            value=f"{limits.memory_bytes / GIB:.0f}",
        )
    if answer.out_of_space or b"File too large" in child.log:
        raise Refused("The converted file would become far larger than the original.")
    if task == "ffmpeg" and child.status is not None and child.status >= 0 and answer.confined:
        return {"exit": child.status, "log": child.log.decode(errors="replace")}
    if child.status == 0 and answer.result is not None and not child.flooded:
        return answer.result
    detail = answer.crashed or f"status {child.status}"
    raise SandboxCrashed(f"Opening the file failed unexpectedly ({detail}).")
