"""Measurements of this checkout against named references."""

import os
import subprocess
import sys

import click

from web.cli.checks import CHECKOUT, environment


@click.command()
@click.option("--quick", is_flag=True, help="Smaller sizes, where a bench has them.")
@click.option("--data", hidden=True, expose_value=False, help="Benches make folders of their own.")
@click.argument("names", nargs=-1, metavar="[NAME…]")
def bench(quick: bool, names: tuple[str, ...]) -> None:
    """Run benches (all of them if none is named) and write bench/RESULTS.md.

    The exit status is 1 when a bar is missed.
    """
    command = [sys.executable, "-m", "bench", *(["--quick"] if quick else []), *names]
    # Unlike the settings of an installation, `LECTERN_BENCH_DIR` is meant for here.
    disk = {name: value for name, value in os.environ.items() if name.startswith("LECTERN_BENCH_")}
    done = subprocess.run(command, cwd=CHECKOUT, env={**environment(), **disk}, check=False)
    raise SystemExit(done.returncode)
