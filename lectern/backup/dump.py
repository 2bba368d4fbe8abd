"""The database as one file, by the programs that PostgreSQL itself has for it."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from lectern.errors import LecternError
from lectern.host.account import for_servers
from lectern.host.programs import find

_PATH = b"SELECT pg_catalog.set_config('search_path', '', false);"
# Functions of ours call each other by bare names, also while generated columns are filled.
_OUR_PATH = b"SELECT pg_catalog.set_config('search_path', 'public', false);"


def dump(url: str, snapshot: str, target: Path) -> None:
    """Write what the snapshot of an open transaction sees into a new file.

    Raises:
        LecternError: pg_dump's own words.
    """
    words = [
        *("--format=custom", "--compress=gzip:3", "--no-owner", "--no-comments"),
        *("--exclude-extension=vector", f"--snapshot={snapshot}", f"--file={target}"),
    ]
    _run("pg_dump", words, url)


def load(url: str, source: Path) -> None:
    """Fill an empty database from such a file, all of it or nothing.

    Raises:
        LecternError: pg_restore's or psql's own words.
    """
    unpacking = subprocess.Popen(
        [str(_program("pg_restore")), "--no-owner", "--file=-", str(source)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    words = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    filling = subprocess.Popen(
        [str(_program("psql")), *words, "--output=/dev/null"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(url),
    )
    assert unpacking.stdout is not None  # noqa: S101 - asked for
    assert filling.stdin is not None  # noqa: S101 - asked for
    try:
        replaced = False
        for line in unpacking.stdout:
            at_path = not replaced and line.rstrip() == _PATH
            replaced = replaced or at_path
            filling.stdin.write(_OUR_PATH + b"\n" if at_path else line)
        if unpacking.wait() != 0:
            # Nothing is committed before the end of the input, and this is not it.
            filling.kill()
    except BrokenPipeError:
        unpacking.kill()
    _, said = filling.communicate()
    _, before = unpacking.communicate()
    if filling.returncode != 0 or unpacking.returncode != 0:
        words_of = (said + before).decode(errors="replace").strip().splitlines()
        raise LecternError(
            "The database could not be restored: %(list)s", list=" ".join(words_of[:3])
        )


def _run(program: str, words: list[str], url: str) -> None:
    done = subprocess.run(
        [str(_program(program)), *words],
        env=_environment(url),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LecternError(
            "%(program)s failed: %(list)s",
            program=program,
            list=" ".join(done.stderr.strip().splitlines()[:3]),
        )


def _program(name: str) -> Path:
    return find(for_servers()).postgres.with_name(name)


def _environment(url: str) -> Mapping[str, str]:
    """The address in the environment: a command line is everybody's to read."""
    known = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
    known |= {"dbname": "PGDATABASE", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
    parts = conninfo_to_dict(url)
    named = {known[name]: str(value) for name, value in parts.items() if name in known and value}
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", **named}
