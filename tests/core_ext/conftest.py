"""What the tests of confinement share."""

import pytest

from tests.core_ext.confined import outcomes


@pytest.fixture(scope="session")
def landlock(tmp_path_factory: pytest.TempPathFactory) -> int:
    """The kernel's Landlock ABI; tests of paths are skipped where it has none."""
    level: int = outcomes(tmp_path_factory.mktemp("landlock"), {})["landlock"]
    if level == 0:
        pytest.skip("This kernel has no Landlock.")
    return level
