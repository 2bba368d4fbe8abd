import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lectern.courses import changed, courses, usages
from lectern.courses.courses import ChapterSpec, CourseSpec, LessonSpec
from lectern.courses.usages import Place, UsageSpec
from lectern.errors import Forbidden, Invalid, NotFound
from lectern.models import Asset, Course, Lesson, Role, Usage, UsageHistory
from lectern.people import audit, audit_reading
from lectern.people.principal import Principal
from tests.factories import make_asset, make_colleague, make_course, make_principal


def spec(title: str = "Optics", /, **chapters: list[str]) -> CourseSpec:
    """Chapters by ref with the refs of their lessons."""
    return CourseSpec(
        title,
        [
            ChapterSpec(
                ref, f"Chapter {ref}", [LessonSpec(name, f"Lesson {name}") for name in names]
            )
            for ref, names in chapters.items()
        ],
    )


def shape(course: Course) -> dict[str, list[str]]:
    return {chapter.ref: [lesson.ref for lesson in chapter.lessons] for chapter in course.chapters}


def lesson_ids(session: Session) -> dict[str, uuid.UUID]:
    rows = session.execute(select(Lesson.ref, Lesson.id))
    return {ref: identity for ref, identity in rows}


def test_a_course_is_made_once_and_then_changed(session: Session, owner: Principal) -> None:
    course, created = courses.put(session, owner, "opt-1", spec(a=["l1", "l2"], b=["l3"]))
    assert created
    assert shape(course) == {"a": ["l1", "l2"], "b": ["l3"]}
    again, created = courses.put(session, owner, "opt-1", spec("Optics I", b=["l3", "l1"]))
    assert not created
    assert (again.id, again.title) == (course.id, "Optics I")
    assert shape(again) == {"b": ["l3", "l1"]}


def test_what_stays_keeps_its_id_wherever_it_moves(session: Session, owner: Principal) -> None:
    courses.put(session, owner, "opt-1", spec(a=["l1", "l2"], b=["l3"]))
    before = lesson_ids(session)
    courses.put(session, owner, "opt-1", spec(c=["l2"], b=["l1", "l4"]))
    after = lesson_ids(session)
    assert {ref: after[ref] for ref in ("l1", "l2")} == {ref: before[ref] for ref in ("l1", "l2")}
    assert set(after) == {"l1", "l2", "l4"}


def test_a_lesson_under_another_chapter_keeps_its_usages(
    session: Session, owner: Principal
) -> None:
    courses.put(session, owner, "opt-1", spec(a=["l1"], b=["l2"]))
    asset = make_asset(session, owner)
    place = Place("opt-1", None, "l1")
    (usage,) = usages.put(session, owner, place, [UsageSpec(asset.id)])
    changed.take(session)
    course, _ = courses.put(session, owner, "opt-1", spec(b=["l2", "l1"]))
    (moved,) = usages.at(session, owner, place)
    assert (moved.id, moved.created_at) == (usage.id, usage.created_at)
    assert moved.chapter_id == course.chapters[0].id
    assert session.scalar(select(func.count()).select_from(UsageHistory)) == 0
    assert changed.take(session) == frozenset()


def test_a_lesson_left_out_ends_its_usages_with_history(session: Session, owner: Principal) -> None:
    courses.put(session, owner, "opt-1", spec(a=["l1", "l2"], b=["l3"]))
    kept, dropped, above = (make_asset(session, owner) for _ in range(3))
    usages.put(session, owner, Place("opt-1", None, "l1"), [UsageSpec(kept.id)])
    usages.put(session, owner, Place("opt-1", None, "l3"), [UsageSpec(dropped.id)])
    usages.put(session, owner, Place("opt-1", "b"), [UsageSpec(above.id)])
    changed.take(session)
    courses.put(session, owner, "opt-1", spec(a=["l1"]))
    (past,) = usages.past_of_asset(session, owner, dropped.id)
    assert past.place == {"course": "Optics", "chapter": "Chapter b", "lesson": "Lesson l3"}
    assert past.ended_by == owner.user_id
    (past,) = usages.past_of_asset(session, owner, above.id)
    assert past.place == {"course": "Optics", "chapter": "Chapter b"}
    assert (kept.usage, dropped.usage, above.usage) == ("used", "formerly", "formerly")
    assert changed.take(session) == {dropped.id, above.id}
    assert [line.action for line in audit_reading.history(session, owner, dropped.id)] == [
        "usage.end",
        "usage.add",
    ]


