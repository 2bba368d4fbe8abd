"""Batches as a worker's task: resumed after any death, each asset changed once."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_client
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from jobs import broker, live, run, sweep
from jobs.steps.batch import CHUNK_S, FEWEST, MOST, TOLD_S, paced
from lectern import bulk
from lectern.bulk import Ahead, Overtaken, Started, Targets
from lectern.database.sessions import unit_of_work
from lectern.errors import Conflict
from lectern.models import (
    AssetTag,
    AuditEntry,
    Batch,
    BatchItem,
    BatchState,
    ItemState,
    Member,
    Task,
    TaskState,
)
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.pipeline import leases
from lectern.search import Query
from lectern.taxonomy import tags
from tests.factories import make_principal
from tests.jobs.conftest import House, wait_until

MANY = 8_000


def shelve(session: Session, owner: Principal, count: int) -> None:
    """So many assets without a version, made by one statement."""
    session.execute(
        text(
            "INSERT INTO asset (workspace_id, id, name, original_name, kind, state, created_by)"
            " SELECT :workspace, gen_random_uuid(), 'clip ' || n, n || '.mp4', 'video', 'ready',"
            " :owner FROM generate_series(1, :count) AS n"
        ),
        {"workspace": owner.workspace_id, "owner": owner.user_id, "count": count},
    )


@pytest.fixture
def begin(house: House) -> Callable[..., tuple[Principal, Started]]:
    """Begins to tag a new workspace's assets, and enqueues the task."""

    def tag(count: int) -> tuple[Principal, Started]:
        with unit_of_work() as session:
            owner = make_principal(session)
            shelve(session, owner, count)
        with unit_of_work() as session:
            begun = bulk.start(
                session,
                owner,
                "tag",
                {"tags": ["exam"]},
                Targets(query=Query()),
                settings=house.settings,
            )
        live.batch_started(begun)
        return owner, begun

    return tag


def again(begun: Started) -> Batch:
    with unit_of_work() as session:
        return session.get_one(Batch, (begun.batch.workspace_id, begun.batch.id))


def task_of(begun: Started) -> Task:
    assert begun.task is not None
    with unit_of_work() as session:
        return session.get_one(Task, (begun.batch.workspace_id, begun.task.id))


def count(what: Any, *where: Any) -> int:
    with unit_of_work() as session:
        return session.scalar(select(func.count()).select_from(what).where(*where)) or 0


def tagged(owner: Principal) -> int:
    return count(AssetTag, AssetTag.workspace_id == owner.workspace_id)


def facts(owner: Principal) -> int:
    of_tags = AuditEntry.action == "asset.tags"
    return count(AuditEntry, AuditEntry.workspace_id == owner.workspace_id, of_tags)


def under_way(begun: Started, state: BatchState = BatchState.RUNNING) -> bool:
    batch = again(begun)
    assert batch.state in {BatchState.QUEUED, state}, "too fast to be killed in the middle"
    return 0 < batch.at < batch.total


def test_kill_9_in_mid_batch_and_mid_undo(
    house: House, begin: Callable[..., tuple[Principal, Started]]
) -> None:
    owner, begun = begin(MANY)
    worker = house.worker("small")
    wait_until(lambda: under_way(begun))
    worker.kill()
    worker.wait()
    half = again(begun)
    assert tagged(owner) == half.done == facts(owner)
    house.schedule()
    successor = house.worker("small")
    wait_until(lambda: again(begun).state == BatchState.DONE)
    batch, task = again(begun), task_of(begun)
    assert (batch.done, batch.refused, batch.same) == (MANY, 0, 0)
    assert tagged(owner) == facts(owner) == MANY
    assert (task.fence, task.deaths, task.progress) == (2, 0, 1.0)
    with unit_of_work() as session:
        undoing = bulk.undo(session, owner, begun.batch.id)
    live.batch_started(undoing)
    wait_until(lambda: under_way(undoing, BatchState.UNDOING))
    successor.kill()
    successor.wait()
    house.worker("small")
    wait_until(lambda: again(begun).state == BatchState.UNDONE)
    assert (again(begun).undone, again(begun).kept) == (MANY, 0)
    assert (tagged(owner), facts(owner)) == (0, 2 * MANY)
    with unit_of_work() as session:
        assert audit.verify(session, owner.workspace_id).ok


