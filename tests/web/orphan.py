"""A web process that looks for its server: `python -m tests.web.orphan NOTE dead|alive`.

NOTE gets `begun`, then `refused` or `bound` and the process's id.
"""

import multiprocessing
import os
import sys
import time
from pathlib import Path

from web import asgi


def work(note: Path, wait: bool) -> None:
    """Begin like a web process; with `wait` only when the server has been killed."""
    application = asgi.Application()
    parent = os.getppid()
    note.write_text("begun")
    while wait and os.getppid() == parent:
        time.sleep(0.01)
    try:
        application._open()
    except ProcessLookupError:
        note.write_text(f"refused {os.getpid()}")
        return
    except ValueError:
        # What comes after needs servers, which nobody named; bound it is.
        note.write_text(f"bound {os.getpid()}")
    time.sleep(600)


if __name__ == "__main__":
    child = multiprocessing.get_context("fork").Process(
        target=work, args=(Path(sys.argv[1]), sys.argv[2] == "dead")
    )
    child.start()
    child.join()
