"""The hand-written signatures are those of the compiled module."""

import subprocess
import sys


def test_the_stub_tells_the_truth() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "core_ext._core"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
