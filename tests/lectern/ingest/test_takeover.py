"""Who writes to an upload: one at a time, wherever the next one comes from."""

import base64
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest
from sqlalchemy import update

import core_ext
from lectern.errors import NotFound
from lectern.ingest import hashers, receiving
from lectern.ingest.receiving import Receiver, Taken, Work, WrongOffset
from lectern.models import Upload
from lectern.people.principal import Principal
from lectern.settings import Settings
from tests.factories import make_colleague, make_principal
from tests.lectern.sending import BYTES, Sending


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
    script = Path(__file__).parents[1] / "sending_process.py"
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