def test_sigterm_gives_the_batch_back_between_two_chunks(
    house: House, begin: Callable[..., tuple[Principal, Started]]
) -> None:
    owner, begun = begin(MANY)
    worker = house.worker("small")
    wait_until(lambda: under_way(begun))
    worker.terminate()
    assert worker.wait(10) == 0
    task = task_of(begun)
    assert (task.state, task.attempts, task.deaths) == (TaskState.QUEUED, 0, 0)
    assert tagged(owner) == again(begun).done


@pytest.fixture
def worked(house: House) -> Callable[[Started], None]:
    """Runs a batch's task in this process."""
    run.prepare(house.settings)

    def work(begun: Started) -> None:
        assert begun.task is not None
        run.run(str(begun.task.workspace_id), str(begun.task.id))

    return work


def test_open_pages_hear_how_it_gets_on(
    begin: Callable[..., tuple[Principal, Started]],
    worked: Callable[[Started], None],
    redis: redis_client.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner, begun = begin(2100)
    monkeypatch.setattr("jobs.steps.batch.TOLD_S", -TOLD_S)
    with redis.pubsub() as pubsub:
        pubsub.subscribe(broker.channel(owner.workspace_id))
        worked(begun)
        heard = []
        while message := pubsub.get_message(timeout=0.2):
            heard.append(message["data"])
    batch = f'{{"event": "batch", "batch": "{begun.batch.id}"}}'.encode()
    assert heard.count(batch) >= 3
    assert heard.count(b'{"event": "refresh"}') >= 3
    assert heard[-1] != heard[0]


def test_a_ring_too_many_changes_nothing(
    begin: Callable[..., tuple[Principal, Started]], worked: Callable[[Started], None]
) -> None:
    owner, begun = begin(300)
    for _ in range(3):
        worked(begun)
    assert (tagged(owner), facts(owner), task_of(begun).fence) == (300, 300, 1)


def test_who_is_no_member_any_more_changes_nothing_more(
    begin: Callable[..., tuple[Principal, Started]], worked: Callable[[Started], None]
) -> None:
    owner, begun = begin(300)
    with unit_of_work() as session:
        session.execute(delete(Member).where(Member.user_id == owner.user_id))
    worked(begun)
    batch = again(begun)
    assert batch.state == BatchState.FAILED
    assert "no longer a member" in (batch.reason or "")
    assert (tagged(owner), task_of(begun).state) == (0, TaskState.FAILED)


def test_a_change_that_kills_three_workers_fails_in_words_and_can_be_undone(
    begin: Callable[..., tuple[Principal, Started]], worked: Callable[[Started], None]
) -> None:
    owner, begun = begin(700)
    with unit_of_work() as session:
        bulk.advance(session, owner.workspace_id, begun.batch.id, most=500)
        session.execute(
            update(Task)
            .where(Task.workspace_id == owner.workspace_id)
            .values(state="running", deaths=2, lease_until=func.now() - text("interval '1 min'"))
        )
    sweep.take_back()
    batch = again(begun)
    assert (batch.state, batch.reason, batch.done) == (BatchState.FAILED, leases.STUCK, 500)
    with unit_of_work() as session:
        undoing = bulk.undo(session, owner, begun.batch.id)
    worked(undoing)
    assert (again(begun).state, again(begun).undone, tagged(owner)) == ("undone", 500, 0)


def test_an_undo_that_failed_can_be_taken_up_again(
    begin: Callable[..., tuple[Principal, Started]], worked: Callable[[Started], None]
) -> None:
    owner, begun = begin(700)
    worked(begun)
    with unit_of_work() as session:
        undoing = bulk.undo(session, owner, begun.batch.id)
        bulk.advance(session, owner.workspace_id, begun.batch.id, most=500)
        assert undoing.task is not None
        session.execute(
            update(Task).where(Task.id == undoing.task.id).values(state="failed", attempts=4)
        )
        bulk.fail(session, owner.workspace_id, begun.batch.id, "It broke.")
    with unit_of_work() as session:
        undoing = bulk.undo(session, owner, begun.batch.id)
    worked(undoing)
    assert (again(begun).state, again(begun).undone, tagged(owner)) == ("undone", 700, 0)


def test_items_are_forgotten_when_it_is_too_late_to_undo(
    begin: Callable[..., tuple[Principal, Started]], worked: Callable[[Started], None]
) -> None:
    owner, begun = begin(300)
    worked(begun)
    sweep.forget()
    mine = BatchItem.workspace_id == owner.workspace_id
    assert count(BatchItem, mine, BatchItem.state == ItemState.DONE) == 300
    with unit_of_work() as session:
        session.execute(
            update(Batch)
            .where(Batch.workspace_id == owner.workspace_id)
            .values(finished_at=func.now() - text("interval '31 days'"))
        )
    sweep.forget()
    assert count(BatchItem, mine) == 0
    assert (again(begun).done, bulk.can_undo(again(begun))) == (300, False)
    with unit_of_work() as session, pytest.raises(Conflict, match="30 days"):
        bulk.undo(session, owner, begun.batch.id)


def test_a_chunk_ahead_writes_nothing_where_the_batch_is_not(
    begin: Callable[..., tuple[Principal, Started]],
) -> None:
    owner, begun = begin(700)
    key = (owner.workspace_id, begun.batch.id)
    with pytest.raises(Overtaken), unit_of_work() as session:
        bulk.advance(session, *key, most=100, ahead=Ahead(100, False, lambda: None))
    assert (tagged(owner), facts(owner), again(begun).at) == (0, 0, 0)


def test_a_chunk_ahead_goes_on_from_the_one_committed_while_it_waited(
    begin: Callable[..., tuple[Principal, Started]],
) -> None:
    owner, begun = begin(700)
    key = (owner.workspace_id, begun.batch.id)

    def before() -> None:
        with unit_of_work() as session:
            bulk.advance(session, *key, most=100)

    # The tag is there, as after a first chunk; two that make it would wait for one another.
    with unit_of_work() as session:
        tags.ensure(session, owner.workspace_id, ["exam"])
    with unit_of_work() as session:
        progress = bulk.advance(session, *key, most=100, ahead=Ahead(100, False, before))
    assert (progress.at, again(begun).at, again(begun).done) == (200, 200, 200)
    assert tagged(owner) == facts(owner) == 200


def test_a_batch_that_failed_meanwhile_stops_a_chunk_ahead(
    begin: Callable[..., tuple[Principal, Started]],
) -> None:
    owner, begun = begin(700)
    key = (owner.workspace_id, begun.batch.id)

    def fail() -> None:
        with unit_of_work() as session:
            bulk.fail(session, *key, "It broke.")

    with pytest.raises(Overtaken), unit_of_work() as session:
        bulk.advance(session, *key, most=100, ahead=Ahead(0, False, fail))
    assert (tagged(owner), again(begun).done) == (0, 0)


@pytest.mark.parametrize("patience", [1.0, 0.0])
def test_chunks_at_work_at_once_change_each_file_once_and_in_order(
    begin: Callable[..., tuple[Principal, Started]],
    worked: Callable[[Started], None],
    monkeypatch: pytest.MonkeyPatch,
    patience: float,
) -> None:
    """Without patience hardly any chunk's turn comes in time, and most are repeated."""
    monkeypatch.setattr("jobs.steps.batch.TURN_S", patience)
    owner, begun = begin(5_000)
    worked(begun)
    assert (again(begun).state, again(begun).done) == (BatchState.DONE, 5_000)
    assert tagged(owner) == facts(owner) == 5_000
    with unit_of_work() as session:
        undoing = bulk.undo(session, owner, begun.batch.id)
    worked(undoing)
    assert (again(begun).state, again(begun).undone) == (BatchState.UNDONE, 5_000)
    assert (tagged(owner), facts(owner)) == (0, 10_000)
    places = (
        select(BatchItem.position)
        .join(AuditEntry, AuditEntry.object_id == BatchItem.asset_id)
        .where(
            AuditEntry.workspace_id == owner.workspace_id,
            BatchItem.batch_id == begun.batch.id,
            AuditEntry.action == "asset.tags",
        )
        .order_by(AuditEntry.seq)
    )
    with unit_of_work() as session:
        assert audit.verify(session, owner.workspace_id).ok
        assert [*session.scalars(places)] == [*range(5_000), *range(5_000)]


def test_a_batch_names_no_asset_of_others(
    begin: Callable[..., tuple[Principal, Started]], worked: Callable[[Started], None]
) -> None:
    (first, one), (second, _) = begin(250), begin(250)
    worked(one)
    assert (tagged(first), tagged(second)) == (250, 0)
    assert uuid.UUID(str(one.batch.workspace_id)) == first.workspace_id


def test_chunks_grow_while_they_are_quick_and_shrink_when_somebody_would_wait() -> None:
    assert paced(1_000, CHUNK_S / 4) == 2_000
    assert paced(1_000, CHUNK_S / 2) == 1_000
    assert paced(1_000, CHUNK_S * 2) == 500
    assert paced(MOST, 0.0) == MOST
    assert paced(FEWEST, 60.0) == FEWEST
