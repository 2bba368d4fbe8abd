"""Digests, against BLAKE3's published vectors and the `blake3` package."""

import json
import os
import threading
import zlib
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

import core_ext

# github.com/BLAKE3-team/BLAKE3, test_vectors/test_vectors.json at 1.8.6, unchanged.
CASES = json.loads(Path(__file__).with_name("blake3_test_vectors.json").read_text())["cases"]
MIB = 1 << 20


def pattern(length: int) -> bytes:
    """The vectors' input: the bytes 0 to 250, repeated."""
    return (bytes(range(251)) * (length // 251 + 1))[:length]


@pytest.fixture(params=CASES, ids=lambda case: f"{case['input_len']}-bytes")
def vector(request: pytest.FixtureRequest) -> tuple[bytes, str]:
    return pattern(request.param["input_len"]), request.param["hash"][:64]


@pytest.mark.parametrize("parallel", [None, False, True])
def test_published_vectors_as_files(
    vector: tuple[bytes, str], parallel: bool | None, tmp_path: Path
) -> None:
    path = tmp_path / "vector"
    path.write_bytes(vector[0])
    assert core_ext.digest_file(path, parallel=parallel) == vector[1]
    assert core_ext.digest_files([path, str(path)]) == [vector[1]] * 2


def test_published_vectors_in_pieces(vector: tuple[bytes, str]) -> None:
    hasher = core_ext.Hasher()
    for start in range(0, len(vector[0]), 1000):
        hasher.update(vector[0][start : start + 1000])
    assert hasher.hexdigest() == vector[1]


@pytest.mark.parametrize("length", [MIB - 1, MIB, MIB + 1, 5 * MIB + 3])
def test_large_files_agree_with_the_package_in_every_way_of_reading(
    length: int, tmp_path: Path
) -> None:
    path = tmp_path / "large"
    path.write_bytes(pattern(length))
    expected = blake3(pattern(length)).hexdigest()
    for parallel in (None, False, True):
        assert core_ext.digest_file(path, parallel=parallel) == expected
    assert core_ext.digest_files([path, path]) == [expected, expected]


@given(st.lists(st.binary(max_size=5000), max_size=8))
def test_how_the_bytes_are_cut_does_not_matter(pieces: list[bytes]) -> None:
    hasher = core_ext.Hasher()
    for piece in pieces:
        hasher.update(piece)
    assert hasher.hexdigest() == blake3(b"".join(pieces)).hexdigest()


@pytest.mark.parametrize("size", [10, 100_000])
def test_any_contiguous_bytes_are_taken(size: int) -> None:
    data = pattern(size)
    shared = bytearray(data)
    for buffer in (data, shared, memoryview(shared), memoryview(data).toreadonly()):
        hasher = core_ext.Hasher()
        hasher.update(buffer)
        assert hasher.hexdigest() == blake3(data).hexdigest()
    shared.append(0)  # an export left open would refuse this


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (memoryview(bytes(100))[::2], BufferError),
        (memoryview(bytes(96)).cast("d"), BufferError),
        ("text", TypeError),
        (7, TypeError),
    ],
    ids=["strided", "doubles", "text", "number"],
)
def test_anything_else_is_refused(data: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        core_ext.Hasher().update(data)  # type: ignore[arg-type]


def test_copies_go_their_own_ways_and_reset_forgets() -> None:
    hasher = core_ext.Hasher()
    hasher.update(b"one")
    other = hasher.copy()
    other.update(b"two")
    assert hasher.hexdigest() == blake3(b"one").hexdigest()
    assert other.hexdigest() == blake3(b"onetwo").hexdigest()
    other.reset()
    assert other.hexdigest() == blake3(b"").hexdigest()


def test_one_hasher_in_many_threads_takes_each_piece_whole() -> None:
    hasher, piece, small = core_ext.Hasher(), bytes(100_000), bytes(100)

    def feed() -> None:
        for _ in range(50):
            hasher.update(piece)
            hasher.update(small)

    threads = [threading.Thread(target=feed) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = 8 * 50 * (len(piece) + len(small))
    assert hasher.hexdigest() == blake3(bytes(total)).hexdigest()


@pytest.mark.parametrize("parallel", [None, False, True])
def test_a_missing_file_and_a_folder_are_named(parallel: bool | None, tmp_path: Path) -> None:
    missing = tmp_path / "missing.mp4"
    with pytest.raises(FileNotFoundError) as missed:
        core_ext.digest_file(missing, parallel=parallel)
    assert missed.value.filename == os.fspath(missing)
    with pytest.raises(IsADirectoryError):
        core_ext.digest_file(tmp_path, parallel=parallel)


def test_a_batch_stops_at_the_first_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"")
    with pytest.raises(FileNotFoundError) as missed:
        core_ext.digest_files([tmp_path / "there", tmp_path / "first", tmp_path / "second"])
    assert missed.value.filename == os.fspath(tmp_path / "first")
    assert core_ext.digest_files([]) == []


@pytest.mark.parametrize("length", [0, 1, MIB - 1, MIB, MIB + 1, 5 * MIB + 3])
def test_digest_and_crc_come_of_one_reading(length: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(pattern(length))
    expected = blake3(pattern(length)).hexdigest(), zlib.crc32(pattern(length))
    assert core_ext.digest_and_crc(path) == expected
    with pytest.raises(FileNotFoundError):
        core_ext.digest_and_crc(tmp_path / "missing")
