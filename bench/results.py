"""Writes `bench/RESULTS.md`: when, on what machine, and what each bench measured."""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.registry import BENCHES, Bench

RESULTS = Path(__file__).with_name("RESULTS.md")
_SECTION = re.compile(r"^## (\w+)\n.*?(?=^## |\Z)", re.M | re.S)


@dataclass(frozen=True)
class Outcome:
    """One run: the lines it printed, whether every bar was met, and its size."""

    bench: Bench
    lines: Sequence[str]
    held: bool
    quick: bool
    at: datetime


def write(outcomes: Sequence[Outcome], path: Path = RESULTS) -> None:
    """Put these outcomes into the file; sections of other benches stay as they were."""
    sections = _sections(path)
    for outcome in outcomes:
        sections[outcome.bench.name] = _section(outcome)
    order = [bench.name for bench in BENCHES if bench.name in sections]
    missed = [name for name in order if "**MISSED**" in sections[name]]
    summary = f"Missed: {', '.join(missed)}." if missed else "Every bar is met."
    head = f"# Results\n\nWritten by `bin/lectern bench`. {summary}\n\n"
    path.write_text(head + "\n".join(sections[name] for name in order), "utf-8")


def machine() -> str:
    """Cores, processor, memory and system, without a name by which it could be found."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    model = _processor() or platform.machine()
    return f"{cores} cores of {model}, {memory / 2**30:.0f} GiB of memory, {platform.system()}"


def _sections(path: Path) -> dict[str, str]:
    text = path.read_text("utf-8") if path.exists() else ""
    return {match[1]: match[0].rstrip("\n") + "\n" for match in _SECTION.finditer(text)}


def _section(outcome: Outcome) -> str:
    verdict = "met" if outcome.held else "**MISSED**"
    size = ", quick size" if outcome.quick else ""
    body = "\n".join(f"    {line}".rstrip() for line in outcome.lines)
    return (
        f"## {outcome.bench.name}\n\n{outcome.bench.title}.\n\n"
        f"Bar {outcome.bench.bar}: {verdict}. {outcome.at:%Y-%m-%d}{size}, {machine()}.\n\n{body}\n"
    )


def _processor() -> str:
    fields: Mapping[str, str] = dict(
        re.findall(r"^(model name)\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    )
    return fields.get("model name", "")


def now() -> datetime:
    """The date that a section carries."""
    return datetime.now(UTC)
