"""Merges and whatever else happens at the same moment: real commits, several connections."""

import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern import duplicates
from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.database import retry
from lectern.errors import LecternError
from lectern.ingest.receiving import Work
from lectern.integrity import fsck
from lectern.library import trash
from lectern.models import Asset, Usage
from lectern.people import audit, audit_reading
from lectern.people.principal import Principal
from tests.factories import make_asset, make_blob, make_course

ROUNDS = 6


class World:
    """Two files of equal bytes, used in one lesson each."""

    def __init__(self, work: Work, owner: Principal) -> None:
        self.work, self.owner = work, owner
        with work() as session:
            blob = make_blob(session, owner.workspace_id)
            made = [make_asset(session, owner, blob=blob) for _ in range(3)]
            self.one, self.two, self.third = (asset.id for asset in made)
            self.ref = make_course(session, owner, lessons=4).ref
            for number, asset_id in enumerate((self.one, self.two)):
                self.use(number, asset_id)(session)

    def use(self, lesson: int, asset_id: uuid.UUID) -> Callable[[Session], Any]:
        place = Place(self.ref, None, f"l{lesson}")
        return lambda session: usages.put(session, self.owner, place, [UsageSpec(asset_id)])

    def merge(self, keep: uuid.UUID, other: uuid.UUID) -> Callable[[Session], Any]:
        return lambda session: duplicates.merge(session, self.owner, keep, [other], days=30).id

    def undo(self, merge_id: uuid.UUID) -> Callable[[Session], Any]:
        return lambda session: duplicates.undo(session, self.owner, merge_id).stayed

    def trash(self, asset_id: uuid.UUID) -> Callable[[Session], Any]:
        def act(session: Session) -> None:
            asset = session.get_one(Asset, (self.owner.workspace_id, asset_id))
            trash.trash(session, self.owner, asset, days=30)

        return act

    def together(self, *acts: Callable[[Session], Any]) -> list[str]:
        """Do all at the same moment; `done`, or the name of each refusal."""
        start = Barrier(len(acts))

        def run(act: Callable[[Session], Any]) -> Any:
            start.wait()
            return retry.retry_on_conflict(lambda: self.do(act))

        with ThreadPoolExecutor(len(acts)) as pool:
            return [outcome(each) for each in [pool.submit(run, act) for act in acts]]

    def do(self, act: Callable[[Session], Any]) -> Any:
        with self.work() as session:
            return act(session)

    def check(self) -> dict[uuid.UUID, list[str]]:
        """All promises hold; in which lessons each file is used."""
        with self.work() as session:
            assert list(fsck.rows(session)) == []
            assert audit.verify(session, self.owner.workspace_id).ok
            found: dict[uuid.UUID, list[str]] = {}
            for usage in session.scalars(select(Usage).order_by(Usage.lesson_id)):
                assert usage.lesson is not None
                found.setdefault(usage.asset_id, []).append(usage.lesson.ref)
            return found


def outcome(future: "Future[Any]") -> str:
    error = future.exception(timeout=60)
    assert error is None or isinstance(error, LecternError), error
    return type(error).__name__ if error else "done"


@pytest.fixture
def world(work: Work, sender: Principal) -> World:
    return World(work, sender)


def test_merged_into_each_other_one_stays(world: World) -> None:
    for _ in range(ROUNDS):
        ends = world.together(world.merge(world.one, world.two), world.merge(world.two, world.one))
        assert sorted(ends) == ["Conflict", "done"]
        used = world.check()
        (kept,) = used
        assert used[kept] == ["l0", "l1"]
        with world.work() as session:
            gone = world.two if kept == world.one else world.one
            row = duplicates.into(session, world.owner, gone)
            assert row is not None
            duplicates.undo(session, world.owner, row.id)
        assert world.check() == {world.one: ["l0"], world.two: ["l1"]}


def test_a_lesson_that_takes_the_file_meanwhile_loses_nothing(world: World) -> None:
    for _ in range(ROUNDS):
        ends = world.together(world.merge(world.one, world.two), world.use(2, world.two))
        used = world.check()
        if ends[0] == "done":
            # The lesson came first and its use went along, or it was told of the trash.
            assert list(used) == [world.one]
            assert (ends[1] == "done") == ("l2" in used[world.one])
            with world.work() as session:
                row = duplicates.into(session, world.owner, world.two)
                assert row is not None
                duplicates.undo(session, world.owner, row.id)
        world.do(lambda session: usages.put(session, world.owner, Place(world.ref, None, "l2"), []))
        assert world.check() == {world.one: ["l0"], world.two: ["l1"]}


def test_undone_twice_at_once(world: World) -> None:
    for _ in range(ROUNDS):
        merge_id = world.do(world.merge(world.one, world.two))
        assert world.together(world.undo(merge_id), world.undo(merge_id)) == ["done", "done"]
        assert world.check() == {world.one: ["l0"], world.two: ["l1"]}
    with world.work() as session:
        lines = audit_reading.history(session, world.owner, world.one)
        assert sum(line.action == "asset.unmerge" for line in lines) == ROUNDS


def test_a_third_copy_goes_to_the_trash_meanwhile(world: World) -> None:
    for _ in range(ROUNDS):
        ends = world.together(world.merge(world.one, world.two), world.trash(world.third))
        assert ends == ["done", "done"]
        world.check()
        with world.work() as session:
            row = duplicates.into(session, world.owner, world.two)
            assert row is not None
            third = session.get_one(Asset, (world.owner.workspace_id, world.third))
            trash.restore(session, world.owner, third)
        ends = world.together(world.undo(row.id), world.trash(world.third))
        assert ends == ["done", "done"]
        world.check()
        with world.work() as session:
            third = session.get_one(Asset, (world.owner.workspace_id, world.third))
            trash.restore(session, world.owner, third)
