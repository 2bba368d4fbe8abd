"""Receiving bytes: what was acknowledged stays, what was not is cut off."""

import os

import pytest

import core_ext
from lectern.errors import Conflict, Gone, StorageFull, TooLarge
from lectern.ingest import receiving
from lectern.ingest.receiving import Work, WrongOffset
from lectern.models import UploadState
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step
from tests.lectern.sending import BYTES, Sending


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
        file.write(b"never acknowledged" * 100_000)
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
