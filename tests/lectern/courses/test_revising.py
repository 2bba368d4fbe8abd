import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from lectern.courses import lessons, revising, usages
from lectern.courses.usages import Place, UsageSpec
from lectern.database.sessions import driver_url
from lectern.errors import Invalid, NotFound
from lectern.models import Lesson
from lectern.people.principal import Principal
from tests.factories import add_version, make_asset, make_course, make_principal


def test_one_use_gets_its_words_and_the_others_keep_theirs(
    session: Session, owner: Principal, lesson: Lesson
) -> None:
    a, b = make_asset(session, owner), make_asset(session, owner)
    place = Place(lesson.chapter.course.ref, None, lesson.ref)
    first, second = usages.put(
        session, owner, place, [UsageSpec(a.id, "", "pin"), UsageSpec(b.id, title="B", start_s=5)]
    )
    add_version(session, a)
    revising.reword(session, owner, lesson, first.id, "A", "A lens")
    now = usages.of_lesson(session, owner, lesson.id)
    assert [(usage.id, usage.title, usage.alt, usage.start_s) for usage in now] == [
        (first.id, "A", "A lens", None),
        (second.id, "B", None, 5),
    ]
    assert now[0].version_number == 1
    revising.reword(session, owner, lesson, first.id, "", "")
    assert (first.title, first.alt) == (None, None)
    with pytest.raises(NotFound):
        revising.reword(session, owner, lesson, uuid.uuid4(), "A", "")
    with pytest.raises(Invalid):
        revising.reword(session, owner, lesson, first.id, "x" * 201, "")


def test_an_ended_use_comes_back_where_and_as_it_was(
    session: Session, owner: Principal, lesson: Lesson
) -> None:
    place = Place(lesson.chapter.course.ref, None, lesson.ref)
    ids = [make_asset(session, owner).id for _ in range(3)]
    specs = [UsageSpec(ids[0]), UsageSpec(ids[1], policy="pin", title="Two"), UsageSpec(ids[2])]
    _, middle, _ = usages.put(session, owner, place, specs)
    past = usages.end(session, owner, middle.id)
    for _ in range(2):
        revising.bring_back(session, owner, lesson, past.id)
        now = usages.of_lesson(session, owner, lesson.id)
        assert [usage.asset_id for usage in now] == ids
        assert (now[1].title, now[1].policy, now[1].version_number) == ("Two", "pin", 1)
    with pytest.raises(NotFound):
        revising.bring_back(session, owner, lesson, uuid.uuid4())


def test_what_somebody_inserts_meanwhile_stays(own_database_url: str) -> None:
    engine = create_engine(driver_url(own_database_url))
    with Session(engine, expire_on_commit=False) as session:
        owner = make_principal(session)
        make_course(session, owner)
        lesson_id = session.scalars(select(Lesson.id)).one()
        ids = [make_asset(session, owner).id for _ in range(6)]
        (usage,) = usages.add(session, owner, lesson_id, ids[:1])
        session.commit()

    def insert(asset_id: uuid.UUID) -> None:
        with Session(engine) as session:
            usages.add(session, owner, lesson_id, [asset_id])
            session.commit()

    def reword(title: str) -> None:
        with Session(engine) as session:
            lesson = lessons.get(session, owner, lesson_id)
            revising.reword(session, owner, lesson, usage.id, title, "")
            session.commit()

    with ThreadPoolExecutor(4) as pool:
        busy = []
        for asset_id, titles in zip(ids[1:], ("ab", "cd", "ef", "gh", "ij"), strict=True):
            busy += [pool.submit(reword, title) for title in titles]
            busy.append(pool.submit(insert, asset_id))
        for future in busy:
            future.result(timeout=30)
    with Session(engine) as session:
        now = usages.of_lesson(session, owner, lesson_id)
        assert {row.asset_id for row in now} == set(ids)
    engine.dispose()
