import re
import uuid
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.library import trash
from lectern.models import Asset, Lesson, Role, Task, TaskState, Version
from lectern.people.principal import Principal
from lectern.pipeline.registry import Step
from lectern.renditions import posters
from tests.factories import make_asset, make_blob, make_colleague, make_course, make_principal
from tests.web.conftest import SignIn
from web.pages.assets.panels import PANELS

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}
PARTS = ["title", *(panel.name for panel in PANELS)]


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    return make_asset(session, owner, name="Mitosis")


def use(session: Session, owner: Principal, asset: Asset) -> Lesson:
    """Put the asset into a lesson."""
    course = make_course(session, owner, title="Biology")
    lesson = session.query(Lesson).filter_by(course_id=course.id).one()
    usages.add(session, owner, lesson.id, [asset.id])
    session.commit()
    return lesson


def propose(session: Session, asset: Asset, count: int) -> Version:
    """Poster candidates, as the poster step records them."""
    version = session.get_one(Version, (asset.workspace_id, asset.current_version_id))
    made = [
        (make_blob(session, asset.workspace_id), {"at_s": n * 10, "reasons": ["Sharp", f"no. {n}"]})
        for n in range(1, count + 1)
    ]
    posters.record(session, version, made)
    session.commit()
    return version


def fail(session: Session, asset: Asset, reason: str) -> Task:
    """A playable step that gave up."""
    task = Task(
        workspace_id=asset.workspace_id,
        version_id=asset.current_version_id,
        asset_id=asset.id,
        step=Step.PLAYABLE,
        queue="media",
        state=TaskState.FAILED,
        reason=reason,
        attempts=4,
    )
    session.add(task)
    asset.state = "failed"
    session.commit()
    return task


def test_page_shows_player_facts_and_name(client: FlaskClient, asset: Asset) -> None:
    html = client.get(f"/assets/{asset.id}").text
    assert "<h1>Mitosis</h1>" in html
    assert f'src="/m/{asset.id}/v/1/play"' in html
    for fact in ("1280 × 720", "MP4", "video/mp4", "1,000 bytes", asset.original_name):
        assert fact in html
    assert "Local disk of this server" in unescape(html)
    assert "No lesson uses this file" in html


@pytest.mark.parametrize("part", PARTS)
def test_page_includes_the_very_part_its_address_returns(
    client: FlaskClient, asset: Asset, part: str
) -> None:
    page = client.get(f"/assets/{asset.id}").text
    alone = client.get(f"/assets/{asset.id}/{part}", headers=PARTIAL)
    assert alone.status_code == 200
    squeezed = re.sub(r"\s+", " ", alone.text).strip()
    assert squeezed in re.sub(r"\s+", " ", page)


@pytest.mark.parametrize("path", ["", *(f"/{part}" for part in PARTS), "/fields/name/edit"])
def test_foreign_and_missing_assets_read_the_same(
    client: FlaskClient, session: Session, path: str
) -> None:
    theirs = make_asset(session, make_principal(session), name="Secret")
    for asset_id in (theirs.id, uuid.uuid4()):
        reply = client.get(f"/assets/{asset_id}{path}")
        assert reply.status_code == 404
        assert "File not found in this library." in reply.text
        assert "Secret" not in reply.text


def test_contributor_may_not_edit_what_another_made(
    session: Session, sign_in: SignIn, owner: Principal, asset: Asset
) -> None:
    colleague = sign_in(make_colleague(session, owner, Role.CONTRIBUTOR))
    typed = {"value": "Mine", "seen": '"Mitosis"'}
    reply = colleague.post(f"/assets/{asset.id}/fields/name", data=typed, headers=PARTIAL)
    assert reply.status_code == 403
    assert 'id="problem"' in reply.text
    page = colleague.get(f"/assets/{asset.id}").text
    assert "Move to trash" not in page
    assert "Rename" not in page


def test_chosen_poster_is_marked_with_who_chose_it(
    client: FlaskClient, session: Session, asset: Asset
) -> None:
    propose(session, asset, 5)
    html = client.get(f"/assets/{asset.id}/posters", headers=PARTIAL).text
    assert html.count('name="rank"') == 5
    assert "Sharp · no. 3" in html
    assert "Chosen by" not in html
    html = client.post(f"/assets/{asset.id}/poster", data={"rank": "3"}, headers=PARTIAL).text
    assert "Chosen by you" in html
    assert re.search(r'value="3"\s+aria-pressed="true"', html)


def test_colleague_reads_the_chooser_s_name(
    client: FlaskClient, session: Session, sign_in: SignIn, owner: Principal, asset: Asset
) -> None:
    propose(session, asset, 2)
    client.post(f"/assets/{asset.id}/poster", data={"rank": "2"}, headers=PARTIAL)
    colleague = sign_in(make_colleague(session, owner))
    html = colleague.get(f"/assets/{asset.id}/posters", headers=PARTIAL).text
    assert f"Chosen by {owner.name}" in html


