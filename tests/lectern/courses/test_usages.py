import math
import uuid
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from lectern.courses import changed, courses, lessons, usages
from lectern.courses.usages import Place, UsageSpec
from lectern.errors import Forbidden, Invalid, NotFound, Stale
from lectern.models import Asset, Course, Lesson, Role, Usage, UsageHistory
from lectern.people import audit
from lectern.people.principal import Principal
from tests.factories import add_version, make_asset, make_colleague, make_course, make_principal


@pytest.fixture
def owner(session: Session) -> Principal:
    return make_principal(session)


@pytest.fixture
def course(session: Session, owner: Principal) -> Course:
    return make_course(session, owner, chapters=2, lessons=2)


@pytest.fixture
def place(course: Course) -> Place:
    return Place(course.ref, None, "l0")


@pytest.fixture
def lesson(session: Session, course: Course) -> Lesson:
    return session.scalars(
        select(Lesson).where(Lesson.course_id == course.id, Lesson.ref == "l0")
    ).one()


def in_the_trash(session: Session, asset: Asset) -> Asset:
    asset.live, asset.trashed_at = False, session.scalar(select(func.now()))
    session.flush()
    return asset


def test_a_place_has_what_was_declared_last_in_that_order(
    session: Session, owner: Principal, place: Place
) -> None:
    a, b, c = (make_asset(session, owner).id for _ in range(3))
    put = usages.put(session, owner, place, [UsageSpec(a), UsageSpec(b)])
    assert [usage.asset_id for usage in put] == [a, b]
    put = usages.put(session, owner, place, [UsageSpec(c), UsageSpec(a)])
    assert [usage.asset_id for usage in put] == [c, a]
    assert [usage.asset_id for usage in usages.at(session, owner, place)] == [c, a]
    assert usages.put(session, owner, place, []) == []
    assert session.scalar(select(func.count()).select_from(UsageHistory)) == 3


def test_what_is_declared_again_stays_the_same_usage(
    session: Session, owner: Principal, place: Place
) -> None:
    a, b = make_asset(session, owner), make_asset(session, owner)
    (first, _) = usages.put(session, owner, place, [UsageSpec(a.id), UsageSpec(b.id)])
    was = (first.id, first.created_at, first.created_by)
    editor = make_colleague(session, owner)
    (now,) = usages.put(session, editor, place, [UsageSpec(a.id, title="Intro", alt="A lens")])
    assert (now.id, now.created_at, now.created_by) == was
    assert (now.title, now.alt) == ("Intro", "A lens")


def test_what_is_left_out_stays_as_history_with_the_titles_of_that_day(
    session: Session, owner: Principal, place: Place, lesson: Lesson
) -> None:
    asset = make_asset(session, owner)
    (usage,) = usages.put(session, owner, place, [UsageSpec(asset.id, slot="hero", start_s=5)])
    identity, since = usage.id, usage.created_at
    editor = make_colleague(session, owner)
    usages.put(session, editor, place, [])
    lessons.rename(session, owner, lesson.id, "Another title")
    (past,) = usages.past_of_asset(session, owner, asset.id)
    assert (past.id, past.created_at) == (identity, since)
    assert (past.created_by, past.ended_by) == (owner.user_id, editor.user_id)
    assert (past.slot, past.start_s, past.lesson_id) == ("hero", 5, lesson.id)
    assert past.place["lesson"] == "Lesson 0"
    assert usages.of_asset(session, owner, asset.id) == []
    assert (asset.usage_count, asset.usage) == (0, "formerly")


def test_course_chapter_and_lesson_are_places_of_their_own(
    session: Session, owner: Principal, course: Course
) -> None:
    asset = make_asset(session, owner)
    spots = [Place(course.ref), Place(course.ref, "c0"), Place(course.ref, None, "l0")]
    for spot in spots:
        usages.put(session, owner, spot, [UsageSpec(asset.id)])
    usages.put(session, owner, spots[1], [])
    assert [len(usages.at(session, owner, spot)) for spot in spots] == [1, 0, 1]
    words = [usages.place_of(usage) for usage in usages.of_asset(session, owner, asset.id)]
    assert words == [course.title, f"{course.title} › Chapter 0 › Lesson 0"]
    assert asset.usage_count == 2