def test_the_same_again_changes_nothing(session: Session, owner: Principal) -> None:
    first, _ = courses.put(session, owner, "opt-1", spec(a=["l1"]))
    updated_at, entries = first.updated_at, audit.total(session, owner)
    second, _ = courses.put(session, owner, "opt-1", spec(a=["l1"]))
    assert second.updated_at == updated_at
    assert audit.total(session, owner) == entries


def test_the_log_says_what_changed_from_what_to_what(session: Session, owner: Principal) -> None:
    courses.put(session, owner, "opt-1", spec(a=["l1", "l2"]))
    course, _ = courses.put(session, owner, "opt-1", spec("Light", a=["l2"]))
    latest, first = audit_reading.history(session, owner, course.id)
    assert (first.action, latest.action) == ("course.create", "course.change")
    assert latest.details == {
        "title": {"before": "Optics", "after": "Light"},
        "lessons": {
            "l1": {
                "before": {"title": "Lesson l1", "chapter": "a", "position": 0},
                "after": None,
            },
            "l2": {
                "before": {"title": "Lesson l2", "chapter": "a", "position": 1},
                "after": {"title": "Lesson l2", "chapter": "a", "position": 0},
            },
        },
    }


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (CourseSpec(""), "title"),
        (spec("x" * 201), "title"),
        (CourseSpec("T", [ChapterSpec("", "A")]), "chapters.0.ref"),
        (CourseSpec("T", [ChapterSpec("a", "\u202e")]), "chapters.0.title"),
        (CourseSpec("T", [ChapterSpec("a", "A"), ChapterSpec("a", "B")]), "chapters.1.ref"),
        (spec(a=["l1", "l/2"]), "chapters.0.lessons.1.ref"),
        (spec(a=["l1"], b=["l2", "l1"]), "chapters.1.lessons.1.ref"),
        (spec(a=[f"l{number}" for number in range(2000)]), "chapters"),
    ],
)
def test_a_bad_course_is_refused_by_field_and_leaves_nothing(
    session: Session, owner: Principal, bad: CourseSpec, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        courses.put(session, owner, "opt-1", bad)
    assert set(refusal.value.fields) == {field}
    assert courses.list_courses(session, owner) == []


@pytest.mark.parametrize("ref", ["", "a/b", "..", "x" * 201, "nul\0"])
def test_a_course_ref_is_usable_in_an_address(session: Session, owner: Principal, ref: str) -> None:
    with pytest.raises(Invalid):
        courses.put(session, owner, ref, spec())


def test_two_workspaces_have_their_own_course_of_one_ref(
    session: Session, owner: Principal
) -> None:
    elsewhere = make_principal(session)
    course, _ = courses.put(session, owner, "opt-1", spec(a=["l1"]))
    for ref in ("opt-1", "nul\0", "half \udfff"):
        with pytest.raises(NotFound):
            courses.get(session, elsewhere, ref)
    with pytest.raises(NotFound):
        courses.by_id(session, elsewhere, course.id)
    with pytest.raises(NotFound):
        courses.rename(session, elsewhere, course.id, "Mine")
    other, created = courses.put(session, elsewhere, "opt-1", spec(b=["l1"]))
    assert created
    assert other.id != course.id
    assert shape(courses.get(session, owner, "opt-1")) == {"a": ["l1"]}
    assert [row.id for row in courses.list_courses(session, elsewhere)] == [other.id]


def test_viewers_see_courses_and_contributors_change_them(
    session: Session, owner: Principal
) -> None:
    viewer = make_colleague(session, owner, Role.VIEWER)
    contributor = make_colleague(session, owner, Role.CONTRIBUTOR)
    with pytest.raises(Forbidden):
        courses.put(session, viewer, "opt-1", spec())
    with pytest.raises(Forbidden):
        courses.create(session, viewer, "Optics")
    courses.put(session, contributor, "opt-1", spec())
    assert courses.get(session, viewer, "opt-1").title == "Optics"


def test_a_person_begins_a_course_and_its_ref_comes_from_the_title(
    session: Session, owner: Principal
) -> None:
    refs = [
        courses.create(session, owner, title).ref
        for title in ("Einführung in die Optik", "Einführung in die Optik", "光学", "¿?")
    ]
    assert refs == ["einfuhrung-in-die-optik", "einfuhrung-in-die-optik-2", "course", "course-2"]


def test_a_new_title_is_logged_once(session: Session, owner: Principal) -> None:
    course = make_course(session, owner, title="Optics")
    courses.rename(session, owner, course.id, " Light ")
    courses.rename(session, owner, course.id, "Light")
    (line,) = audit_reading.history(session, owner, course.id)
    assert line.details == {"title": {"before": "Optics", "after": "Light"}}


def test_courses_are_listed_by_title_with_their_parts(session: Session, owner: Principal) -> None:
    for title in ("waves", "Heat", "atoms"):
        make_course(session, owner, title=title, chapters=2, lessons=2)
    found = courses.list_courses(session, owner)
    assert [course.title for course in found] == ["atoms", "Heat", "waves"]
    assert shape(found[0]) == {"c0": ["l0", "l1"], "c1": ["l2", "l3"]}


refs = st.sampled_from(["a", "b", "c"])
declarations = st.lists(
    st.tuples(refs, st.lists(st.sampled_from([f"l{number}" for number in range(6)]), max_size=4)),
    max_size=3,
    unique_by=lambda chapter: chapter[0],
).filter(lambda chapters: len(flat(chapters)) == len(set(flat(chapters))))


def flat(chapters: list[tuple[str, list[str]]]) -> list[str]:
    return [lesson for _, lessons in chapters for lesson in lessons]


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(steps=st.lists(declarations, min_size=1, max_size=4))
def test_after_any_puts_the_course_is_the_last_one_declared_and_counts_are_true(
    session: Session, steps: list[list[tuple[str, list[str]]]]
) -> None:
    with session.begin_nested():
        owner = make_principal(session)
    assets = [make_asset(session, owner) for _ in range(3)]
    ever: set[uuid.UUID] = set()
    for chapters in steps:
        course, _ = courses.put(session, owner, "c", spec("Optics", **dict(chapters)))
        assert shape(course) == dict(chapters)
        for number, ref in enumerate(flat(chapters)):
            used = assets[: number % 3 + 1]
            usages.put(session, owner, Place("c", None, ref), [UsageSpec(a.id) for a in used])
            ever |= {asset.id for asset in used}
        assert_counts(session, owner, ever)


def assert_counts(session: Session, owner: Principal, ever: set[uuid.UUID]) -> None:
    here: Any = Usage.workspace_id == owner.workspace_id
    counted = select(Usage.asset_id, func.count()).where(here).group_by(Usage.asset_id)
    recount = {asset_id: number for asset_id, number in session.execute(counted)}
    rows = session.scalars(select(Asset).where(Asset.workspace_id == owner.workspace_id))
    for asset in rows.all():
        assert asset.usage_count == recount.get(asset.id, 0)
        expected = "used" if asset.id in recount else "formerly" if asset.id in ever else "never"
        assert asset.usage == expected
