import uuid
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from lectern.courses import chapters, courses, lessons, usages
from lectern.errors import Forbidden, Invalid, NotFound, Stale
from lectern.models import Course, Role
from lectern.people import audit_reading
from lectern.people.principal import Principal
from tests.factories import make_asset, make_colleague, make_course, make_principal


def shape(session: Session, owner: Principal, course: Course) -> list[tuple[str, list[str]]]:
    """Titles of chapters, and of their lessons."""
    return [
        (chapter.title, [lesson.title for lesson in chapter.lessons])
        for chapter in courses.by_id(session, owner, course.id).chapters
    ]


def test_a_person_builds_a_course_piece_by_piece(session: Session, owner: Principal) -> None:
    course = courses.create(session, owner, "Optics")
    light = chapters.add(session, owner, course.id, "Light")
    chapters.add(session, owner, course.id, "Lenses")
    for title in ("Rays", "Waves"):
        lessons.add(session, owner, light.id, title)
    assert shape(session, owner, course) == [("Light", ["Rays", "Waves"]), ("Lenses", [])]


def test_what_a_person_built_another_program_can_declare(
    session: Session, owner: Principal, course: Course
) -> None:
    chapter = chapters.add(session, owner, course.id, "More")
    lesson = lessons.add(session, owner, chapter.id, "Again")
    identity = lesson.id
    spec = courses.CourseSpec(
        "Declared",
        [courses.ChapterSpec(chapter.ref, "More", [courses.LessonSpec(lesson.ref, "Again")])],
    )
    put, _ = courses.put(session, owner, course.ref, spec)
    assert put.chapters[0].lessons[0].id == identity


def test_a_lesson_comes_with_its_chapter_and_course(
    session: Session, owner: Principal, course: Course
) -> None:
    first = courses.by_id(session, owner, course.id).chapters[0].lessons[0].id
    session.expunge_all()
    lesson = lessons.get(session, owner, first)
    session.expunge_all()
    assert (lesson.title, lesson.chapter.title) == ("Lesson 0", "Chapter 0")
    assert lesson.chapter.course.id == course.id


def test_titles_change_and_the_log_says_from_what_to_what(
    session: Session, owner: Principal, course: Course
) -> None:
    chapter = courses.by_id(session, owner, course.id).chapters[0]
    lesson = chapter.lessons[0]
    chapters.rename(session, owner, chapter.id, " Light ")
    lessons.rename(session, owner, lesson.id, "Rays")
    lessons.rename(session, owner, lesson.id, "Rays")
    assert shape(session, owner, course) == [
        ("Light", ["Rays", "Lesson 1"]),
        ("Chapter 1", ["Lesson 2", "Lesson 3"]),
    ]
    (line,) = audit_reading.history(session, owner, lesson.id)
    assert line.action == "lesson.change"
    assert line.details == {"title": {"before": "Lesson 0", "after": "Rays"}}


def test_the_second_of_two_editors_is_told(
    session: Session, owner: Principal, course: Course
) -> None:
    lesson = courses.by_id(session, owner, course.id).chapters[0].lessons[0]
    seen = lesson.lock_version
    lessons.rename(session, owner, lesson.id, "First", seen=seen)
    with pytest.raises(Stale):
        lessons.rename(session, owner, lesson.id, "Second", seen=seen)
    assert lessons.get(session, owner, lesson.id).title == "First"


def test_a_lesson_moves_between_chapters_with_its_usages(
    session: Session, owner: Principal, course: Course
) -> None:
    first, second = courses.by_id(session, owner, course.id).chapters
    lesson, asset = first.lessons[0], make_asset(session, owner)
    (usage,) = usages.add(session, owner, lesson.id, [asset.id])
    identity = usage.id
    lessons.move(session, owner, lesson.id, second.id, 1)
    assert shape(session, owner, course) == [
        ("Chapter 0", ["Lesson 1"]),
        ("Chapter 1", ["Lesson 2", "Lesson 0", "Lesson 3"]),
    ]
    (moved,) = usages.of_asset(session, owner, asset.id)
    assert (moved.id, moved.chapter_id) == (identity, second.id)
    assert asset.usage_count == 1


