from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.courses import courses, outlines, usages
from lectern.models import Chapter, Course, Lesson, Role
from lectern.people.principal import Principal
from tests.factories import make_asset, make_colleague, make_course, make_principal
from tests.web.conftest import SignIn

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


def outline(session: Session, owner: Principal, course: Course) -> list[tuple[str, list[str]]]:
    now = courses.by_id(session, owner, course.id)
    return [(part.title, [lesson.title for lesson in part.lessons]) for part in now.chapters]


def lesson_called(session: Session, course: Course, title: str) -> Lesson:
    return session.scalars(
        select(Lesson).where(Lesson.course_id == course.id, Lesson.title == title)
    ).one()


def test_a_course_begins_with_a_title_and_opens(client: FlaskClient, session: Session) -> None:
    reply = client.post("/courses", data={"title": "  Optics  "})
    course = session.scalars(select(Course)).one()
    assert (reply.status_code, reply.location) == (303, f"/courses/{course.id}")
    assert course.title == "Optics"
    assert "This course is empty" in client.get(reply.location).text


def test_a_course_without_a_title_is_refused(client: FlaskClient, session: Session) -> None:
    assert client.post("/courses", data={"title": " "}).status_code == 422
    assert session.scalars(select(Course)).all() == []


def test_chapters_and_lessons_are_added_renamed_and_removed_in_the_outline(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    course = make_course(session, owner, chapters=0)
    reply = client.post(f"/courses/{course.id}/chapters", data={"title": "Rays"}, headers=PARTIAL)
    assert reply.text.strip().startswith('<div class="outline" id="outline"')
    chapter = session.scalars(select(Chapter)).one()
    for title in ("Lenses", "Mirrors"):
        client.post(f"/chapters/{chapter.id}/lessons", data={"title": title}, headers=PARTIAL)
    assert outline(session, owner, course) == [("Rays", ["Lenses", "Mirrors"])]
    mirrors = lesson_called(session, course, "Mirrors")
    client.post(f"/lessons/{mirrors.id}/outline-title", data={"title": "Prisms"}, headers=PARTIAL)
    client.post(f"/chapters/{chapter.id}/title", data={"title": "Light"}, headers=PARTIAL)
    assert outline(session, owner, course) == [("Light", ["Lenses", "Prisms"])]
    client.post(f"/lessons/{mirrors.id}/removal", headers=PARTIAL)
    assert outline(session, owner, course) == [("Light", ["Lenses"])]
    client.post(f"/chapters/{chapter.id}/removal", headers=PARTIAL)
    assert outline(session, owner, course) == []


def test_a_lesson_moves_over_the_edge_of_its_chapter_and_stops_at_the_ends(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    course = make_course(session, owner, chapters=2, lessons=2)
    second = lesson_called(session, course, "Lesson 1")
    address = f"/lessons/{second.id}/moves"
    client.post(address, data={"way": "down"}, headers=PARTIAL)
    assert outline(session, owner, course) == [
        ("Chapter 0", ["Lesson 0"]),
        ("Chapter 1", ["Lesson 1", "Lesson 2", "Lesson 3"]),
    ]
    for _ in range(4):
        client.post(address, data={"way": "up"}, headers=PARTIAL)
    assert outline(session, owner, course) == [
        ("Chapter 0", ["Lesson 1", "Lesson 0"]),
        ("Chapter 1", ["Lesson 2", "Lesson 3"]),
    ]


def test_a_chapter_moves_with_its_lessons(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    course = make_course(session, owner, chapters=2, lessons=1)
    last = session.scalars(select(Chapter).where(Chapter.title == "Chapter 1")).one()
    client.post(f"/chapters/{last.id}/moves", data={"way": "up"})
    assert outline(session, owner, course) == [
        ("Chapter 1", ["Lesson 1"]),
        ("Chapter 0", ["Lesson 0"]),
    ]


def test_removing_a_lesson_frees_its_files_and_says_how_many(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    course = make_course(session, owner)
    lesson = lesson_called(session, course, "Lesson 0")
    asset = make_asset(session, owner)
    usages.add(session, owner, lesson.id, [asset.id])
    session.commit()
    assert "The file it uses stays in the library" in client.get(f"/courses/{course.id}").text
    client.post(f"/lessons/{lesson.id}/removal", headers=PARTIAL)
    session.refresh(asset)
    assert (asset.usage, asset.live) == ("formerly", True)


def test_the_list_counts_what_each_course_holds(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    full = make_course(session, owner, chapters=2, lessons=2, title="B course")
    make_course(session, owner, chapters=0, title="a course")
    make_course(session, make_principal(session), title="Elsewhere")
    asset = make_asset(session, owner)
    for number in (0, 1):
        usages.add(session, owner, lesson_called(session, full, f"Lesson {number}").id, [asset.id])
    session.commit()
    found = outlines.overview(session, owner)
    assert [(each.title, each.chapters, each.lessons, each.files) for each in found] == [
        ("a course", 0, 0, 0),
        ("B course", 2, 4, 1),
    ]
    page = client.get("/courses").text
    assert f"/courses/{full.id}" in page
    assert "Elsewhere" not in page


def test_a_viewer_reads_courses_and_cannot_change_them(
    sign_in: SignIn, session: Session, owner: Principal
) -> None:
    course = make_course(session, owner)
    reader = sign_in(make_colleague(session, owner, Role.VIEWER))
    assert "Create course" not in reader.get("/courses").text
    assert "Add chapter" not in reader.get(f"/courses/{course.id}").text
    reply = reader.post(f"/courses/{course.id}/chapters", data={"title": "Mine"})
    assert reply.status_code == 403
    assert len(outline(session, owner, course)) == 1
