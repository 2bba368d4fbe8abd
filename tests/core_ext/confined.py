"""Children that confine themselves and then report what they were able to do."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
SYSTEM = ["/usr", "/lib", "/lib64", "/etc/ld.so.cache"]

# Everything is imported before: afterwards the standard library itself is out of reach.
PRELUDE = f"""
import ctypes, errno, json, mmap, os, pathlib, resource, signal, socket, subprocess, sys, threading
sys.path.insert(0, {str(CHECKOUT)!r})
import core_ext
libc = ctypes.CDLL(None, use_errno=True)
here, settings = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2])

def outcome(action):
    try:
        action()
    except OSError as error:
        return errno.errorcode[error.errno]
    except MemoryError:
        return "MemoryError"
    return "done"

def call(name, *arguments):
    if getattr(libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)

def confine():
    confinement = core_ext.confine(**settings)
    return {{"landlock": confinement.landlock, "namespaces": confinement.namespaces}}
"""


def start(folder: Path, body: str, **settings: Any) -> "subprocess.Popen[str]":
    """A child that may read the system and `folder/in`, and write `folder/out`."""
    for name in ("in", "out"):
        (folder / name).mkdir(exist_ok=True)
    defaults = {
        "read": [*SYSTEM, str(folder / "in")],
        "write": [str(folder / "out")],
        "cpu_seconds": 20,
        "memory_bytes": 0,
        "file_bytes": 1 << 20,
        "open_files": 64,
    }
    request = json.dumps(defaults | settings)
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + body, str(folder), request],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(child: "subprocess.Popen[str]") -> tuple[str, str]:
    with child:
        return child.communicate(timeout=60)


def outcomes(folder: Path, attempts: dict[str, str], before: str = "", **settings: Any) -> Any:
    """What became of each attempt, a Python expression, inside; `before` runs unconfined."""
    tries = ", ".join(f"{name!r}: outcome(lambda: {code})" for name, code in attempts.items())
    body = f"{before}\nlevel = confine()\nprint(json.dumps(level | {{{tries}}}))"
    child = start(folder, body, **settings)
    out, err = finish(child)
    assert child.returncode == 0, err
    return json.loads(out)
