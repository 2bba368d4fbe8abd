"""Checksums of one request's bytes: what does not fit is thrown away."""

import hashlib

import pytest

import core_ext
from lectern.errors import Invalid
from lectern.ingest import receiving
from lectern.ingest.receiving import ChecksumMismatch, checksum_of
from lectern.models import UploadState
from tests.lectern.sending import BYTES, Sending


@pytest.mark.parametrize("algorithm", ["sha1", "blake3"])
def test_bytes_that_fit_their_checksum_are_kept(sending: Sending, algorithm: str) -> None:
    part = BYTES[:1000]
    assert sending.send(0, part, checksum=expected(algorithm, part)) == 1000


@pytest.mark.parametrize("algorithm", ["sha1", "blake3"])
def test_damaged_bytes_are_discarded_and_the_upload_goes_on(
    sending: Sending, algorithm: str
) -> None:
    sending.send(0, BYTES[:1000])
    with pytest.raises(ChecksumMismatch):
        sending.send(1000, BYTES[1000:2000], checksum=expected(algorithm, b"other bytes"))
    assert sending.row.received == sending.spool.stat().st_size == 1000
    sending.send(1000, BYTES[1000:], checksum=expected(algorithm, BYTES[1000:]))
    assert sending.spool.read_bytes() == BYTES
    assert sending.row.state == UploadState.CHECKING


def test_an_interrupted_body_with_a_checksum_cannot_be_trusted(sending: Sending) -> None:
    receiver = sending.begin(0, 2000, checksum=expected("sha1", BYTES[:2000]))
    receiver.write(BYTES[:1500])
    with pytest.raises(ChecksumMismatch):
        receiver.finish()
    assert sending.row.received == 0


def test_no_checkpoint_acknowledges_what_a_checksum_has_not_confirmed(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "CHECKPOINT_BYTES", 1000)
    receiver = sending.begin(0, checksum=expected("sha1", BYTES[:5000]))
    receiver.write(BYTES[:5000])
    assert sending.row.received == 0
    assert receiver.finish() == 5000


@pytest.mark.parametrize(("algorithm", "length"), [("sha1", 19), ("sha1", 32), ("blake3", 20)])
def test_a_checksum_of_the_wrong_length_is_refused(algorithm: str, length: int) -> None:
    with pytest.raises(Invalid, match="base64"):
        checksum_of(algorithm, b"x" * length, hashlib.sha1)


def expected(algorithm: str, data: bytes) -> object:
    if algorithm == "sha1":
        digest = hashlib.sha1(data, usedforsecurity=False).digest()
        return checksum_of("sha1", digest, hashlib.sha1)
    return checksum_of("blake3", blake3(data).digest(), blake3)


class blake3:  # noqa: N801 - stands beside hashlib.sha1
    def __init__(self, data: bytes = b"") -> None:
        self._hasher = core_ext.Hasher()
        self._hasher.update(data)

    def update(self, data: bytes, /) -> None:
        self._hasher.update(data)

    def digest(self) -> bytes:
        return bytes.fromhex(self._hasher.hexdigest())
