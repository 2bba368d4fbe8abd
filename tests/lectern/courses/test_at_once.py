"""What happens when several do it at once: real commits, in a database of the test's own."""

import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any, TypeVar

import pytest
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.orm import Session

from lectern.courses import courses, lessons, usages
from lectern.courses.courses import ChapterSpec, CourseSpec, LessonSpec
from lectern.courses.usages import Place, UsageSpec
from lectern.database.sessions import driver_url
from lectern.errors import InUse, Invalid, NotFound
from lectern.library import trash
from lectern.models import Asset, Course, Lesson, Usage, UsageHistory
from lectern.people import audit
from lectern.people.principal import Principal
from tests.factories import make_asset, make_course, make_principal

Made = TypeVar("Made")


class World:
    """An owner, a course of two lessons and three assets, and a way to act in transactions."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with Session(engine) as session:
            self.owner = make_principal(session)
            course = make_course(session, self.owner, chapters=1, lessons=2)
            self.ref, self.course_id = course.ref, course.id
            self.assets = [make_asset(session, self.owner).id for _ in range(3)]
            self.lessons = list(session.scalars(select(Lesson.id).order_by(Lesson.position)))
            session.commit()

    def do(self, act: Callable[[Session, Principal], Made]) -> Made:
        with Session(self.engine, expire_on_commit=False) as session:
            made = act(session, self.owner)
            session.commit()
            return made

    def recount(self) -> dict[uuid.UUID, tuple[int, int]]:
        """For each asset the stored count of usages, and the true one."""
        counted = (
            select(func.count())
            .where(Usage.asset_id == Asset.id)
            .correlate(Asset)
            .scalar_subquery()
        )
        with Session(self.engine) as session:
            rows = session.execute(select(Asset.id, Asset.usage_count, counted))
            return {identity: (stored, true) for identity, stored, true in rows}


@pytest.fixture
def world(own_database_url: str) -> Iterator[World]:
    engine = create_engine(driver_url(own_database_url), pool_size=10)
    yield World(engine)
    engine.dispose()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(10) as pool:
        yield pool


def wait_until_blocked(engine: Engine) -> None:
    """Return once some transaction waits for another's lock."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    deadline = time.monotonic() + 10
    with engine.connect() as connection:
        while not connection.execute(waiting).scalar_one():
            assert time.monotonic() < deadline, "nobody waits"
            time.sleep(0.01)


def outcome(future: Future[Any]) -> str:
    error = future.exception(timeout=30)
    return "done" if error is None else type(error).__name__


def to_the_trash(asset_id: uuid.UUID) -> Callable[[Session, Principal], None]:
    def act(session: Session, owner: Principal) -> None:
        asset = session.get_one(Asset, (owner.workspace_id, asset_id))
        trash.trash(session, owner, asset, days=30)

    return act


def test_a_lesson_that_takes_the_asset_first_wins_over_the_trash(
    world: World, pool: ThreadPoolExecutor
) -> None:
    asset_id = world.assets[0]
    with Session(world.engine) as session:
        usages.add(session, world.owner, world.lessons[0], [asset_id])
        loser = pool.submit(world.do, to_the_trash(asset_id))
        wait_until_blocked(world.engine)
        session.commit()
    error = loser.exception(timeout=30)
    assert isinstance(error, InUse)
    assert [usage.lesson_id for usage in error.usages] == [world.lessons[0]]
    assert world.recount()[asset_id] == (1, 1)


def test_a_trash_that_comes_first_wins_over_the_lesson(
    world: World, pool: ThreadPoolExecutor
) -> None:
    asset_id = world.assets[0]
    with Session(world.engine) as session:
        to_the_trash(asset_id)(session, world.owner)
        loser = pool.submit(
            world.do,
            lambda session, owner: usages.put(
                session,
                owner,
                Place(world.ref, None, "l0"),
                [UsageSpec(world.assets[1]), UsageSpec(asset_id)],
            ),
        )
        wait_until_blocked(world.engine)
        session.commit()
    error = loser.exception(timeout=30)
    assert isinstance(error, Invalid)
    assert "in the trash" in error.fields["assets.1.id"]
    assert set(world.recount().values()) == {(0, 0)}


def test_trash_against_use_over_and_over_never_leaves_a_used_file_in_the_trash(
    world: World, pool: ThreadPoolExecutor
) -> None:
    for _ in range(15):
        asset_id = world.do(lambda session, owner: make_asset(session, owner).id)
        barrier = Barrier(2)

        def racing(act: Callable[[Session, Principal], Any], barrier: Barrier = barrier) -> None:
            barrier.wait()
            world.do(act)

        def use(session: Session, owner: Principal, asset_id: uuid.UUID = asset_id) -> None:
            usages.add(session, owner, world.lessons[0], [asset_id])

        using = pool.submit(racing, use)
        trashing = pool.submit(racing, to_the_trash(asset_id))
        ends = (outcome(using), outcome(trashing))
        assert ends in {("done", "InUse"), ("Invalid", "done")}
        with Session(world.engine) as session:
            live = session.scalar(select(Asset.live).where(Asset.id == asset_id))
        stored, true = world.recount()[asset_id]
        assert (stored, true, live) == ((1, 1, True) if ends[0] == "done" else (0, 0, False))


