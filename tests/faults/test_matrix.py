"""Every step, cut off by every fault at every place; the representative ones run always.

After each: no invariant is broken, neither at once nor after the recovery; what was acknowledged
is there; and the step, done again, comes to its end once.
"""

import itertools
from collections.abc import Callable

import pytest

from tests.faults.conftest import Make
from tests.faults.points import (
    Points,
    broken_disk,
    full_disk,
    full_storage,
    kill,
)
from tests.faults.steps import CASES
from tests.faults.world import every_place

DISK = ("fsync", "fdatasync", "link")
# What happens, and where it can.
FAULTS: dict[str, Callable[[int], Points]] = {
    "kill -9": lambda at: Points(at, kill),
    "broken disk": lambda at: Points(at, broken_disk, DISK),
    "full disk": lambda at: Points(at, full_disk, DISK),
    "full storage": lambda at: Points(at, full_storage, ("put",)),
}
# Always every so many places of a step; all of them with --full.
STRIDES = {"upload": 5, "sweep": 11, "collection": 7, "backup": 3}
QUICK = [name for name, case in CASES.items() if not case.slow]
SLOW = [name for name, case in CASES.items() if case.slow]


@pytest.mark.parametrize("step", QUICK)
def test_kill_9_all_along(make: Make, step: str) -> None:
    numbers = itertools.count(2, STRIDES.get(step, 2))
    assert every_place(make, CASES[step], FAULTS["kill -9"], numbers) >= 1


@pytest.mark.parametrize("step", SLOW)
def test_kill_9_in_the_middle_of_media(make: Make, step: str) -> None:
    assert every_place(make, CASES[step], FAULTS["kill -9"], [9]) == 1


@pytest.mark.parametrize("fault", ["broken disk", "full disk"])
def test_a_disk_that_fails_while_an_upload_arrives(make: Make, fault: str) -> None:
    assert every_place(make, CASES["upload"], FAULTS[fault], [2, 4]) == 2


@pytest.mark.full
@pytest.mark.parametrize("step", CASES)
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_at_every_place(make: Make, step: str, fault: str) -> None:
    tried = every_place(make, CASES[step], FAULTS[fault], itertools.count(1))
    assert tried >= 2 or fault != "kill -9"
