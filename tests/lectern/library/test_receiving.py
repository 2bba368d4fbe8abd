"""Receiving bytes: what was acknowledged stays, what was not is cut off."""

import base64
import hashlib
import os
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest
from sqlalchemy import update

import core_ext
from lectern.errors import Conflict, Gone, Invalid, NotFound, StorageFull, TooLarge
from lectern.library import hashers, receiving, tasks, uploads
from lectern.library.receiving import ChecksumMismatch, Receiver, Taken, WrongOffset, checksum_of
from lectern.library.uploads import NewUpload
from lectern.models import Step, Upload, UploadState
from lectern.people.principal import Principal
from lectern.settings import Settings
from tests.factories import make_colleague, make_principal
from tests.lectern.library.conftest import Work

BYTES = os.urandom(300_000)


@pytest.fixture
def sender(work: Work) -> Principal:
    with work() as session:
        return make_principal(session)


class Sending:
    """One upload of `size` bytes, and the requests that bring them."""

    def __init__(self, work: Work, settings: Settings, sender: Principal, size: int) -> None:
        self.work, self.settings, self.sender = work, settings, sender
        with work() as session:
            new = NewUpload("lecture.mp4", size)
            upload = uploads.create(session, sender, new, settings=settings)
            self.id, self.spool = upload.id, uploads.spool_path(settings, upload)

    def begin(self, offset: int, length: int | None = None, **more: object) -> Receiver:
        return Receiver.begin(
            self.work,
            self.settings,
            self.sender,
            self.id,
            offset=offset,
            length=length,
            **more,  # type: ignore[arg-type]
        )

    def send(self, offset: int, data: bytes, **more: object) -> int:
        receiver = self.begin(offset, len(data), **more)
        receiver.write(data)
        return receiver.finish()

    @property
    def row(self) -> Upload:
        with self.work() as session:
            return uploads.get(session, self.sender, self.id)


@pytest.fixture
def sending(work: Work, settings: Settings, sender: Principal) -> Sending:
    return Sending(work, settings, sender, len(BYTES))


def test_parts_in_order_make_the_file_and_its_digest(sending: Sending, work: Work) -> None:
    assert sending.send(0, BYTES[:100_000]) == 100_000
    assert sending.row.received == 100_000
    assert sending.row.state == UploadState.RECEIVING
    assert sending.send(100_000, BYTES[100_000:]) == len(BYTES)
    assert sending.spool.read_bytes() == BYTES
    row = sending.row
    assert row.state == UploadState.CHECKING
    assert row.digest == core_ext.digest_file(sending.spool)
    with work() as session:
        (task,) = tasks.of_upload(session, row.workspace_id, row.id)
    assert (task.step, task.state, task.queue) == (Step.PROBE, "queued", "probe")


