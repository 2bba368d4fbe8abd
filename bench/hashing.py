#!/usr/bin/env python3
"""Digests against the PyPI `blake3` package in each of its modes, and against bare reading.

Run `python -m bench.hashing [--mebibytes 1024] [--files 10000] [--rounds 7]`; files are made
in a temporary folder (`--folder` chooses where) and read from the page cache.
"""

import argparse
import mmap
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from blake3 import blake3

from bench import _measure
from core_ext import Hasher, digest_file, digest_files

CHUNK = 1 << 20


def read_all(path: Path, buffer: mmap.mmap) -> None:
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def streaming(hasher: Any, path: Path, buffer: mmap.mmap) -> str:
    """Both hashers through one page-aligned buffer, whose place alone moves a result by 20 %."""
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            hasher.update(view[:count])
    return str(hasher.hexdigest())


def theirs_mapped(path: Path) -> str:
    return blake3(max_threads=blake3.AUTO).update_mmap(path).hexdigest()


def open_and_read(paths: list[Path]) -> None:
    for path in paths:
        with open(path, "rb") as file:
            file.read()


def theirs_small(paths: list[Path]) -> list[str]:
    digests = []
    for path in paths:
        with open(path, "rb") as file:
            digests.append(blake3(file.read()).hexdigest())
    return digests


def one_large_file(folder: Path, mebibytes: int, rounds: int) -> list[bool]:
    """The large file in each mode; every way must give the same digest."""
    path = folder / "large"
    piece = np.random.default_rng(1).bytes(CHUNK)
    with path.open("wb") as file:
        for index in range(mebibytes):
            file.write(index.to_bytes(8, "big") + piece[8:])
    size = path.stat().st_size
    buffer = mmap.mmap(-1, CHUNK)
    contenders: dict[str, Callable[[], object]] = {
        "read only": lambda: read_all(path, buffer),
        "blake3 package, one thread": lambda: streaming(blake3(), path, buffer),
        "Hasher, 1 MiB updates": lambda: streaming(Hasher(), path, buffer),
        "digest_file, one thread": lambda: digest_file(path, parallel=False),
        "blake3 package, memory map, all cores": lambda: theirs_mapped(path),
        "digest_file, memory map, all cores": lambda: digest_file(path, parallel=True),
    }
    assert len({str(contenders[name]()) for name in list(contenders)[1:]}) == 1
    timed = _measure.interleave(contenders, rounds)
    print(f"One file of {mebibytes} MiB in the page cache, median of {rounds} rounds:")
    for name, result in timed.items():
        _measure.show(name, result, lambda wall: f"{size / wall / 1e9:6.2f} GB/s")
    single, mapped = timed["blake3 package, one thread"], list(timed.values())[4]
    return [
        _measure.hold(
            "Hasher / blake3 package, one thread, CPU",
            _measure.speed_ratio(single, timed["Hasher, 1 MiB updates"], by="cpu"),
            0.95,
        ),
        _measure.hold(
            "digest_file / blake3 package, one thread, CPU",
            _measure.speed_ratio(single, timed["digest_file, one thread"], by="cpu"),
            0.95,
        ),
        _measure.hold(
            "digest_file / blake3 package, memory map on all cores, wall",
            _measure.speed_ratio(mapped, timed["digest_file, memory map, all cores"], by="wall"),
            0.95,
        ),
    ]


def many_small_files(folder: Path, count: int, rounds: int) -> list[bool]:
    """Files of 4 to 64 KiB: the batch call against opening and reading them in Python."""
    source = np.random.default_rng(2)
    paths = []
    for index in range(count):
        path = folder / f"{index:05}"
        path.write_bytes(source.bytes(int(source.integers(4 << 10, 64 << 10))))
        paths.append(path)
    assert digest_files(paths[:100]) == theirs_small(paths[:100])
    timed = _measure.interleave(
        {
            "open and read only": lambda: open_and_read(paths),
            "blake3 package, open and read": lambda: theirs_small(paths),
            "digest_files": lambda: digest_files(paths),
        },
        rounds,
    )
    print(f"{count} files of 4 to 64 KiB in the page cache, median of {rounds} rounds:")
    for name, result in timed.items():
        _measure.show(name, result, lambda wall: f"{count / wall:8.0f} files/s")
    bare, package, ours = timed.values()
    return [
        _measure.hold(
            "digest_files / bare open and read, CPU",
            _measure.speed_ratio(bare, ours, by="cpu"),
            0.6,
        ),
        _measure.hold(
            "digest_files / blake3 package, CPU",
            _measure.speed_ratio(package, ours, by="cpu"),
            0.95,
        ),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mebibytes", type=int, default=1024)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        held = one_large_file(folder, options.mebibytes, options.rounds)
        held += many_small_files(folder, options.files, options.rounds)
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
