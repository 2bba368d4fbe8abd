import uuid
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from lectern.courses import changed, usages
from lectern.courses.usages import Place, UsageSpec
from lectern.errors import NotFound, Stale
from lectern.models import Course, Lesson
from lectern.people import audit_reading
from lectern.people.principal import Principal
from tests.factories import add_version, make_asset


def test_the_picker_inserts_at_the_end_and_nothing_twice(
    session: Session, owner: Principal, lesson: Lesson
) -> None:
    a, b, c = (make_asset(session, owner).id for _ in range(3))
    usages.add(session, owner, lesson.id, [a])
    inserted = usages.add(session, owner, lesson.id, [c, a, b, c])
    assert [usage.asset_id for usage in inserted] == [c, a, b]
    now = usages.of_lesson(session, owner, lesson.id)
    assert [usage.asset_id for usage in now] == [a, c, b]
    assert all(usage.created_by == owner.user_id for usage in now)


def test_the_picker_may_pin(session: Session, owner: Principal, lesson: Lesson) -> None:
    asset = make_asset(session, owner)
    (usage,) = usages.add(session, owner, lesson.id, [asset.id], policy="pin")
    add_version(session, asset)
    assert (usage.policy, usage.version_number) == ("pin", 1)


def test_one_use_ends_once(session: Session, owner: Principal, lesson: Lesson) -> None:
    asset = make_asset(session, owner)
    (usage,) = usages.add(session, owner, lesson.id, [asset.id])
    identity = usage.id
    past = usages.end(session, owner, identity)
    assert (past.id, past.place["lesson"]) == (identity, "Lesson 0")
    for missing in (identity, uuid.uuid4()):
        with pytest.raises(NotFound, match="no longer used there"):
            usages.end(session, owner, missing)
    assert asset.usage == "formerly"


def test_a_lesson_is_put_in_order_as_a_whole(
    session: Session, owner: Principal, lesson: Lesson
) -> None:
    ids = [make_asset(session, owner).id for _ in range(3)]
    one, two, three = (usage.id for usage in usages.add(session, owner, lesson.id, ids))
    put = usages.reorder(session, owner, lesson.id, [three, one, two])
    assert [usage.id for usage in put] == [three, one, two]
    for wrong in ([one, two], [one, two, three, three], [one, two, uuid.uuid4()]):
        with pytest.raises(Stale):
            usages.reorder(session, owner, lesson.id, wrong)


def test_each_change_is_in_the_assets_history(
    session: Session, owner: Principal, place: Place
) -> None:
    asset = make_asset(session, owner)
    (usage,) = usages.put(session, owner, place, [UsageSpec(asset.id, slot="hero")])
    identity = usage.id
    usages.put(session, owner, place, [UsageSpec(asset.id, slot="hero", title="Intro")])
    usages.put(session, owner, place, [UsageSpec(asset.id, slot="hero", title="Intro")])
    usages.put(session, owner, place, [])
    ended, edited, added = audit_reading.history(session, owner, asset.id)
    assert [line.action for line in (added, edited, ended)] == [
        "usage.add",
        "usage.change",
        "usage.end",
    ]
    assert {line.details["usage"] for line in (added, edited, ended)} == {str(identity)}
    assert (added.details["slot"], added.details["place"]["lesson"]) == ("hero", "Lesson 0")
    assert edited.details["changes"] == {"title": {"before": None, "after": "Intro"}}


def test_a_new_order_is_in_the_lessons_history(
    session: Session, owner: Principal, place: Place, lesson: Lesson
) -> None:
    a, b = make_asset(session, owner).id, make_asset(session, owner).id
    usages.put(session, owner, place, [UsageSpec(a), UsageSpec(b)])
    usages.put(session, owner, place, [UsageSpec(b), UsageSpec(a)])
    (line,) = audit_reading.history(session, owner, lesson.id)
    assert line.action == "usage.reorder"


def test_callers_learn_which_assets_changed_and_only_those(
    session: Session, owner: Principal, place: Place, lesson: Lesson
) -> None:
    kept, dropped, new = (make_asset(session, owner).id for _ in range(3))
    usages.put(session, owner, place, [UsageSpec(kept), UsageSpec(dropped)])
    assert changed.take(session) == {kept, dropped}
    assert changed.take(session) == frozenset()
    usages.put(session, owner, place, [UsageSpec(kept), UsageSpec(new)])
    assert changed.take(session) == {dropped, new}
    (usage,) = [row for row in usages.of_lesson(session, owner, lesson.id) if row.asset_id == new]
    usages.end(session, owner, usage.id)
    assert changed.take(session) == {new}


def test_a_change_shows_in_the_course_the_lesson_and_the_asset(
    session: Session, owner: Principal, place: Place, course: Course, lesson: Lesson
) -> None:
    asset = make_asset(session, owner)

    def marks() -> tuple[datetime, int, int]:
        return course.updated_at, lesson.lock_version, asset.lock_version

    before = marks()
    usages.put(session, owner, place, [UsageSpec(asset.id)])
    after = marks()
    assert after[0] > before[0]
    assert (after[1] > before[1], after[2] > before[2]) == (True, True)
    session.expire_all()
    usages.put(session, owner, place, [UsageSpec(asset.id)])
    assert marks() == after