def test_nothing_is_acknowledged_before_it_is_on_the_disk(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    sync = os.fdatasync

    def watched(file: int) -> None:
        synced.append(sending.row.received)
        sync(file)

    monkeypatch.setattr(os, "fdatasync", watched)
    sending.send(0, BYTES[:1000])
    sending.send(1000, BYTES[1000:])
    assert synced == [0, 1000]


def test_a_disk_that_fails_to_sync_ends_the_upload(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(file: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fail)
    with pytest.raises(StorageFull, match="disk failed"):
        sending.send(0, BYTES[:1000])
    assert (sending.row.state, sending.row.received) == (UploadState.FAILED, 0)
    monkeypatch.undo()
    with pytest.raises(Gone, match="disk failed"):
        sending.send(0, BYTES)


def test_a_full_spool_keeps_what_was_acknowledged(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending.send(0, BYTES[:1000])

    def fail(file: int, data: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", fail)
    receiver = sending.begin(1000)
    with pytest.raises(StorageFull):
        receiver.write(BYTES[1000:])
    assert receiver.finish() == 1000
    monkeypatch.undo()
    assert sending.row.state == UploadState.RECEIVING
    assert sending.send(1000, BYTES[1000:]) == len(BYTES)
    assert sending.spool.read_bytes() == BYTES


@pytest.mark.parametrize("offset", [0, 999, 1001, len(BYTES), 1 << 60])
def test_a_wrong_offset_is_refused_with_the_right_one(sending: Sending, offset: int) -> None:
    sending.send(0, BYTES[:1000])
    with pytest.raises(WrongOffset) as refusal:
        sending.begin(offset)
    assert refusal.value.offset == 1000
    assert sending.row.received == 1000


def test_an_announced_surplus_is_refused_before_a_byte(sending: Sending) -> None:
    with pytest.raises(TooLarge):
        sending.begin(0, len(BYTES) + 1)
    assert not sending.spool.exists()


def test_a_surplus_without_announcement_is_refused_and_goes_on_from_the_last_acknowledged(
    sending: Sending,
) -> None:
    sending.send(0, BYTES[:1000])
    receiver = sending.begin(1000)
    receiver.write(BYTES[1000:2000])
    with pytest.raises(TooLarge):
        receiver.write(BYTES)
    assert receiver.finish() == 1000
    assert sending.row.state == UploadState.RECEIVING
    assert sending.send(1000, BYTES[1000:]) == len(BYTES)
    assert sending.spool.read_bytes() == BYTES


def test_bytes_beyond_the_acknowledged_are_cut_off(sending: Sending) -> None:
    sending.send(0, BYTES[:1000])
    with sending.spool.open("ab") as file:
        file.write(b"never acknowledged" * 100)
    assert sending.send(1000, BYTES[1000:]) == len(BYTES)
    assert sending.spool.read_bytes() == BYTES


def test_a_spool_that_lost_bytes_fails_the_upload(sending: Sending) -> None:
    sending.send(0, BYTES[:1000])
    os.truncate(sending.spool, 999)
    with pytest.raises(Gone, match="lost part"):
        sending.begin(1000)
    assert sending.row.state == UploadState.FAILED


def test_what_came_before_the_sender_vanished_is_kept(sending: Sending) -> None:
    receiver = sending.begin(0, len(BYTES))
    receiver.write(BYTES[:5000])
    assert receiver.finish() == 5000
    assert sending.send(5000, BYTES[5000:]) == len(BYTES)
    assert sending.row.digest == core_ext.digest_file(sending.spool)


def test_a_long_body_is_acknowledged_on_the_way(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "CHECKPOINT_BYTES", 100_000)
    receiver = sending.begin(0)
    for start in range(0, 250_000, 50_000):
        receiver.write(BYTES[start : start + 50_000])
    assert sending.row.received == 200_000
    # The server is killed here: nothing tells the receiver.
    receiver.close()
    assert sending.send(200_000, BYTES[200_000:]) == len(BYTES)
    assert sending.spool.read_bytes() == BYTES


def test_a_checkpoint_at_the_very_end_completes_once(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "CHECKPOINT_BYTES", len(BYTES))
    assert sending.send(0, BYTES) == len(BYTES)
    assert sending.row.state == UploadState.CHECKING


def test_a_complete_upload_takes_no_more(sending: Sending) -> None:
    sending.send(0, BYTES)
    with pytest.raises(Conflict, match="already"):
        sending.begin(len(BYTES))


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


def test_a_newcomer_takes_over_from_a_writer_that_hangs(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "LOOK_S", 0.0)
    former = sending.begin(0)
    former.write(BYTES[:1000])
    arrived: list[int] = []
    newcomer = threading.Thread(target=lambda: arrived.append(sending.send(0, BYTES)))
    newcomer.start()
    with pytest.raises(Taken):
        keep_writing(former)
    newcomer.join(20)
    assert arrived == [len(BYTES)]
    assert sending.spool.read_bytes() == BYTES


def test_a_newcomer_gives_up_on_a_writer_that_never_looks(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "TAKEOVER_S", 0.2)
    former = sending.begin(0)
    with pytest.raises(Taken):
        sending.begin(0)
    former.write(BYTES[:10])
    with pytest.raises(Taken):
        former.finish()
    assert sending.send(0, BYTES) == len(BYTES)


def test_an_offset_that_is_just_being_acknowledged_is_never_cut_back(
    sending: Sending, work: Work
) -> None:
    """A newcomer that looks while the former writer commits must see what that one promised."""
    sending.send(0, BYTES[:1000])
    refusals: list[int] = []

    def come_late() -> None:
        try:
            sending.begin(1000).close()
        except WrongOffset as refusal:
            refusals.append(refusal.offset)

    with work() as session:
        session.execute(update(Upload).where(Upload.id == sending.id).values(received=2000))
        newcomer = threading.Thread(target=come_late)
        newcomer.start()
        newcomer.join(0.5)
        assert newcomer.is_alive()
    newcomer.join(20)
    assert refusals == [2000]


def test_an_upload_goes_on_in_another_process(
    sending: Sending, sender: Principal, own_database_url: str, data_dir: Path
) -> None:
    script = Path(__file__).with_name("sending_process.py")
    part = base64.b64encode(BYTES[:1000]).decode()
    identity = [str(sending.id), str(sender.workspace_id), str(sender.user_id)]
    subprocess.run(
        [sys.executable, str(script), own_database_url, str(data_dir), *identity, part], check=True
    )
    assert sending.row.received == 1000
    assert sending.send(1000, BYTES[1000:]) == len(BYTES)
    # This process never saw the beginning: a worker reads the digest off the file.
    assert sending.row.digest is None
    assert sending.spool.read_bytes() == BYTES


def test_only_so_many_running_digests_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashers, "REMEMBERED", 2)
    first, second, third = (uuid.uuid4() for _ in range(3))
    for upload in (first, second, third):
        hashers.keep(upload, 5, core_ext.Hasher())
    assert hashers.take(first, 5) is None
    assert hashers.take(second, 4) is None
    assert hashers.take(third, 5) is not None


def test_another_member_cannot_send_into_it(
    sending: Sending, sender: Principal, work: Work, settings: Settings
) -> None:
    with work() as session:
        colleague, stranger = make_colleague(session, sender), make_principal(session)
    for other in (colleague, stranger):
        with pytest.raises(NotFound):
            Receiver.begin(work, settings, other, sending.id, offset=0, length=1)


def keep_writing(receiver: Receiver) -> None:
    while True:
        receiver.write(b"")


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
