"""`collect` as a person runs it: it says what it did, and a large round waits for a yes."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg

from lectern import host, settings
from tests.conftest import prepare

LECTERN = (sys.executable, "-P", "-m", "web.cli")
ENVIRONMENT = {name: value for name, value in os.environ.items() if "LECTERN" not in name}
MANY = 1_001


def run(*words: str, data: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*LECTERN, *words, "--data", str(data)],
        env=ENVIRONMENT,
        cwd=data.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def blobs(connection: "psycopg.Connection[tuple[int]]") -> int:
    row = connection.execute("SELECT count(*) FROM blob").fetchone()
    assert row is not None
    return row[0]


def test_a_large_round_needs_a_yes(tmp_path: Path) -> None:
    data = tmp_path / "data"
    place = settings.read({}, data=data)
    prepare(data)
    assert run("user", "add", "ada@example.org", "--role", "owner", data=data).returncode == 0
    with host.servers(place) as hosted, psycopg.connect(hosted.migrate_url) as connection:
        connection.execute(
            "INSERT INTO blob (workspace_id, id, digest, byte_size, mime, key, state, condemned_at)"
            " SELECT w.id, gen_random_uuid(), lpad(to_hex(n), 64, '0'), 1, 'video/mp4',"
            " 'b1/' || n, 'condemned', now() - interval '16 days'"
            " FROM workspace w, generate_series(1, %s) AS n",
            [MANY],
        )
    refused = run("collect", data=data)
    assert refused.returncode == 1
    assert "1001 blobs would be deleted at once" in refused.stdout
    done = run("collect", "--yes", data=data)
    assert done.returncode == 0, done.stderr
    assert "1,001 files deleted, 1,001 bytes" in done.stdout
    with host.servers(place) as hosted, psycopg.connect(hosted.migrate_url) as connection:
        assert blobs(connection) == 0