def test_places_that_share_assets_in_other_orders_never_lock_each_other_up(
    world: World, pool: ThreadPoolExecutor
) -> None:
    refs = [world.do(lambda session, owner: make_course(session, owner).ref) for _ in range(4)]
    a, b, c = world.assets
    orders = [[a, b, c], [c, b, a], [b, a], [c, a]]
    barrier = Barrier(4)

    def put(session: Session, owner: Principal, place: Place, items: list[UsageSpec]) -> None:
        usages.put(session, owner, place, items)

    def declare(number: int) -> None:
        place = Place(refs[number], None, "l0")
        barrier.wait()
        for turn in range(8):
            specs = [UsageSpec(asset_id) for asset_id in orders[(number + turn) % 4]]
            world.do(partial(put, place=place, items=specs))

    for future in [pool.submit(declare, number) for number in range(4)]:
        future.result(timeout=60)
    assert all(stored == true for stored, true in world.recount().values())
    with Session(world.engine) as session:
        assert audit.verify(session, world.owner.workspace_id).ok


def test_one_place_declared_by_many_at_once_has_what_one_of_them_said(
    world: World, pool: ThreadPoolExecutor
) -> None:
    place = Place(world.ref, None, "l0")
    wanted = [world.assets, world.assets[::-1], world.assets[:1], []]
    barrier = Barrier(8)

    def declare(number: int) -> None:
        barrier.wait()
        specs = [UsageSpec(asset_id) for asset_id in wanted[number % 4]]
        world.do(lambda session, owner: usages.put(session, owner, place, specs))

    for future in [pool.submit(declare, number) for number in range(8)]:
        future.result(timeout=60)
    now = world.do(
        lambda session, owner: [usage.asset_id for usage in usages.at(session, owner, place)]
    )
    assert now in wanted
    assert all(stored == true for stored, true in world.recount().values())


def test_the_picker_clicked_twice_inserts_once(world: World, pool: ThreadPoolExecutor) -> None:
    barrier = Barrier(6)

    def insert(_: int) -> uuid.UUID:
        barrier.wait()
        return world.do(
            lambda session, owner: usages.add(session, owner, world.lessons[0], world.assets[:1])
        )[0].id

    assert len(set(pool.map(insert, range(6)))) == 1
    assert world.recount()[world.assets[0]] == (1, 1)


def test_two_programs_make_the_same_course_once(world: World, pool: ThreadPoolExecutor) -> None:
    barrier = Barrier(6)

    def put(number: int) -> bool:
        spec = CourseSpec("New", [ChapterSpec("a", "A", [LessonSpec(f"l{number}", "L")])])
        barrier.wait()
        return world.do(lambda session, owner: courses.put(session, owner, "new", spec)[1])

    assert sorted(pool.map(put, range(6))) == [False] * 5 + [True]
    with Session(world.engine) as session:
        assert session.scalar(select(func.count()).where(Course.ref == "new")) == 1
        course = courses.get(session, world.owner, "new")
        assert [len(chapter.lessons) for chapter in course.chapters] == [1]


def test_two_people_make_courses_of_one_title(world: World, pool: ThreadPoolExecutor) -> None:
    barrier = Barrier(4)

    def create(_: int) -> str:
        barrier.wait()
        return world.do(lambda session, owner: courses.create(session, owner, "Optics").ref)

    assert sorted(pool.map(create, range(4))) == ["optics", "optics-2", "optics-3", "optics-4"]


def test_an_insert_into_a_lesson_that_just_goes_is_told_so(
    world: World, pool: ThreadPoolExecutor
) -> None:
    with Session(world.engine) as session:
        lessons.remove(session, world.owner, world.lessons[0])
        loser = pool.submit(
            world.do, lambda s, p: usages.add(s, p, world.lessons[0], world.assets[:1])
        )
        wait_until_blocked(world.engine)
        session.commit()
    assert isinstance(loser.exception(timeout=30), NotFound)
    assert set(world.recount().values()) == {(0, 0)}


def test_a_usage_ended_twice_at_once_ends_once(world: World, pool: ThreadPoolExecutor) -> None:
    (usage,) = world.do(lambda s, p: usages.add(s, p, world.lessons[0], world.assets[:1]))
    barrier = Barrier(4)

    def end(_: int) -> str:
        barrier.wait()
        try:
            world.do(lambda session, owner: usages.end(session, owner, usage.id))
        except NotFound:
            return "gone"
        return "ended"

    assert sorted(pool.map(end, range(4))) == ["ended", "gone", "gone", "gone"]
    with Session(world.engine) as session:
        assert session.scalar(select(func.count()).select_from(UsageHistory)) == 1
    assert world.recount()[world.assets[0]] == (0, 0)