@pytest.mark.parametrize(("to", "order"), [(-3, "201"), (0, "201"), (1, "021"), (99, "012")])
def test_a_chapter_moves_among_its_siblings(
    session: Session, owner: Principal, to: int, order: str
) -> None:
    course = make_course(session, owner, chapters=3)
    last = courses.by_id(session, owner, course.id).chapters[2].id
    chapters.move(session, owner, last, to)
    assert "".join(title[-1] for title, _ in shape(session, owner, course)) == order


def test_a_lesson_does_not_move_into_another_course(
    session: Session, owner: Principal, course: Course
) -> None:
    lesson = courses.by_id(session, owner, course.id).chapters[0].lessons[0]
    other = make_course(session, owner)
    target = courses.by_id(session, owner, other.id).chapters[0]
    for chapter_id in (target.id, uuid.uuid4()):
        with pytest.raises(NotFound):
            lessons.move(session, owner, lesson.id, chapter_id, 0)


def test_a_removed_chapter_takes_its_lessons_and_ends_all_their_usages(
    session: Session, owner: Principal, course: Course
) -> None:
    chapter = courses.by_id(session, owner, course.id).chapters[0]
    identity, asset = chapter.id, make_asset(session, owner)
    for lesson in list(chapter.lessons):
        usages.add(session, owner, lesson.id, [asset.id])
    usages.put(session, owner, usages.Place(course.ref, "c0"), [usages.UsageSpec(asset.id)])
    assert asset.usage_count == 3
    chapters.remove(session, owner, identity)
    assert shape(session, owner, course) == [("Chapter 1", ["Lesson 2", "Lesson 3"])]
    assert (asset.usage_count, asset.usage) == (0, "formerly")
    past = usages.past_of_asset(session, owner, asset.id)
    assert sorted(row.place.get("lesson", "-") for row in past) == ["-", "Lesson 0", "Lesson 1"]
    (line,) = audit_reading.history(session, owner, identity)
    assert (line.action, line.details["lessons"]) == ("chapter.remove", 2)


Change = Callable[[Session, Principal, uuid.UUID, uuid.UUID, uuid.UUID], object]
CHANGES: dict[str, Change] = {
    "course title": lambda s, p, course, chapter, lesson: courses.rename(s, p, course, "T"),
    "add chapter": lambda s, p, course, chapter, lesson: chapters.add(s, p, course, "T"),
    "chapter title": lambda s, p, course, chapter, lesson: chapters.rename(s, p, chapter, "T"),
    "move chapter": lambda s, p, course, chapter, lesson: chapters.move(s, p, chapter, 1),
    "remove chapter": lambda s, p, course, chapter, lesson: chapters.remove(s, p, chapter),
    "add lesson": lambda s, p, course, chapter, lesson: lessons.add(s, p, chapter, "T"),
    "lesson title": lambda s, p, course, chapter, lesson: lessons.rename(s, p, lesson, "T"),
    "move lesson": lambda s, p, course, chapter, lesson: lessons.move(s, p, lesson, chapter, 1),
    "remove lesson": lambda s, p, course, chapter, lesson: lessons.remove(s, p, lesson),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_strangers_find_nothing_and_viewers_may_not(
    session: Session, owner: Principal, course: Course, change: Change
) -> None:
    chapter = courses.by_id(session, owner, course.id).chapters[0]
    ids = (course.id, chapter.id, chapter.lessons[0].id)
    before = (course.title, shape(session, owner, course))
    with pytest.raises(NotFound):
        change(session, make_principal(session), *ids)
    with pytest.raises(Forbidden):
        change(session, make_colleague(session, owner, Role.VIEWER), *ids)
    with pytest.raises(NotFound):
        change(session, owner, uuid.uuid4(), uuid.uuid4(), uuid.uuid4())
    assert (course.title, shape(session, owner, course)) == before
    change(session, owner, *ids)
    assert (course.title, shape(session, owner, course)) != before


def test_a_title_is_neither_empty_nor_endless(
    session: Session, owner: Principal, course: Course
) -> None:
    for title in (" ", "x" * 201):
        with pytest.raises(Invalid):
            chapters.add(session, owner, course.id, title)
        with pytest.raises(Invalid):
            courses.create(session, owner, title)