def test_poster_that_is_not_offered_is_refused(client: FlaskClient, asset: Asset) -> None:
    reply = client.post(f"/assets/{asset.id}/poster", data={"rank": "9"}, headers=PARTIAL)
    assert reply.status_code == 422
    assert "There is no poster candidate 9." in reply.text


def test_used_file_stays_and_the_places_are_named(
    client: FlaskClient, session: Session, owner: Principal, asset: Asset
) -> None:
    lesson = use(session, owner, asset)
    reply = client.post(f"/assets/{asset.id}/trashing", headers=PARTIAL)
    assert reply.status_code == 409
    assert 'role="alertdialog"' in reply.text
    assert f'href="/lessons/{lesson.id}#usage-' in reply.text
    assert "Biology" in reply.text
    session.refresh(asset)
    assert asset.trashed_at is None


def test_used_file_stays_without_scripts_too(
    client: FlaskClient, session: Session, owner: Principal, asset: Asset
) -> None:
    use(session, owner, asset)
    reply = client.post(f"/assets/{asset.id}/trashing")
    assert reply.status_code == 409
    assert "<html" in reply.text
    assert "Biology" in reply.text


def test_trashing_from_the_grid_can_be_undone(client: FlaskClient, asset: Asset) -> None:
    reply = client.post(f"/assets/{asset.id}/trashing", data={"from": "grid"}, headers=PARTIAL)
    assert f'id="asset-{asset.id}" hx-swap-oob="delete">' in reply.text
    assert f'"undo": "/assets/{asset.id}/restoration"' in reply.headers["HX-Trigger"]
    undone = client.post(f"/assets/{asset.id}/restoration", headers=PARTIAL)
    assert "library-changed" in undone.headers["HX-Trigger"]
    assert "Mitosis" in client.get("/library").text


def test_trashing_from_the_page_stays_there_and_offers_restoring(
    client: FlaskClient, asset: Asset
) -> None:
    reply = client.post(f"/assets/{asset.id}/trashing", headers=PARTIAL)
    assert reply.headers["HX-Redirect"] == f"/assets/{asset.id}"
    html = client.get(f"/assets/{asset.id}").text
    assert "This file is in the trash." in html
    assert client.post(f"/assets/{asset.id}/restoration").location == f"/assets/{asset.id}"
    assert "This file is in the trash." not in client.get(f"/assets/{asset.id}").text


def test_usages_name_course_chapter_and_lesson(
    client: FlaskClient, session: Session, owner: Principal, asset: Asset
) -> None:
    lesson = use(session, owner, asset)
    html = client.get(f"/assets/{asset.id}/usages", headers=PARTIAL).text
    for words in ("Biology", lesson.chapter.title, lesson.title, owner.name):
        assert words in html


def test_ended_usage_is_remembered(
    client: FlaskClient, session: Session, owner: Principal, asset: Asset
) -> None:
    lesson = use(session, owner, asset)
    usages.end(session, owner, usages.of_lesson(session, owner, lesson.id)[0].id)
    session.commit()
    html = client.get(f"/assets/{asset.id}").text
    assert "Previously in 1 place" in html
    assert f"Removed from Biology › {lesson.chapter.title} › {lesson.title}" in html
    assert f"ended by {owner.name}" in html


def test_failed_asset_says_why_and_can_be_tried_again(
    client: FlaskClient, session: Session, asset: Asset
) -> None:
    task = fail(session, asset, "The video has no pictures.")
    assert "The video has no pictures." in client.get(f"/assets/{asset.id}").text
    client.post(f"/assets/{asset.id}/retries")
    session.refresh(task)
    session.refresh(asset)
    assert (task.state, task.attempts, task.reason) == (TaskState.QUEUED, 0, None)
    assert asset.state == "processing"
    history = client.get(f"/assets/{asset.id}/history", headers=PARTIAL).text
    assert "Retried processing" in history


def test_stage_asks_again_only_until_the_asset_is_ready(
    client: FlaskClient, session: Session, asset: Asset
) -> None:
    event = f"asset-{asset.id} from:body"
    assert event not in client.get(f"/assets/{asset.id}/stage", headers=PARTIAL).text
    asset.state = "processing"
    session.commit()
    assert event in client.get(f"/assets/{asset.id}/stage", headers=PARTIAL).text


def test_trashed_asset_is_gone_from_the_grid_of_others(
    client: FlaskClient, session: Session, owner: Principal, asset: Asset
) -> None:
    trash.trash(session, owner, asset, days=30)
    session.commit()
    assert "Mitosis" not in client.get("/library/cards", headers=PARTIAL).text
