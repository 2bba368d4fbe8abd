import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.library import trash
from lectern.models import Lesson
from lectern.people.principal import Principal
from tests.factories import make_asset, make_course, make_principal
from web.pages.courses import picker

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}
NAMES = re.compile(r'data-name="([^"]*)"')


@pytest.fixture
def lesson(session: Session, owner: Principal) -> Lesson:
    course = make_course(session, owner)
    return session.scalars(select(Lesson).where(Lesson.course_id == course.id)).one()


def test_the_dialog_is_a_fragment_and_the_page_has_a_heading(
    client: FlaskClient, lesson: Lesson
) -> None:
    fragment = client.get(f"/picker?lesson={lesson.id}", headers=PARTIAL)
    assert fragment.text.strip().startswith("<media-picker")
    page = client.get(f"/picker?lesson={lesson.id}")
    assert "<h1" in page.text
    assert f"/lessons/{lesson.id}/usages" in page.text


def test_search_and_kind_narrow_the_results_and_the_trash_is_never_offered(
    client: FlaskClient, session: Session, owner: Principal, lesson: Lesson
) -> None:
    make_asset(session, owner, name="Lens film")
    make_asset(session, owner, name="Lens photo", kind="image", duration_s=None)
    make_asset(session, owner, name="Prism film")
    gone = make_asset(session, owner, name="Lens gone")
    make_asset(session, make_principal(session), name="Lens elsewhere")
    trash.trash(session, owner, gone, days=30)
    session.commit()

    def names(**query: str) -> set[str]:
        reply = client.get("/picker/results", query_string={"lesson": lesson.id, **query})
        return set(NAMES.findall(reply.text))

    assert names() == {"Lens film", "Lens photo", "Prism film"}
    assert names(q="lens") == {"Lens film", "Lens photo"}
    assert names(q="lens", kind="video") == {"Lens film"}
    assert names(q="nothing like it") == set()


def test_what_the_lesson_uses_and_what_cannot_be_played_is_said(
    client: FlaskClient, session: Session, owner: Principal, lesson: Lesson
) -> None:
    usages.add(session, owner, lesson.id, [make_asset(session, owner).id])
    make_asset(session, owner, state="failed")
    session.commit()
    results = client.get(f"/picker/results?lesson={lesson.id}").text
    assert results.count("In this lesson") == 1
    assert results.count("Cannot be played") == 1


def test_pages_follow_each_other_without_gap_or_repetition(
    client: FlaskClient,
    session: Session,
    owner: Principal,
    lesson: Lesson,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(picker, "PAGE", 2)
    wanted = {make_asset(session, owner).name for _ in range(5)}
    session.commit()
    address, seen = f"/picker/results?lesson={lesson.id}", []
    while address:
        part = client.get(address.replace("&amp;", "&"), headers=PARTIAL).text
        seen += NAMES.findall(part)
        following = re.search(r'hx-get="([^"]*cursor=[^"]*)"', part)
        address = following[1] if following else ""
    assert (len(seen), set(seen)) == (5, wanted)


def test_the_preview_plays_the_file_and_tells_where_it_is_used(
    client: FlaskClient, session: Session, owner: Principal, lesson: Lesson
) -> None:
    asset = make_asset(session, owner)
    usages.add(session, owner, lesson.id, [asset.id])
    session.commit()
    part = client.get(f"/picker/preview/{asset.id}", headers=PARTIAL).text
    assert f"/m/{asset.id}/v/1/play" in part
    assert lesson.title in part
    other = make_asset(session, make_principal(session))
    assert client.get(f"/picker/preview/{other.id}").status_code == 404


@pytest.mark.parametrize("lesson_id", ["", "x", "00000000-0000-0000-0000-000000000001"])
def test_without_a_lesson_there_is_no_picker(client: FlaskClient, lesson_id: str) -> None:
    assert client.get("/picker", query_string={"lesson": lesson_id}).status_code == 404
