"""Posters by hand on the asset's page: asked for by forms, told while they are made."""

import io

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.library import versions
from lectern.models import Asset, StillRequest, Task
from lectern.people.principal import Principal
from lectern.renditions import renditions
from tests.factories import make_asset, make_blob
from tests.web.conftest import SignIn

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def video(session: Session, owner: Principal) -> Asset:
    asset = make_asset(session, owner)
    asset.kind, asset.duration_s, asset.state = "video", 60.0, "ready"
    session.commit()
    return asset


@pytest.fixture
def browser(sign_in: SignIn, owner: Principal) -> FlaskClient:
    return sign_in(owner)


def test_a_frame_is_asked_for_and_told(
    session: Session, browser: FlaskClient, video: Asset
) -> None:
    reply = browser.post(f"/assets/{video.id}/poster/frame", data={"at": "12.5"}, headers=PARTIAL)
    assert reply.status_code == 200
    assert 'id="posters"' in reply.text
    assert "Your image is being processed." in reply.text
    request = session.scalars(select(StillRequest)).one()
    assert (request.at_s, request.image) == (12.5, None)
    assert session.scalars(select(Task).where(Task.step == "still")).one().state == "queued"


def test_without_scripts_the_page_comes_again(browser: FlaskClient, video: Asset) -> None:
    reply = browser.post(f"/assets/{video.id}/poster/frame", data={"at": "1"})
    assert (reply.status_code, reply.headers["Location"]) == (303, f"/assets/{video.id}")


@pytest.mark.parametrize("at", ["", "soon", "-1", "61.5", "nan"])
def test_what_is_no_second_of_it_is_refused(browser: FlaskClient, video: Asset, at: str) -> None:
    reply = browser.post(f"/assets/{video.id}/poster/frame", data={"at": at})
    assert reply.status_code == 422


def test_an_image_is_kept_until_the_box_has_opened_it(
    session: Session, browser: FlaskClient, video: Asset
) -> None:
    data = {"image": (io.BytesIO(b"\xff\xd8 a picture"), "me.jpg")}
    reply = browser.post(f"/assets/{video.id}/poster/image", data=data, headers=PARTIAL)
    assert reply.status_code == 200
    assert session.scalars(select(StillRequest.image)).one() == b"\xff\xd8 a picture"


def test_no_image_is_refused_in_words(browser: FlaskClient, video: Asset) -> None:
    reply = browser.post(f"/assets/{video.id}/poster/image", data={})
    assert reply.status_code == 422
    assert "Choose an image first." in reply.text


def test_the_facts_say_how_loud_it_is(session: Session, browser: FlaskClient, video: Asset) -> None:
    version = versions.get_current(session, video)
    assert version is not None
    blob = make_blob(session, video.workspace_id, mime="application/json")
    told = {"lufs": -31.2, "true_peak_db": -9.0, "range_lu": 4.5}
    renditions.record(session, video.workspace_id, version.blob_id, renditions.WAVEFORM, blob, told)
    session.commit()
    text = browser.get(f"/assets/{video.id}").text
    assert "−31.2 LUFS · peak −9 dBTP · range 4.5 LU" in text
    assert "The audio is quiet" in text
