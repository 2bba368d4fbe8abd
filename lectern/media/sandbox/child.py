"""The inside end of the sandbox: confine this process first, then open the file, then answer.

Started by `lectern.media.sandbox.sandbox` as `python -I -m lectern.media.sandbox.child`, with one
JSON request on standard input. A task is a module of `lectern.media.inside`, and nothing else can
be named; it and everything heavy is imported after confinement.
"""

import errno
import importlib
import json
import os
import pkgutil
import sys
from typing import Any

import core_ext
from lectern.errors import Message
from lectern.media import inside
from lectern.media.sandbox.refusal import Refused

_NO_LANDLOCK = Message(
    "The kernel does not support Landlock, so processing cannot be sandboxed. Use Linux "
    "5.13 or newer, or set LECTERN_ALLOW_NO_LANDLOCK=1 and accept the risk."
)


def main() -> None:
    """Read the request, confine, perform, answer; the exit status is 0 only with an answer."""
    request = json.loads(sys.stdin.buffer.read())
    # Whatever a library prints must not look like an answer.
    answers = os.dup(1)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.close(nothing)
    if not _confined(request, answers):
        sys.exit(1)
    arguments = request["arguments"]
    if request["task"] == "ffmpeg":
        os.dup2(answers, 1)
        binary = request["execute"][0]
        # Confined already, and every argument is ours: see `lectern.media.convert`.
        os.execv(binary, [binary, *arguments["argv"]])  # noqa: S606
    status = _perform(request["task"], arguments, answers)
    sys.stderr.flush()
    # All is said: what a library does when it is unloaded must not turn an answer into a crash.
    os._exit(status)


def _confined(request: dict[str, Any], answers: int) -> bool:
    limits = request["limits"]
    try:
        confinement = core_ext.confine(
            read=request["read"],
            write=request["write"],
            execute=request["execute"],
            cpu_seconds=limits["cpu_s"],
            memory_bytes=limits["memory_bytes"],
            file_bytes=limits["file_bytes"],
            open_files=limits["open_files"],
            parent_pid=request["parent"],
        )
    except OSError as error:
        _say(answers, {"unavailable": f"This machine cannot confine what opens files: {error}"})
        return False
    if not confinement.landlock and not request["allow_no_landlock"]:
        _say(answers, {"unavailable": _NO_LANDLOCK})
        return False
    _say(answers, {"confined": True})
    return True


def tasks() -> set[str]:
    """The tasks there are: the modules of `lectern.media.inside`, its packages are shared."""
    return {each.name for each in pkgutil.iter_modules(inside.__path__) if not each.ispkg}


def _perform(name: str, arguments: dict[str, Any], answers: int) -> int:
    try:
        if name not in tasks():
            raise LookupError(name)
        task = importlib.import_module(f"{inside.__name__}.{name}")
        result = task.perform(arguments, lambda share: _say(answers, {"progress": share}))
    except Refused as refusal:
        _say(answers, {"refused": refusal.message.to_text()})
    except MemoryError:
        _say(answers, {"out_of_memory": True})
    except OSError as error:
        full = error.errno in {errno.EFBIG, errno.ENOSPC}
        _say(answers, {"out_of_space": True} if full else {"crashed": type(error).__name__})
        return 1
    except Exception as error:  # noqa: BLE001 a process entry: the parent gets the name
        sys.excepthook(*sys.exc_info())
        _say(answers, {"crashed": type(error).__name__})
        return 1
    else:
        _say(answers, {"result": result})
    return 0


def _say(answers: int, message: dict[str, Any]) -> None:
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(answers, data) :]


if __name__ == "__main__":
    main()
