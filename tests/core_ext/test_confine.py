"""Confinement, tried from inside: what is out of reach of a confined process."""

import os
from pathlib import Path

import pytest

from tests.core_ext.confined import outcomes

FILES = {
    "read what is listed": ("(here / 'in/lecture').read_bytes()", "done"),
    "write where it may": ("(here / 'out/made').write_bytes(b'x')", "done"),
    "rename there": ("(here / 'out/old').rename(here / 'out/new')", "done"),
    "remove there": ("(here / 'out/unwanted').unlink()", "done"),
    "read a neighbour": ("(here / 'secret').read_bytes()", "EACCES"),
    "read the users": ("open('/etc/passwd').read()", "EACCES"),
    "read its own environment": ("open('/proc/self/environ').read()", "EACCES"),
    "read init's environment": ("open('/proc/1/environ').read()", "EACCES"),
    "list the parent folder": ("os.listdir(here)", "EACCES"),
    "change what it reads": ("(here / 'in/lecture').write_bytes(b'x')", "EACCES"),
    "write beside": ("(here / 'escaped').write_bytes(b'x')", "EACCES"),
    "cut a neighbour": ("os.truncate(here / 'secret', 0)", "EACCES"),
    "remove a neighbour": ("(here / 'secret').unlink()", "EACCES"),
    "climb out": ("(here / 'out/../secret').read_bytes()", "EACCES"),
    "link to a neighbour": ("os.symlink(here / 'secret', here / 'out/link')", "EPERM"),
    "hard-link a neighbour": ("os.link(here / 'secret', here / 'out/link')", "EPERM"),
    "make a pipe": ("os.mkfifo(here / 'out/pipe')", "EPERM"),
    "open up a neighbour": ("os.chmod(here / 'secret', 0o777)", "EPERM"),
    "redate a neighbour": ("os.utime(here / 'secret', (0, 0))", "EPERM"),
    "tag a neighbour": ("os.setxattr(here / 'secret', 'user.x', b'x')", "EPERM"),
}


def test_only_the_listed_files_can_be_touched(landlock: int, tmp_path: Path) -> None:
    assert landlock > 0
    for name in ("in/lecture", "out/old", "out/unwanted", "secret"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("kept")
    result = outcomes(tmp_path, {name: code for name, (code, _) in FILES.items()})
    expected = {name: outcome for name, (_, outcome) in FILES.items()}
    assert {name: result[name] for name in FILES} == expected
    assert (tmp_path / "secret").read_text() == "kept"


SYSTEM_CALLS = {
    "open a socket": ("socket.socket()", "EPERM"),
    "open a local socket": ("socket.socket(socket.AF_UNIX)", "EPERM"),
    "open a pair": ("socket.socketpair()", "EPERM"),
    "fork": ("os.fork()", "EPERM"),
    "start a program": ("subprocess.run(['/bin/true'])", "EPERM"),
    "spawn a program": ("os.posix_spawn('/bin/true', ['true'], {})", "EPERM"),
    "become a program": ("os.execv('/bin/true', ['true'])", "EPERM"),
    "start a thread": ("threading.Thread(target=int).start()", "done"),
    "signal its parent": ("os.kill(os.getppid(), 0)", "EPERM"),
    "signal everybody": ("os.kill(-1, 0)", "EPERM"),
    "signal itself": ("os.kill(os.getpid(), 0)", "done"),
    "trace its parent": ("call('ptrace', 16, os.getppid(), 0, 0)", "EPERM"),
    "outlive its parent": ("call('prctl', 1, 0, 0, 0, 0)", "EPERM"),
    "leave its process group": ("os.setsid()", "EPERM"),
    "enter namespaces": ("call('unshare', 0x10000000)", "EPERM"),
    "mount": ("call('mount', b'none', b'/mnt', b'tmpfs', 0, 0)", "EPERM"),
    "raise a limit": ("call('setrlimit', 7, ctypes.byref((ctypes.c_ulong * 2)(99, 99)))", "EPERM"),
    "limit its parent": (
        "resource.prlimit(os.getppid(), resource.RLIMIT_CORE, (0, 0))",
        "EPERM",
    ),
    "share memory": ("call('shmget', 0, 4096, 0o1600)", "EPERM"),
    "trace the kernel": ("call('syscall', 298, 0, 0, -1, -1, 0)", "EPERM"),
}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="One call goes by its x86-64 number.")
def test_the_process_is_alone_and_stays_so(tmp_path: Path) -> None:
    result = outcomes(tmp_path, {name: code for name, (code, _) in SYSTEM_CALLS.items()})
    expected = {name: outcome for name, (_, outcome) in SYSTEM_CALLS.items()}
    assert {name: result[name] for name in SYSTEM_CALLS} == expected