def test_usages_know_their_place_and_who_made_them(
    session: Session, owner: Principal, place: Place, course: Course
) -> None:
    asset = make_asset(session, owner)
    usages.put(session, owner, place, [UsageSpec(asset.id)])
    session.expunge_all()
    (usage,) = usages.blockers(session, owner.workspace_id, asset.id)
    session.expunge_all()  # nothing is loaded after this: it was, or the next lines raise
    assert usage.course.id == course.id
    assert usage.chapter is not None
    assert usage.lesson is not None
    assert usage.creator is not None
    assert (usage.chapter.ref, usage.lesson.ref, usage.creator.name) == ("c0", "l0", owner.name)


def test_one_slot_has_an_asset_once_and_two_slots_have_it_twice(
    session: Session, owner: Principal, place: Place
) -> None:
    asset = make_asset(session, owner)
    twice = [UsageSpec(asset.id, slot="intro"), UsageSpec(asset.id, slot=" intro ")]
    with pytest.raises(Invalid) as refusal:
        usages.put(session, owner, place, twice)
    assert set(refusal.value.fields) == {"assets.1.id"}
    put = usages.put(
        session, owner, place, [UsageSpec(asset.id), UsageSpec(asset.id, slot="intro")]
    )
    assert [usage.slot for usage in put] == ["", "intro"]


def test_pin_takes_the_current_version_and_stays_there(
    session: Session, owner: Principal, place: Place
) -> None:
    asset = make_asset(session, owner)
    both = [UsageSpec(asset.id), UsageSpec(asset.id, slot="old", policy="pin")]
    usages.put(session, owner, place, both)
    add_version(session, asset)
    follows, pinned = usages.put(session, owner, place, both)
    assert (follows.version_number, pinned.version_number) == (2, 1)


def test_a_pin_may_name_its_version_and_come_off_again(
    session: Session, owner: Principal, place: Place
) -> None:
    asset = make_asset(session, owner)
    add_version(session, asset)
    for version in (1, 2):
        (usage,) = usages.put(session, owner, place, [UsageSpec(asset.id, "", "pin", version)])
        assert usage.version_number == version
    identity = usage.id
    (usage,) = usages.put(session, owner, place, [UsageSpec(asset.id)])
    assert (usage.id, usage.version_id) == (identity, None)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"policy": "newest"}, "policy"),
        ({"policy": "pin", "version": 2}, "version"),
        ({"policy": "pin", "version": 0}, "version"),
        ({"version": 1}, "version"),
        ({"slot": "x" * 61}, "slot"),
        ({"title": "x" * 201}, "title"),
        ({"alt": "x" * 1001}, "alt"),
        ({"start_s": -1}, "start"),
        ({"start_s": 60.1}, "start"),
        ({"start_s": math.nan}, "start"),
        ({"end_s": math.inf}, "end"),
        ({"end_s": 61}, "end"),
        ({"end_s": 0}, "end"),
        ({"start_s": 30, "end_s": 30}, "end"),
    ],
)
def test_wrong_terms_are_refused_by_item_and_field_and_change_nothing(
    session: Session, owner: Principal, place: Place, terms: dict[str, Any], field: str
) -> None:
    a, b = make_asset(session, owner), make_asset(session, owner)
    usages.put(session, owner, place, [UsageSpec(a.id)])
    with pytest.raises(Invalid, match=r"Item 1:|assets\.1\.") as refusal:
        usages.put(session, owner, place, [UsageSpec(b.id), UsageSpec(a.id, **terms)])
    assert set(refusal.value.fields) == {f"assets.1.{field}"}
    assert [usage.asset_id for usage in usages.at(session, owner, place)] == [a.id]


def test_a_picture_has_no_seconds(session: Session, owner: Principal, place: Place) -> None:
    picture = make_asset(session, owner, kind="image", duration_s=None)
    with pytest.raises(Invalid, match="no duration"):
        usages.put(session, owner, place, [UsageSpec(picture.id, start_s=1)])


def test_a_shorter_replacement_does_not_keep_the_place_from_being_edited(
    session: Session, owner: Principal, place: Place
) -> None:
    asset = make_asset(session, owner)
    usages.put(session, owner, place, [UsageSpec(asset.id, start_s=50)])
    asset.duration_s = 40.0
    session.flush()
    (usage,) = usages.put(session, owner, place, [UsageSpec(asset.id, start_s=50, title="End")])
    assert usage.title == "End"
    with pytest.raises(Invalid):
        usages.put(session, owner, place, [UsageSpec(asset.id, start_s=51)])


