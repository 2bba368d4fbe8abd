"""Limits, death with the parent, and what holds when a machine refuses some layers."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core_ext.confined import CHECKOUT, SYSTEM, finish, outcomes, start

AS_NOBODY = "os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)"

# User namespaces nest 32 deep at most; without capabilities no other namespace can be left.
WITHOUT_NAMESPACES = """
for _ in range(40):
    libc.unshare(0x10000000)
version = (ctypes.c_uint32 * 2)(0x20080522, 0)
call('capset', version, (ctypes.c_uint32 * 6)())
"""

ATTEMPTS = {
    "neighbour": "(here / 'secret').read_bytes()",
    "own": "(here / 'out/made').write_bytes(b'x')",
    "socket": "socket.socket()",
    "parent": "os.kill(os.getppid(), 0)",
    "fork": "os.fork()",
}
REFUSED = {"neighbour": "EACCES", "own": "done", "socket": "EPERM", "parent": "EPERM"}


def test_cpu_time_is_limited(tmp_path: Path) -> None:
    child = start(tmp_path, "confine()\nwhile True: pass", cpu_seconds=1)
    finish(child)
    assert child.returncode in (-signal.SIGKILL, -signal.SIGXCPU)


def test_memory_file_size_and_open_files_are_limited(tmp_path: Path) -> None:
    attempts = {
        "modest": "bytearray(64 << 20)",
        "greedy": "bytearray(2 << 30)",
        "small": "(here / 'out/small').write_bytes(bytes(1 << 20))",
        "large": "(here / 'out/large').write_bytes(bytes((1 << 20) + 1))",
        "many": "[os.dup(1) for _ in range(64)]",
    }
    result = outcomes(tmp_path, attempts, memory_bytes=1 << 30)
    assert [result[name] for name in ("modest", "small")] == ["done", "done"]
    assert result["greedy"] in ("MemoryError", "ENOMEM")
    assert result["large"] == "EFBIG"
    assert result["many"] == "EMFILE"
    assert (tmp_path / "out/large").stat().st_size <= 1 << 20


def test_only_a_listed_program_can_take_over(landlock: int, tmp_path: Path) -> None:
    assert landlock > 0
    body = """
confine()
print(outcome(lambda: os.execv("/usr/bin/env", ["env"])), flush=True)
os.execv("/usr/bin/echo", ["echo", "taken over"])
"""
    child = start(tmp_path, body, execute=["/usr/bin/echo"])
    out, err = finish(child)
    assert (out.split("\n"), child.returncode) == (["EACCES", "taken over", ""], 0), err


def test_a_socket_from_outside_connects_nowhere(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        result = outcomes(
            tmp_path,
            {"connect": f"inherited.connect({address!r})"},
            before="inherited = socket.socket()",
        )
    assert result["connect"] == "EPERM"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x32 is an ABI of x86-64.")
def test_a_call_by_the_x32_abi_kills(tmp_path: Path) -> None:
    child = start(tmp_path, "confine()\nlibc.syscall(0x40000000 | 39)\nprint('alive')")
    out, _ = finish(child)
    assert (out, child.returncode) == ("", -signal.SIGSYS)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users reach too, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("before", ["", WITHOUT_NAMESPACES], ids=["all", "no namespaces"])
@pytest.mark.parametrize("user", ["", AS_NOBODY], ids=["as we are", "as nobody"])
def test_it_holds_for_any_user_with_or_without_namespaces(
    landlock: int, open_folder: Path, user: str, before: str
) -> None:
    if user and os.geteuid() != 0:
        pytest.skip("Only root can become somebody else.")
    (open_folder / "secret").write_text("kept")
    (open_folder / "out").mkdir()
    (open_folder / "out").chmod(0o777)
    result = outcomes(open_folder, ATTEMPTS, before=f"{user}\n{before}")
    assert result["landlock"] == landlock
    assert {name: result[name] for name in REFUSED} == REFUSED
    if before:
        assert result["namespaces"] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root has privileges to lose.")
def test_root_keeps_no_privilege_over_files_of_others(tmp_path: Path) -> None:
    theirs = tmp_path / "in/theirs"
    theirs.parent.mkdir()
    theirs.write_text("private")
    theirs.chmod(0o600)
    os.chown(theirs, 1234, 1234)
    result = outcomes(tmp_path, {"read": "(here / 'in/theirs').read_text()"})
    assert result["read"] == "EACCES"


@pytest.mark.parametrize(
    ("body", "settings", "told"),
    [
        (
            "threading.Thread(target=threading.Event().wait, daemon=True).start(); confine()",
            {},
            "before it starts threads: it has 2 threads",
        ),
        (
            "confine()",
            {"write": ["/nonexistent/scratch"]},
            "cannot be reached, /nonexistent/scratch: No such",
        ),
        ("confine()", {"parent_pid": 1 << 22}, "ProcessLookupError"),
        ("confine()", {"cpu_seconds": 0}, "at least one second"),
    ],
    ids=["threads", "no scratch", "orphan", "no time"],
)
def test_what_cannot_be_confined_is_told(
    tmp_path: Path, body: str, settings: dict[str, object], told: str
) -> None:
    child = start(tmp_path, body, **settings)
    _, err = finish(child)
    assert child.returncode == 1
    assert told in err


def gone(pid: int) -> bool:
    """Whether the process has ended; one that nobody has waited for yet has ended too."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state in "ZX"


BINDINGS = {
    "die_with_parent": "core_ext.die_with_parent(int(sys.argv[1]))",
    "confine": "core_ext.confine(read=[], write=[], cpu_seconds=60, memory_bytes=0, file_bytes=0, "
    "open_files=64, parent_pid=int(sys.argv[1]))",
}


@pytest.mark.parametrize("binding", BINDINGS)
def test_the_child_dies_when_its_parent_is_killed(binding: str) -> None:
    inner = f"""
import sys, os, time
sys.path.insert(0, {str(CHECKOUT)!r})
import core_ext
{BINDINGS[binding]}
print(os.getpid(), flush=True)
time.sleep(60)
"""
    outer = (
        "import os, subprocess, sys\n"
        f"subprocess.run([sys.executable, '-c', {inner!r}, str(os.getpid())])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", outer], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert not gone(child)
        parent.kill()
        deadline = time.monotonic() + 5
        while not gone(child) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert gone(child)


def test_an_orphan_is_told_so() -> None:
    code = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r}); import core_ext\n"
    code += "core_ext.die_with_parent(1 << 22)"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert child.returncode == 1
    assert "ProcessLookupError" in child.stderr


def test_system_paths_that_are_missing_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/lecture").write_text("here")
    read = [*SYSTEM, "/nonexistent", str(tmp_path / "in")]
    result = outcomes(tmp_path, {"read": "(here / 'in/lecture').read_text()"}, read=read)
    assert result["read"] == "done"
