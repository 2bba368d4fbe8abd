import re
import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.models import Asset, Folder, Role, SavedSearch
from lectern.people.principal import Principal
from lectern.search import Query, saved_searches
from lectern.taxonomy import folder_edits, folders
from tests.factories import make_asset, make_colleague
from tests.web.conftest import SignIn
from web.pages.library.sidebar import Places

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


def made(session: Session, who: Principal, path: str, files: int = 0) -> uuid.UUID:
    folder = folders.ensure(session, who, path)
    assert folder is not None
    for _ in range(files):
        make_asset(session, who, folder_id=folder.id)
    session.commit()
    return folder.id


def paths(session: Session) -> set[str]:
    found = session.scalars(select(Folder).execution_options(populate_existing=True)).all()
    return {folders.path_of(session, each.workspace_id, each.id) for each in found}


def current(html: str) -> list[str]:
    return re.findall(r'<a class="spot__link"\s+id="([^"]*)"[^>]*aria-current="page"', html)


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("", "view-all"),
        ("q=leaves", "view-all"),
        ("kind=video&sort=name", "view-all"),
        ("usage=never", "view-never"),
        ("usage=used&sort=usage", "view-rarely"),
        ("usage=used", "view-all"),
        ("sort=-usage&kind=audio", "view-most"),
        ("duplicates=1", "view-twins"),
        ("trashed=1", "view-trash"),
        ("min_size=many", "view-all"),
    ],
)
def test_the_place_that_is_shown_is_the_only_current_one(
    client: FlaskClient, query: str, place: str
) -> None:
    assert current(client.get(f"/places?{query}").text) == [place]


