import uuid

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.models import Course, Lesson, Role, Usage, UsageHistory
from lectern.people.principal import Principal
from tests.factories import add_version, make_asset, make_colleague, make_course, make_principal
from tests.web.conftest import SignIn

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def course(session: Session, owner: Principal) -> Course:
    return make_course(session, owner, chapters=2, lessons=2)


@pytest.fixture
def lesson(session: Session, course: Course) -> Lesson:
    return session.scalars(
        select(Lesson).where(Lesson.course_id == course.id, Lesson.ref == "l0")
    ).one()


def used(session: Session, owner: Principal, lesson: Lesson) -> list[uuid.UUID]:
    return [usage.asset_id for usage in usages.of_lesson(session, owner, lesson.id)]


def test_one_click_in_the_picker_inserts_and_closes_it(
    client: FlaskClient, session: Session, owner: Principal, lesson: Lesson
) -> None:
    asset = make_asset(session, owner, name="Optics.mp4")
    reply = client.post(f"/lessons/{lesson.id}/usages", data={"insert": asset.id}, headers=PARTIAL)
    assert reply.status_code == 200
    assert '"picked"' in reply.headers["HX-Trigger"]
    assert f'data-asset="{asset.id}"' in reply.text
    assert "<html" not in reply.text
    assert used(session, owner, lesson) == [asset.id]


def test_the_tray_inserts_in_the_order_chosen_with_the_file_clicked_last(
    client: FlaskClient, session: Session, owner: Principal, lesson: Lesson
) -> None:
    first, second, third = (make_asset(session, owner).id for _ in range(3))
    client.post(
        f"/lessons/{lesson.id}/usages",
        data={"tray": [second, first], "insert": third, "asset": [first, second]},
        headers=PARTIAL,
    )
    assert used(session, owner, lesson) == [second, first, third]


def test_without_scripts_ticked_files_are_inserted_and_the_lesson_is_shown(
    client: FlaskClient, session: Session, owner: Principal, lesson: Lesson
) -> None:
    ticked = [make_asset(session, owner).id for _ in range(2)]
    reply = client.post(f"/lessons/{lesson.id}/usages", data={"asset": ticked})
    assert (reply.status_code, reply.location) == (303, f"/lessons/{lesson.id}")
    assert used(session, owner, lesson) == ticked


@pytest.mark.parametrize("data", [{}, {"insert": "1"}, {"insert": str(uuid.UUID(int=7))}])
def test_inserting_nothing_or_nonsense_is_refused_in_words(
    client: FlaskClient, session: Session, owner: Principal, lesson: Lesson, data: dict[str, str]
) -> None:
    reply = client.post(f"/lessons/{lesson.id}/usages", data=data, headers=PARTIAL)
    assert reply.status_code == 422
    assert 'id="problem"' in reply.text
    assert used(session, owner, lesson) == []


def test_a_file_is_moved_reworded_removed_and_brought_back(
    client: FlaskClient, session: Session, owner: Principal, lesson: Lesson
) -> None:
    ids = [make_asset(session, owner).id for _ in range(3)]
    uses = usages.add(session, owner, lesson.id, ids)
    session.commit()
    here = f"/lessons/{lesson.id}/usages"
    client.post(f"{here}/{uses[2].id}/moves", data={"way": "up"}, headers=PARTIAL)
    assert used(session, owner, lesson) == [ids[0], ids[2], ids[1]]
    words = {"title": "Lenses", "alt": "A ray through a lens"}
    reply = client.post(f"{here}/{uses[2].id}/wording", data=words, headers=PARTIAL)
    assert "Lenses" in reply.text
    reply = client.post(f"{here}/{uses[2].id}/end", headers=PARTIAL)
    assert used(session, owner, lesson) == [ids[0], ids[1]]
    past = session.scalars(select(UsageHistory)).one()
    undo = f"/lessons/{lesson.id}/past-usages/{past.id}/return"
    assert undo in reply.headers["HX-Trigger"]
    reply = client.post(undo, headers={"HX-Request": "true", "HX-Request-Type": "full"})
    assert 'hx-swap-oob="true"' in reply.text
    assert used(session, owner, lesson) == [ids[0], ids[2], ids[1]]
    again = usages.of_lesson(session, owner, lesson.id)[1]
    assert (again.title, again.alt) == ("Lenses", "A ray through a lens")


def test_each_use_has_an_address_that_other_pages_link_to(
    client: FlaskClient, session: Session, owner: Principal, lesson: Lesson
) -> None:
    asset = make_asset(session, owner)
    (usage,) = usages.add(session, owner, lesson.id, [asset.id])
    session.commit()
    page = client.get(f"/lessons/{lesson.id}").text
    assert f'id="usage-{usage.id}"' in page
    assert f"/m/{asset.id}/v/1/play" in page
    part = client.get(f"/lessons/{lesson.id}/usages/{usage.id}", headers=PARTIAL)
    assert part.text.strip().startswith(f'<article class="panel use" id="usage-{usage.id}"')


def test_a_pinned_part_of_a_file_is_what_plays(
    client: FlaskClient, session: Session, owner: Principal, course: Course, lesson: Lesson
) -> None:
    asset = make_asset(session, owner)
    part = usages.UsageSpec(asset.id, policy="pin", start_s=5, end_s=20)
    usages.put(session, owner, usages.Place(course.ref, None, lesson.ref), [part])
    add_version(session, asset)
    session.commit()
    page = client.get(f"/lessons/{lesson.id}").text
    assert f'src="/m/{asset.id}/v/1/play#t=5.0,20.0"' in page
    assert "stays at version 1" in page


def test_a_viewer_sees_the_lesson_and_no_way_to_change_it(
    sign_in: SignIn, session: Session, owner: Principal, lesson: Lesson
) -> None:
    asset = make_asset(session, owner)
    (usage,) = usages.add(session, owner, lesson.id, [asset.id])
    session.commit()
    viewer = sign_in(make_colleague(session, owner, Role.VIEWER))
    page = viewer.get(f"/lessons/{lesson.id}")
    assert page.status_code == 200
    assert "Add media" not in page.text
    assert "Remove" not in page.text
    assert viewer.post(f"/lessons/{lesson.id}/usages/{usage.id}/end").status_code == 403
    assert viewer.get(f"/picker?lesson={lesson.id}").status_code == 403
    assert session.scalars(select(Usage.id)).one() == usage.id


def test_a_stranger_finds_no_such_lesson(
    sign_in: SignIn, session: Session, owner: Principal, lesson: Lesson
) -> None:
    asset = make_asset(session, owner)
    stranger = sign_in(make_principal(session))
    assert stranger.get(f"/lessons/{lesson.id}").status_code == 404
    assert stranger.get(f"/picker?lesson={lesson.id}").status_code == 404
    reply = stranger.post(f"/lessons/{lesson.id}/usages", data={"insert": asset.id})
    assert reply.status_code == 404
    assert used(session, owner, lesson) == []
