"""Runs one bench, several, or all of them, and writes what they measured to `RESULTS.md`."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from bench import results
from bench.registry import BENCHES, Bench
from bench.results import Outcome

CHECKOUT = Path(__file__).resolve().parents[1]


def main() -> int:
    """1 when a bar is missed or a bench stops."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *(bench.name for bench in BENCHES)])
    parser.add_argument("--quick", action="store_true", help="smaller sizes where there are any")
    given = parser.parse_args()
    chosen = [bench for bench in BENCHES if not given.names or bench.name in given.names]
    outcomes = []
    for bench in chosen:
        outcomes.append(run(bench, quick=given.quick))
        # After each: a run of all takes long, and may be broken off.
        results.write(outcomes)
    missed = [outcome.bench.name for outcome in outcomes if not outcome.held]
    print(f"Missed: {', '.join(missed)}." if missed else "Every bar is met.")
    return 1 if missed else 0


def run(bench: Bench, *, quick: bool) -> Outcome:
    """Run one bench in a process of its own; its lines are shown as they come."""
    print(f"== {bench.name}: {bench.title} (bar {bench.bar})", flush=True)
    arguments = bench.quick if quick else ()
    at, lines = results.now(), []
    command = [sys.executable, "-m", f"bench.{bench.name}", *arguments]
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=CHECKOUT, env=environ, stdout=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line.rstrip())
    if process.returncode not in {0, 1} or not lines:
        lines.append(f"stopped with status {process.returncode}")
    return Outcome(bench, lines, process.returncode == 0, bool(quick and arguments), at)


if __name__ == "__main__":
    sys.exit(main())