def test_folders_are_links_with_the_number_of_all_files_below(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    week = made(session, owner, "Biology/Week 1", 2)
    top = made(session, owner, "Biology", 1)
    html = client.get(f"/places?folder={week}").text
    assert current(html) == [f"folder-{week}"]
    assert f'href="/library?folder={top}"' in html
    assert re.findall(r'class="hidden-visually">(\d+ files?)<', html) == ["3 files", "2 files"]
    assert re.search(rf'data-inside="{top}" open', html)
    assert current(client.get("/places?folder=Biology/Week 1").text) == [f"folder-{week}"]


def test_what_is_in_a_folder_comes_when_it_is_opened(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    week = made(session, owner, "Biology/Week 1")
    top = made(session, owner, "Biology")
    closed = client.get("/places").text
    assert f'data-inside="{top}"' in closed
    assert "data-away" in closed
    assert f"folder-{week}" not in closed
    opened = client.get(f"/places?open={top}&open=nonsense").text
    assert f"folder-{week}" in opened
    assert "data-away" not in opened


def test_the_way_to_a_folder_is_shown_above_it(
    app: Flask, session: Session, owner: Principal
) -> None:
    week = made(session, owner, "Biology/Week 1")
    with app.test_request_context():
        places = Places(session, owner, Query(folder=str(week)))
        html = app.jinja_env.get_template("folders/_crumbs.html").render(places=places)
        assert re.findall(r">([^<>\n]+)</(?:a|span)>", html) == ["All files", "Biology", "Week 1"]
        assert places.title == "Week 1"
        nowhere = Places(session, owner, Query())
        html = app.jinja_env.get_template("folders/_crumbs.html").render(places=nowhere)
        assert "<ol" not in html


def test_saved_searches_lie_beside_folders_and_broken_ones_say_why(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    colleague = make_colleague(session, owner)
    mine = saved_searches.create(session, owner, "Unused <b>", Query(usage="never", kind="video"))
    saved_searches.create(session, colleague, "Ours", Query(q="x"), shared=True)
    old = saved_searches.create(session, owner, "Old", Query())
    gone = saved_searches.create(session, owner, "Gone", Query(folder=str(uuid.uuid4())))
    session.get_one(SavedSearch, (owner.workspace_id, old.id)).query = {"kind": "hologram"}
    session.commit()
    html = client.get("/places?kind=video&usage=never").text
    assert current(html) == [f"saved-{mine.id}"]
    assert "Unused &lt;b&gt;" in html
    assert f"Shared by {colleague.name}" in html
    assert "kind must be one of video, audio, image, document." in html
    assert "Its folder no longer exists." in html
    assert f'<span class="spot__link spot__link--broken" id="saved-{gone.id}"' in html


def test_who_may_not_order_folders_is_offered_nothing(
    session: Session, owner: Principal, sign_in: SignIn
) -> None:
    folder_id = made(session, owner, "Biology")
    viewer = sign_in(make_colleague(session, owner, Role.VIEWER))
    html = viewer.get("/places").text
    assert "Biology" in html
    assert "New folder" not in html
    assert "Actions for folder" not in html
    assert viewer.get(f"/folders/{folder_id}/name").status_code == 403
    assert viewer.post("/folders", data={"name": "Mine"}).status_code == 403


def test_a_folder_is_made_from_the_dialog_and_without_scripts(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    top = made(session, owner, "Biology")
    dialog = client.get(f"/folders/{top}/new", headers=PARTIAL).text
    assert "<dialog" in dialog
    assert "New folder in “Biology”" in dialog
    assert "<html" not in dialog
    assert "<html" in client.get("/folders/new").text
    data = {"name": "Week 1", "parent": str(top)}
    reply = client.post("/folders", data=data, headers=PARTIAL)
    assert reply.status_code == 204
    assert "places-changed" in reply.headers["HX-Trigger"]
    refused = client.post("/folders", data=data, headers=PARTIAL)
    assert refused.status_code == 422
    assert "a folder “Week 1” in “Biology” already" in refused.text.replace("&#34;", '"')
    assert "<dialog" not in refused.text
    plain = client.post("/folders", data={"name": "Art"})
    assert plain.status_code == 303
    assert plain.location.startswith("/library?folder=")
    assert paths(session) == {"Biology", "Biology/Week 1", "Art"}


def test_a_folder_is_renamed_and_the_second_of_two_is_told(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    folder_id = made(session, owner, "Biology")
    seen = folder_edits.node(session, owner, folder_id).seen
    form = client.get(f"/folders/{folder_id}/name", headers=PARTIAL).text
    assert f'name="seen" value="{seen}"' in form
    url, data = f"/folders/{folder_id}/name", {"seen": seen, "name": "Cells"}
    assert client.post(url, data=data, headers=PARTIAL).status_code == 204
    second = client.post(url, data={**data, "name": "Plants"}, headers=PARTIAL)
    assert second.status_code == 422
    assert "Someone renamed or moved this folder" in second.text
    assert 'value="Plants"' in second.text
    assert paths(session) == {"Cells"}


def test_who_looks_at_the_folder_goes_to_its_new_address(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    folder_id = made(session, owner, "Biology")
    data = {"name": "Cells", "here": "Biology"}
    reply = client.post(f"/folders/{folder_id}/name", data=data, headers=PARTIAL)
    assert reply.headers["HX-Redirect"] == f"/library?folder={folder_id}"
    gone = client.post(
        f"/folders/{folder_id}/removal", data={"here": str(folder_id)}, headers=PARTIAL
    )
    assert gone.headers["HX-Redirect"] == "/library"


def test_a_folder_moves_into_any_other_but_its_own(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    week = made(session, owner, "Biology/Week 1", 1)
    top, art = made(session, owner, "Biology"), made(session, owner, "Art")
    form = client.get(f"/folders/{top}/place", headers=PARTIAL).text
    assert re.findall(r"<option[^>]*>([^<]*)", form) == ["Top level (no folder)", "Art"]
    url = f"/folders/{week}/place"
    assert client.post(url, data={"parent": str(art)}, headers=PARTIAL).status_code == 204
    assert paths(session) == {"Biology", "Art", "Art/Week 1"}
    dropped = client.post(
        f"/folders/{art}/place", data={"parent": str(week), "dropped": "1"}, headers=PARTIAL
    )
    assert dropped.status_code == 422
    assert "<dialog" in dropped.text
    assert "cannot be moved into itself" in dropped.text
    assert client.post(url, data={"parent": "no id"}, headers=PARTIAL).status_code == 404
    assert client.post(url, data={"parent": ""}, headers=PARTIAL).status_code == 204
    assert paths(session) == {"Biology", "Art", "Week 1"}


def test_before_a_folder_goes_it_says_what_becomes_of_the_rest(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    folder_id = made(session, owner, "Biology/Week 1", 2)
    made(session, owner, "Biology/Week 1/Extra", 1)
    plan = client.get(f"/folders/{folder_id}/removal", headers=PARTIAL).text
    assert "No files are deleted" in plan
    assert "2 files: move to “Biology”" in plan
    assert "1 subfolder and its contents: moves to “Biology”" in plan
    assert paths(session) == {"Biology", "Biology/Week 1", "Biology/Week 1/Extra"}
    reply = client.post(f"/folders/{folder_id}/removal", headers=PARTIAL)
    assert reply.status_code == 204
    assert "Its files are kept" in reply.headers["HX-Trigger"]
    assert paths(session) == {"Biology", "Biology/Extra"}
    assert len(session.scalars(select(Asset)).all()) == 3
