"""Every check of this checkout, in one command."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

CHECKOUT = Path(__file__).resolve().parents[2]
PYTHON = (sys.executable, "-m")
BIN = Path(sys.executable).parent
# A tester's own installation must not reach into the tests.
KEPT = ("LECTERN_CHROMIUM", "LECTERN_TEST_")
Check = tuple[str, tuple[str, ...]]
# Lanes run beside each other; cargo's checks wait for one another anyway.
LANES: tuple[tuple[Check, ...], ...] = (
    (
        ("rustfmt", ("cargo", "fmt", "--check")),
        ("clippy", ("cargo", "clippy", "--quiet", "--locked", "--all-targets", "--", "-Dwarnings")),
        ("cargo test", ("cargo", "test", "--quiet", "--locked", "--no-default-features")),
    ),
    (
        ("ruff", (*PYTHON, "ruff", "check", "--quiet")),
        ("ruff format", (*PYTHON, "ruff", "format", "--check", "--quiet")),
        ("mypy", (*PYTHON, "mypy")),
        ("stubtest", (*PYTHON, "mypy.stubtest", "core_ext._core")),
        ("import-linter", (sys.executable, str(BIN / "lint-imports"))),
        ("djlint", (*PYTHON, "djlint", "--lint", "--quiet", "templates")),
    ),
)
# One process more than cores, because many tests wait for a server or a browser.
PROCESSES = min(8, len(os.sched_getaffinity(0)) + 1)
# A file stays in one process: what it starts or kills is its own.
TOGETHER = ("-n", str(PROCESSES), "--dist", "loadfile")
EVERYTHING = ("-m", "full or not full")


@click.command(
    context_settings={
        "ignore_unknown_options": True,
        "allow_interspersed_args": False,
    }
)
@click.option("--full", is_flag=True, help="Add the long fault, fuzz and load sets.")
@click.option("--data", hidden=True, expose_value=False, help="Tests make folders of their own.")
@click.argument("pytest_args", nargs=-1, type=click.UNPROCESSED)
def test(full: bool, pytest_args: tuple[str, ...]) -> None:
    """Run every check; with PYTEST ARGS only those tests.

    All checks run even when one fails, pytest last, so the last line is its summary.
    """
    failed = [] if pytest_args else failures()
    for name in failed:
        heading(f"{name} FAILED")
    selection = EVERYTHING if full else ()
    command = (*PYTHON, "pytest", *selection, *(pytest_args or TOGETHER))
    heading("pytest")
    status = subprocess.run(command, cwd=CHECKOUT, env=environment(), check=False).returncode
    if status or failed:
        raise SystemExit(status or 1)


def failures() -> list[str]:
    """Run all lanes beside each other; returns the names of the checks that failed."""
    with ThreadPoolExecutor(len(LANES)) as lanes:
        return [name for failed in lanes.map(failures_of, LANES) for name in failed]


def failures_of(lane: Sequence[Check]) -> list[str]:
    """Run the checks of one lane one after the other; returns the names of those that failed."""
    return [name for name, command in lane if not passes(name, command)]


def passes(name: str, command: Sequence[str]) -> bool:
    """Run one check, and show what it printed and how long it took, all at once."""
    started = time.monotonic()
    done = subprocess.run(
        command,
        cwd=CHECKOUT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    outcome = "ok" if done.returncode == 0 else "FAILED"
    title = click.style(f"== {name}", bold=True)
    click.echo(f"{title}\n{done.stdout}{outcome}, {time.monotonic() - started:.1f} s")
    sys.stdout.flush()
    return done.returncode == 0


def heading(text: str) -> None:
    """Name what comes next; flushed, so that it stands above the child's own words."""
    click.echo(click.style(f"== {text}", bold=True))
    sys.stdout.flush()


def environment() -> Mapping[str, str]:
    """Ours without the settings of an installation, and with this Python for what Rust links to."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("LECTERN_") or name.startswith(KEPT)
    }
    return {**kept, "PYO3_PYTHON": sys.executable}