def test_an_asset_elsewhere_unknown_or_in_the_trash_is_refused_by_its_index(
    session: Session, owner: Principal, place: Place, lesson: Lesson
) -> None:
    good = make_asset(session, owner)
    foreign = make_asset(session, make_principal(session))
    trashed = in_the_trash(session, make_asset(session, owner))
    messages = set()
    for bad in (foreign.id, uuid.uuid4(), trashed.id):
        with pytest.raises(Invalid) as refusal:
            usages.put(session, owner, place, [UsageSpec(good.id), UsageSpec(bad)])
        assert set(refusal.value.fields) == {"assets.1.id"}
        with pytest.raises(Invalid):
            usages.add(session, owner, lesson.id, [good.id, bad])
        messages.add(str(refusal.value))
    assert len(messages) == 2  # a foreign id reads like an unknown one
    assert good.usage_count == 0


def test_another_workspaces_places_and_usages_are_missing_ones(
    session: Session, owner: Principal, place: Place, lesson: Lesson
) -> None:
    stranger = make_principal(session)
    asset = make_asset(session, owner)
    (usage,) = usages.put(session, owner, place, [UsageSpec(asset.id)])
    own = make_asset(session, stranger)
    with pytest.raises(NotFound):
        usages.put(session, stranger, place, [UsageSpec(own.id)])
    with pytest.raises(NotFound):
        usages.at(session, stranger, place)
    with pytest.raises(NotFound):
        usages.add(session, stranger, lesson.id, [own.id])
    with pytest.raises(NotFound):
        usages.end(session, stranger, usage.id)
    with pytest.raises(NotFound):
        usages.reorder(session, stranger, lesson.id, [usage.id])
    with pytest.raises(NotFound):
        usages.of_asset(session, stranger, asset.id)
    with pytest.raises(NotFound):
        usages.past_of_asset(session, stranger, asset.id)
    assert usages.of_lesson(session, stranger, lesson.id) == []
    assert usages.blockers(session, stranger.workspace_id, asset.id) == []


@pytest.mark.parametrize(
    "missing", [Place("nowhere"), Place("HERE", "c9"), Place("HERE", None, "l9")]
)
def test_a_missing_place_is_not_found(
    session: Session, owner: Principal, course: Course, missing: Place
) -> None:
    ref = missing.course_ref.replace("HERE", course.ref)
    with pytest.raises(NotFound):
        usages.put(session, owner, Place(ref, missing.chapter_ref, missing.lesson_ref), [])


def test_viewers_see_usages_and_change_none(
    session: Session, owner: Principal, place: Place, lesson: Lesson
) -> None:
    asset = make_asset(session, owner)
    (usage,) = usages.put(session, owner, place, [UsageSpec(asset.id)])
    viewer = make_colleague(session, owner, Role.VIEWER)
    assert len(usages.of_lesson(session, viewer, lesson.id)) == 1
    with pytest.raises(Forbidden):
        usages.put(session, viewer, place, [])
    with pytest.raises(Forbidden):
        usages.add(session, viewer, lesson.id, [asset.id])
    with pytest.raises(Forbidden):
        usages.end(session, viewer, usage.id)
    with pytest.raises(Forbidden):
        usages.reorder(session, viewer, lesson.id, [usage.id])


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
    ended, edited, added = audit.history(session, owner, asset.id)
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
    (line,) = audit.history(session, owner, lesson.id)
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


def test_a_place_holds_at_most_five_hundred(
    session: Session, owner: Principal, place: Place
) -> None:
    with pytest.raises(Invalid, match="at most 500"):
        usages.put(session, owner, place, [UsageSpec(uuid.uuid4())] * 501)


def test_the_database_itself_refuses_to_trash_or_to_delete_or_to_swap_a_used_asset(
    session: Session, owner: Principal, place: Place
) -> None:
    asset, other = make_asset(session, owner), make_asset(session, owner)
    (usage,) = usages.put(session, owner, place, [UsageSpec(asset.id)])
    with pytest.raises(IntegrityError), session.begin_nested():
        in_the_trash(session, asset)
    session.refresh(asset)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(delete(Asset).where(Asset.id == asset.id))
    swap = update(Usage).where(Usage.id == usage.id).values(asset_id=other.id)
    with pytest.raises(DBAPIError, match="keeps its asset"), session.begin_nested():
        session.execute(swap)


def test_a_used_place_goes_only_by_ending_its_usages(
    session: Session, owner: Principal, place: Place, lesson: Lesson
) -> None:
    usages.put(session, owner, place, [UsageSpec(make_asset(session, owner).id)])
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(delete(Lesson).where(Lesson.id == lesson.id))
    lessons.remove(session, owner, lesson.id)
    assert session.scalar(select(func.count()).select_from(Usage)) == 0
    assert "l0" not in str(
        [row.ref for row in courses.get(session, owner, place.course_ref).chapters[0].lessons]
    )
