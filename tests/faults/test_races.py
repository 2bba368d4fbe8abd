"""Several at once on real PostgreSQL: whatever the order, no invariant breaks and nothing doubles.

Races of two, each in the place of its subject, are beside it: replacing and rolling back, trash and
use, purge and restore, claim and collection. Here are those of many.
"""

import random
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

import core_ext
from jobs import sweep
from lectern.database.sessions import unit_of_work
from lectern.errors import LecternError
from lectern.ingest import uploads
from lectern.ingest.receiving import Receiver
from lectern.ingest.uploads import NewUpload
from lectern.integrity import CHECKS, Here, fsck, garbage, purging
from lectern.library import assets, rollback, trash, versions
from lectern.models import (
    Asset,
    AuditEntry,
    Blob,
    Task,
    TaskState,
    Tombstone,
    Upload,
    UploadState,
    Version,
)
from lectern.people.principal import Principal
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step
from lectern.search import codes
from lectern.storage import blobs
from tests.factories import make_asset, make_principal
from tests.jobs.conftest import House

PIECE = b"0123456789" * 1000


def together(*actions: Callable[[], None]) -> list[BaseException]:
    """Run all at the same moment; what they raised but refusals, which are answers too."""
    barrier = threading.Barrier(len(actions))
    failures: list[BaseException] = []

    def run(action: Callable[[], None]) -> None:
        barrier.wait()
        try:
            action()
        except LecternError:
            return
        except Exception as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(600)
    assert not any(thread.is_alive() for thread in threads), "they wait for each other"
    return failures


@pytest.fixture
def owner(house: House) -> Principal:
    with unit_of_work() as session:
        return make_principal(session)


def wrong(house: House, *codes_: str) -> list[str]:
    with unit_of_work() as session:
        here = Here(session, house.settings, house.this.storage)
        return [finding.sentence for code in codes_ or CHECKS for finding in CHECKS[code](here)]


@pytest.mark.parametrize("round_", range(3))
def test_the_last_piece_sent_by_many_at_once_completes_once(
    house: House, owner: Principal, round_: int
) -> None:
    with unit_of_work() as session:
        new = NewUpload("lecture.mp4", 2 * len(PIECE))
        upload_id = uploads.create(session, owner, new, settings=house.settings).id

    def send(offset: int) -> None:
        receiver = Receiver.begin(
            unit_of_work, house.settings, owner, upload_id, offset=offset, length=len(PIECE)
        )
        try:
            receiver.write(PIECE)
            receiver.finish()
        finally:
            receiver.close()

    send(0)
    assert together(*[lambda: send(len(PIECE))] * 4) == []
    if _upload(owner, upload_id).state == UploadState.RECEIVING:
        # Each was overtaken by the next, as with any line that breaks: it goes on.
        send(_upload(owner, upload_id).received)
    row = _upload(owner, upload_id)
    assert (row.state, row.received) == (UploadState.CHECKING, 2 * len(PIECE))
    assert uploads.spool_path(house.settings, row).read_bytes() == 2 * PIECE
    with unit_of_work() as session:
        assert len(tasks.of_upload(session, owner.workspace_id, upload_id)) == 1
    assert wrong(house) == []


def _upload(owner: Principal, upload_id: uuid.UUID) -> Upload:
    with unit_of_work() as session:
        return session.get_one(Upload, (owner.workspace_id, upload_id))


def test_three_sweepers_do_the_work_of_one(house: House, owner: Principal) -> None:
    with unit_of_work() as session:
        home = owner.workspace_id
        asset = make_asset(session, owner)
        thrown_away = make_asset(session, owner)
        session.execute(update(Blob).values(state="awaited"))
        trash.trash(session, owner, thrown_away, days=30)
        session.execute(
            update(Asset).where(~Asset.live).values(purge_after=func.now() - timedelta(days=1))
        )
        lost = Task(
            workspace_id=home,
            version_id=asset.current_version_id,
            asset_id=asset.id,
            step=Step.POSTER,
            queue="media",
            state=TaskState.RUNNING,
            worker="another:1:1",
            fence=1,
            lease_until=func.now() - timedelta(seconds=1),
        )
        session.add(lost)
    rounds: list[bool] = []
    assert together(*[lambda: rounds.append(sweep.once(house.this))] * 3) == []
    assert True in rounds
    with unit_of_work() as session:
        task = session.get_one(Task, (home, lost.id))
        assert (task.state, task.deaths, task.fence) == (TaskState.QUEUED, 1, 1)
        assert session.scalar(select(func.count()).select_from(Tombstone)) == 1
        purges = select(func.count()).where(AuditEntry.action == "asset.purge")
        assert session.scalar(purges) == 1
    assert wrong(house) == []


@pytest.mark.parametrize("turns", [8, pytest.param(150, marks=pytest.mark.full)])
def test_kept_counts_equal_the_truth_after_many_changed_them(
    house: House, owner: Principal, turns: int
) -> None:
    with unit_of_work() as session:
        ids = [make_asset(session, owner).id for _ in range(6)]
        session.execute(update(Blob).values(state="awaited"))

    def change(seed: int) -> Callable[[], None]:
        chance = random.Random(seed)  # noqa: S311

        def one(asset_id: uuid.UUID) -> None:
            with unit_of_work() as session:
                asset = session.get_one(Asset, (owner.workspace_id, asset_id))
                what = chance.choice(["tags", "folder", "trash", "restore"])
                if what == "trash":
                    trash.trash(session, owner, asset, days=30)
                elif what == "restore":
                    trash.restore(session, owner, asset)
                elif what == "tags":
                    words = chance.sample(["a", "b", "c"], chance.randrange(4))
                    assets.edit(session, owner, asset, {"tags": words})
                else:
                    assets.edit(session, owner, asset, {"folder": chance.choice(["", "x", "y"])})

        def act() -> None:
            for _ in range(turns):
                _insist(lambda: one(chance.choice(ids)))

        return act

    def fold() -> None:
        for _ in range(turns):
            with unit_of_work() as session:
                codes.fold_deltas(session)

    assert together(*[change(seed) for seed in range(4)], fold, fold) == []
    assert wrong(house) == []


