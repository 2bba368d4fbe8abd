"""Times contenders in interleaved rounds, so that a busy machine slows all of them alike."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Round:
    """Seconds of one run: on the wall, and of CPU over all threads of this process."""

    wall: float
    cpu: float


def measure(action: Callable[[], object]) -> Round:
    """Seconds that one run of `action` takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return Round(time.perf_counter() - wall, time.process_time() - cpu)


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process of one thread has used, from the scheduler's own clock.

    The ticks of `/proc/PID/stat`, ten milliseconds each, are too coarse for one query.
    """
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def interleave(
    contenders: Mapping[str, Callable[[], object]], rounds: int
) -> dict[str, list[Round]]:
    """`rounds` timed runs of each contender in turn, after one untimed run to warm caches."""
    for action in contenders.values():
        action()
    timed: dict[str, list[Round]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, action in contenders.items():
            timed[name].append(measure(action))
    return timed


def show(name: str, rounds: list[Round], work: Callable[[float], str]) -> None:
    """Print the median wall and CPU time of a contender, and `work` done in that wall time."""
    wall = median(r.wall for r in rounds)
    cpu = median(r.cpu for r in rounds)
    print(f"  {name:<44} wall {wall * 1e3:9.3f} ms   cpu {cpu * 1e3:9.3f} ms   {work(wall)}")


def speed_ratio(reference: list[Round], ours: list[Round], *, by: str) -> float:
    """Our speed over the reference's: the median of the rounds' own ratios, by `wall` or `cpu`."""
    pairs = zip(reference, ours, strict=True)
    return float(median(getattr(theirs, by) / getattr(mine, by) for theirs, mine in pairs))


def hold(claim: str, ratio: float, at_least: float) -> bool:
    """Print one bar and whether it holds."""
    holds = ratio >= at_least
    verdict = "holds" if holds else "MISSED"
    print(f"{verdict:>6}: {claim}: {ratio:.2f} × (bar: ≥ {at_least:g} ×)")
    return holds
