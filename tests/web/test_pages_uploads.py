import json
import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.ingest import uploads
from lectern.ingest.uploads import NewUpload
from lectern.models import Role, Upload, UploadState
from lectern.people.principal import Principal
from lectern.settings import Settings
from tests.factories import make_asset, make_colleague, make_course
from tests.web.conftest import SignIn

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}
DIGEST = "ab" * 32


@pytest.fixture
def settings(app: Flask) -> Settings:
    configured: Settings = app.extensions["lectern.settings"]
    return configured


@pytest.fixture
def half_sent(session: Session, owner: Principal, settings: Settings) -> Upload:
    new = NewUpload(filename="Lecture.mp4", size=1000, digest=DIGEST)
    upload = uploads.create(session, owner, new, settings=settings)
    upload.received = 620
    session.commit()
    return upload


def test_a_reloaded_page_is_told_what_is_half_sent_and_how_to_go_on(
    client: FlaskClient, half_sent: Upload
) -> None:
    part = client.get("/uploads/open", headers=PARTIAL).text
    assert "62 % of 1.0 KB has been uploaded" in part
    assert f'data-address="/api/v1/uploads/{half_sent.id}"' in part
    assert 'data-size="1000"' in part
    assert f'data-digest="{DIGEST}"' in part
    assert "hx-trigger" not in part.split("<ul")[0]


def test_nobody_else_is_told(
    sign_in: SignIn, session: Session, owner: Principal, half_sent: Upload
) -> None:
    colleague = sign_in(make_colleague(session, owner, Role.OWNER))
    assert "Lecture.mp4" not in colleague.get("/uploads/open", headers=PARTIAL).text


def test_a_file_being_checked_is_watched_until_its_end_is_known(
    client: FlaskClient, session: Session, half_sent: Upload
) -> None:
    half_sent.state = UploadState.CHECKING
    session.commit()
    part = client.get("/uploads/open", headers=PARTIAL).text
    address = re.search(r'hx-get="([^"]*watch=[^"]*)"', part)
    assert address is not None
    assert "data-open-upload" not in part
    uploads.refuse(session, half_sent, "This is a text file.")
    session.commit()
    part = client.get(unescape(address[1]), headers=PARTIAL).text
    assert "This is a text file." in part
    assert "every 2s" not in part


def test_discarding_a_half_sent_file_ends_it_and_takes_its_bytes_away(
    client: FlaskClient, session: Session, settings: Settings, half_sent: Upload
) -> None:
    spooled = uploads.spool_path(settings, half_sent)
    spooled.parent.mkdir(parents=True, exist_ok=True)
    spooled.write_bytes(b"x" * 620)
    reply = client.post(f"/uploads/{half_sent.id}/cancelling", headers=PARTIAL)
    assert "Lecture.mp4" not in reply.text
    session.refresh(half_sent)
    assert half_sent.state == UploadState.EXPIRED
    assert not spooled.exists()


def test_the_question_about_a_duplicate_shows_what_is_there_and_three_choices(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner, name="Optics.mp4")
    course = make_course(session, owner, title="Physics")
    usages.put(session, owner, usages.Place(course.ref), [usages.UsageSpec(asset.id)])
    session.commit()
    address = f"/uploads/duplicate/{asset.id}?name=Copy+<b>.mp4&more=1"
    part = client.get(address, headers=PARTIAL).text
    assert re.findall(r'<button class="choice" type="submit" value="(\w+)"', part) == [
        "existing",
        "version",
        "keep",
    ]
    assert "Copy &lt;b&gt;.mp4" in part
    assert "Optics.mp4" in part
    assert "Physics" in part
    assert 'name="all"' in part


def test_every_page_carries_the_tray_for_those_who_may_upload(
    client: FlaskClient, sign_in: SignIn, session: Session, owner: Principal
) -> None:
    page = client.get("/courses").text
    words = re.search(r'data-words="([^"]*)"', page)
    assert words is not None
    assert {"sending", "done", "refused"} <= json.loads(unescape(words[1])).keys()
    viewer = sign_in(make_colleague(session, owner, Role.VIEWER))
    assert "<upload-tray" not in viewer.get("/courses").text
    assert viewer.get("/uploads/open").status_code == 403
