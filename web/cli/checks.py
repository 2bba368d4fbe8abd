"""Every check of this checkout, in one command."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

CHECKOUT = Path(__file__).resolve().parents[2]
PYTHON = (sys.executable, "-m")
BIN = Path(sys.executable).parent
# A tester's own installation must not reach into the tests.
KEPT = ("LECTERN_CHROMIUM", "LECTERN_TEST_")
CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("rustfmt", ("cargo", "fmt", "--check")),
    ("clippy", ("cargo", "clippy", "--quiet", "--locked", "--all-targets", "--", "-Dwarnings")),
    ("cargo test", ("cargo", "test", "--quiet", "--locked", "--no-default-features")),
    ("ruff", (*PYTHON, "ruff", "check", "--quiet")),
    ("ruff format", (*PYTHON, "ruff", "format", "--check", "--quiet")),
    ("mypy", (*PYTHON, "mypy")),
    ("stubtest", (*PYTHON, "mypy.stubtest", "core_ext._core")),
    ("import-linter", (sys.executable, str(BIN / "lint-imports"))),
    ("djlint", (*PYTHON, "djlint", "--lint", "--quiet", "templates")),
)
# Two at a time, one file in one process: what a file starts or kills is its own.
TOGETHER = ("-n", "2", "--dist", "loadfile")
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
    failed = [] if pytest_args else [name for name, command in CHECKS if not passes(name, command)]
    for name in failed:
        heading(f"{name} FAILED")
    selection = EVERYTHING if full else ()
    command = (*PYTHON, "pytest", *selection, *(pytest_args or TOGETHER))
    heading("pytest")
    status = subprocess.run(command, cwd=CHECKOUT, env=environment(), check=False).returncode
    if status or failed:
        raise SystemExit(status or 1)


def passes(name: str, command: Sequence[str]) -> bool:
    """Run one check, named, and say how long it took."""
    heading(name)
    started = time.monotonic()
    status = subprocess.run(command, cwd=CHECKOUT, env=environment(), check=False).returncode
    click.echo(f"{'ok' if status == 0 else 'FAILED'}, {time.monotonic() - started:.1f} s")
    return status == 0


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