def _insist(change: Callable[[], None]) -> None:
    try:
        change()
    except LecternError:
        # Somebody was faster: an answer, and nothing was changed.
        return


@pytest.mark.parametrize("turns", [40, pytest.param(600, marks=pytest.mark.full)])
def test_claims_against_collections_never_lose_a_named_byte(
    house: House,
    owner: Principal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    turns: int,
) -> None:
    """With no grace at all (docs/reliability.md#storage)."""
    for age in ("MARKING_MIN_AGE", "PURGE_GRACE"):
        monkeypatch.setattr(garbage, age, timedelta(0))
    storage, home = house.this.storage, owner.workspace_id
    sources = [tmp_path / f"content {number}" for number in range(3)]
    for source in sources:
        source.write_text(source.name)
    digests = [core_ext.digest_file(source) for source in sources]
    over = threading.Event()
    claimed: list[int] = []
    lost: list[int] = []
    deleted: list[Any] = []

    def named(choice: int) -> tuple[uuid.UUID, uuid.UUID]:
        """An asset with this content, and its blob: what is there is claimed, else stored."""
        with unit_of_work() as session:
            blob = blobs.claim(session, home, digests[choice])
            if blob is None:
                stored = blobs.store(storage, home, sources[choice])
                blob = blobs.add(session, home, stored, "video/mp4")[0]
            return make_asset(session, owner, blob=blob).id, blob.id

    def use(seed: int) -> Callable[[], None]:
        chance = random.Random(seed)  # noqa: S311

        def act() -> None:
            for _ in range(turns // 4):
                choice = chance.randrange(len(sources))
                asset_id, blob_id = named(choice)
                claimed.append(choice)
                # What a collector decided before it saw the name would show by now.
                time.sleep(0.02)
                with unit_of_work() as session:
                    blob = session.get(Blob, (home, blob_id))
                    if blob is None or blob.state != "live" or not storage.exists(blob.key):
                        lost.append(choice)
                    asset = session.get_one(Asset, (home, asset_id))
                    trash.trash(session, owner, asset, days=30)
                    purging.purge(session, owner, asset_id)

        return act

    def using() -> None:
        try:
            assert together(*[use(seed) for seed in range(4)]) == []
        finally:
            over.set()

    def collect() -> None:
        while not over.is_set():
            with unit_of_work() as session:
                garbage.mark_for_deletion(session, home)
            with unit_of_work() as session:
                blobs = garbage.begin_deletion(session, home)
            for each in blobs:
                storage.delete(each.key)
                with unit_of_work() as session:
                    garbage.forget(session, home, each.id)
            deleted.extend(blobs)

    assert together(using, collect, collect) == []
    assert lost == []
    assert len(claimed) == turns
    assert deleted, "the collectors should have had something to do"
    assert wrong(house) == []


@pytest.mark.parametrize("turns", [3, pytest.param(40, marks=pytest.mark.full)])
def test_replacing_rolling_back_and_settling_at_once_keep_history_whole(
    house: House, owner: Principal, tmp_path: Path, turns: int
) -> None:
    storage, home = house.this.storage, owner.workspace_id

    def stored(content: str) -> blobs.Stored:
        source = tmp_path / content
        source.write_text(content)
        return blobs.store(storage, home, source)

    with unit_of_work() as session:
        blob = blobs.add(session, home, stored("first"), "video/mp4")[0]
        asset_id = make_asset(session, owner, blob=blob).id

    def replace(number: int) -> Callable[[], None]:
        def act() -> None:
            for turn in range(turns):
                new = stored(f"{number} {turn}")
                with unit_of_work() as session:
                    asset = session.get_one(Asset, (home, asset_id))
                    blob = blobs.add(session, home, new, "video/mp4")[0]
                    facts = dict(versions.list_of(session, asset)[-1].facts)
                    versions.add(
                        session,
                        asset,
                        blob,
                        origin="replacement",
                        original_name="clip.mp4",
                        facts=facts,
                        created_by=owner.user_id,
                    )
                    assets.settle(session, home, asset_id)

        return act

    def back() -> None:
        for _ in range(turns):
            with unit_of_work() as session:
                asset = session.get_one(Asset, (home, asset_id))
                rollback.roll_back(session, owner, asset, 1, storage=storage)

    def settle() -> None:
        for _ in range(turns * 3):
            with unit_of_work() as session:
                assets.settle(session, home, asset_id)

    assert together(replace(1), replace(2), back, back, settle) == []
    with unit_of_work() as session:
        numbers = session.scalars(select(Version.number).order_by(Version.number)).all()
        assert list(numbers) == list(range(1, 4 * turns + 2))
        rolled = select(func.count()).where(AuditEntry.action == "asset.rollback")
        assert session.scalar(rolled) == 2 * turns
        assert list(fsck.chains(session)) == []
    assert wrong(house) == []
