"""The versions of a file on its page: listed, opened, compared, noted, brought back."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.library import versions
from lectern.models import Asset, Role
from lectern.people.principal import Principal
from lectern.renditions import posters, renditions
from lectern.storage import Storage
from tests.factories import add_version, make_asset, make_blob, make_colleague, make_course
from tests.web.conftest import SignIn, stored_blob

FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def asset(session: Session, owner: Principal, storage: Storage, tmp_path: Path) -> Asset:
    """Two versions with bytes, stills and renditions; the second is current."""
    first, second = (
        stored_blob(session, storage, owner, content, tmp_path) for content in (b"first", b"second")
    )
    made = make_asset(session, owner, blob=first, name="Mitosis")
    add_version(session, made, second)
    for number, seconds in ((1, 61.0), (2, 75.0)):
        version = versions.find(session, made, number)
        assert version is not None
        version.facts = {"duration_s": seconds, "width": 640, "height": 360, "mime": "video/mp4"}
        made_blob, still = (
            stored_blob(session, storage, owner, f"{kind} {number}".encode(), tmp_path)
            for kind in ("play", "still")
        )
        still.mime = "image/jpeg"
        spec = (made.workspace_id, version.blob_id, renditions.PLAYABLE)
        renditions.record(session, *spec, made_blob, {"mime": "video/mp4"})
        posters.record(session, version, [(still, {})])
    session.commit()
    return made


def text(client: FlaskClient, path: str, status: int = 200) -> str:
    reply = client.get(path)
    assert reply.status_code == status, reply.data
    return reply.get_data(as_text=True)


def test_the_files_page_lists_every_version_with_its_own_picture(
    client: FlaskClient, asset: Asset
) -> None:
    page = text(client, f"/assets/{asset.id}")
    assert page.index("Version 2") < page.index("Version 1")
    for number in (1, 2):
        assert f"/m/{asset.id}/v/{number}/poster.jpg" in page
        assert client.get(f"/m/{asset.id}/v/{number}/poster.jpg").data == f"still {number}".encode()
        assert client.get(f"/m/{asset.id}/v/{number}/play").data == f"play {number}".encode()
    assert client.get(f"/m/{asset.id}/v/1/original").data == b"first"
    assert client.get(f"/m/{asset.id}/v/2/original").data == b"second"
    assert page.count("Restore version") == 1
    panel = text(client, f"/assets/{asset.id}/versions", 302)
    assert "#versions" in panel
    reply = client.get(f"/assets/{asset.id}/versions", headers=FRAGMENT)
    assert reply.get_data(as_text=True).lstrip().startswith('<section class="panel" id="versions"')


def test_one_version_is_shown_alone(client: FlaskClient, asset: Asset) -> None:
    page = text(client, f"/assets/{asset.id}/versions/1")
    assert f"/m/{asset.id}/v/1/play" in page
    assert "1:01" in page
    assert "1:15" not in page
    text(client, f"/assets/{asset.id}/versions/9", 404)
    text(client, f"/assets/{asset.id}/versions/{1 << 70}", 404)


def test_two_versions_are_compared_fact_by_fact(client: FlaskClient, asset: Asset) -> None:
    page = text(client, f"/assets/{asset.id}/versions/comparison?left=1&right=2")
    assert page.index("1:01") < page.index("1:15")
    differing = page.split("<tr data-differs>")[1:]
    assert any("Length" in row for row in differing)
    assert not any("Dimensions" in row.split("</th>")[0] for row in differing)
    assert "Version 1" in text(client, f"/assets/{asset.id}/versions/comparison")
    text(client, f"/assets/{asset.id}/versions/comparison?left=7", 404)
    text(client, f"/assets/{asset.id}/versions/comparison?left={1 << 80}", 404)


def test_a_note_is_kept_and_told(client: FlaskClient, session: Session, asset: Asset) -> None:
    path = f"/assets/{asset.id}/versions/1/note"
    assert "<textarea" in text(client, path)
    reply = client.post(path, data={"note": "with the <old> intro"})
    assert reply.status_code == 303
    page = text(client, f"/assets/{asset.id}")
    assert "with the &lt;old&gt; intro" in page
    assert "Added a note to version 1" in page


def test_bringing_back_says_what_it_does_and_does_it(
    client: FlaskClient, session: Session, owner: Principal, asset: Asset
) -> None:
    course = make_course(session, owner)
    usages.put(session, owner, Place(course.ref, None, "l0"), [UsageSpec(asset.id)])
    session.commit()
    path = f"/assets/{asset.id}/versions/1/rollback"
    asked = text(client, path)
    assert "1 place that uses the newest version will show it." in asked
    assert "version 3" in asked
    session.refresh(asset)
    reply = client.post(path, data={"seen": str(asset.lock_version)}, headers=FRAGMENT)
    assert reply.headers["HX-Redirect"] == f"/assets/{asset.id}"
    session.refresh(asset)
    assert (asset.version_number, asset.version_count) == (3, 3)
    assert "Version 1 was restored as version 3" in text(client, f"/assets/{asset.id}")


def test_what_changed_since_the_question_is_told_in_the_dialog(
    client: FlaskClient, session: Session, asset: Asset
) -> None:
    path = f"/assets/{asset.id}/versions/1/rollback"
    reply = client.post(path, data={"seen": str(asset.lock_version - 1)}, headers=FRAGMENT)
    assert reply.status_code == 409
    assert "Someone changed this file" in reply.get_data(as_text=True)
    session.refresh(asset)
    assert asset.version_count == 2


def test_a_viewer_sees_versions_and_may_change_none(
    session: Session, owner: Principal, asset: Asset, sign_in: SignIn
) -> None:
    viewer = sign_in(make_colleague(session, owner, Role.VIEWER))
    page = text(viewer, f"/assets/{asset.id}")
    assert "Version 1" in page
    for word in ("Restore", "Replace file", "Note for version", "Download version"):
        assert word not in page
    for path in ("note", "rollback"):
        text(viewer, f"/assets/{asset.id}/versions/1/{path}", 403)


def test_a_document_has_versions_too(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner, kind="document", blob=make_blob(session, owner.workspace_id))
    add_version(session, asset)
    session.commit()
    for path in ("", "/versions/1", "/versions/comparison"):
        assert "Version 1" in text(client, f"/assets/{asset.id}{path}")
