"""The house in which steps are done, a clip that the sandbox opens, and worlds for each run."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import OWNER_URL, in_database
from tests.faults import world
from tests.faults.world import World
from tests.jobs.conftest import House, house, lone_house, make_clip

__all__ = ["house", "lone_house"]
Make = Callable[[], World]


@pytest.fixture(scope="session")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of picture and sound."""
    return make_clip(tmp_path_factory.mktemp("faults") / "clip.mp4", 1)


@pytest.fixture
def make(house: House, own_database: str, short_clip: Path, tmp_path: Path, ready: Any) -> Make:
    """Makes worlds in the house."""
    url = in_database(os.environ[OWNER_URL], own_database)
    return lambda: world.begin(house, tmp_path, short_clip, url)


@pytest.fixture
def ready(house: House) -> None:
    """This process and its children may open media in the sandbox."""
    # Not before: it loads what the sandbox needs.
    from jobs import run  # noqa: PLC0415

    run.prepare(house.settings)
