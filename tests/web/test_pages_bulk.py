import re
import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lectern.courses import usages
from lectern.models import Asset, Role
from lectern.people.principal import Principal
from lectern.search import cards
from lectern.taxonomy import folders, tags
from tests.factories import make_asset, make_colleague, make_course, make_principal
from tests.web.conftest import SignIn

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def three(client: FlaskClient, session: Session, owner: Principal) -> list[Asset]:
    """Three files, all of them selected."""
    made = [make_asset(session, owner, name=f"clip {n}.mp4") for n in range(3)]
    client.post("/selection/changes", json={"add": [str(each.id) for each in made]})
    return made


def use(session: Session, owner: Principal, asset: Asset) -> None:
    place = usages.Place(make_course(session, owner).ref)
    usages.put(session, owner, place, [usages.UsageSpec(asset.id)])
    session.commit()


def send(client: FlaskClient, to: str = "", **values: Any) -> TestResponse:
    return client.post(f"/bulk{to}", data=values, headers=PARTIAL)


def tags_of(session: Session, asset: Asset) -> tuple[str, ...]:
    return cards.tags_of(session, asset.workspace_id, [asset.id]).get(asset.id, ())


def plain(reply: TestResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", reply.text).split())


def batch_of(reply: TestResponse) -> str:
    found = re.search(r"/bulk/([0-9a-f-]{36})/undo", reply.text + str(reply.headers))
    assert found, reply.text
    return found[1]


def names(session: Session, assets: list[Asset]) -> list[str]:
    for each in assets:
        session.refresh(each)
    return [each.name for each in assets]


@pytest.mark.parametrize("part", ["tag", "untag", "move", "rename", "trash", "restore"])
def test_each_dialog_names_what_it_does(client: FlaskClient, three: list[Asset], part: str) -> None:
    html = client.get(f"/bulk/new/{part}", headers=PARTIAL).text
    assert f"{len(three)} files" in html
    assert f'name="action" value="{part}"' in html
    assert "disabled" in html.partition('id="bulk-confirm"')[2]


def test_dialog_for_one_file_names_it_and_leaves_the_selection_alone(
    client: FlaskClient, session: Session, owner: Principal, three: list[Asset]
) -> None:
    other = make_asset(session, owner, name="Alone")
    session.commit()
    html = client.get(f"/bulk/new/tag?asset={other.id}", headers=PARTIAL).text
    assert "Tag 1 file<" in html
    assert "Alone" in html
    send(client, action="tag", asset=str(other.id), tags="one")
    assert tags_of(session, other) == ("one",)
    assert all(tags_of(session, each) == () for each in three)


def test_nothing_is_foreseen_before_the_form_is_filled_in(
    client: FlaskClient, three: list[Asset]
) -> None:
    assert "Type the tags to add." in send(client, "/preview", action="tag", tags=" , ").text
    assert "Choose a folder." in send(client, "/preview", action="move").text
    assert "Type a name." in send(client, "/preview", action="rename", pattern="").text
    assert len(three) == 3


def test_dry_run_says_what_would_happen_and_why_some_stay(
    client: FlaskClient, session: Session, owner: Principal, three: list[Asset]
) -> None:
    use(session, owner, three[0])
    reply = send(client, "/preview", action="trash")
    said = plain(reply)
    assert "2 files will change." in said
    assert "1 will not change:" in said
    assert "clip 0.mp4 Used in one place" in said
    assert "Move 2 files to the trash" in said
    assert "disabled" not in reply.text
    session.refresh(three[1])
    assert three[1].live


def test_new_names_are_shown_beside_the_old_ones(client: FlaskClient, three: list[Asset]) -> None:
    html = send(client, "/preview", action="rename", pattern="Week {n:02}.{ext}").text
    rows = re.findall(r"<td>(.*?)</td><td>(.*?)</td>", html)
    assert rows == [(each.name, f"Week 0{n}.mp4") for n, each in enumerate(three, 1)]
    wrong = send(client, "/preview", action="rename", pattern="{week}")
    assert "{week} is no placeholder" in wrong.text
    assert "disabled" in wrong.text


def test_tags_are_added_to_all_and_taken_back_by_one_undo(
    client: FlaskClient, session: Session, three: list[Asset]
) -> None:
    tags.put(session, three[0], ["old"])
    session.commit()
    reply = send(client, action="tag", tags="new, exam")
    assert "3 files tagged" in reply.headers["HX-Trigger"]
    assert tags_of(session, three[0]) == ("exam", "new", "old")
    undone = send(client, f"/{batch_of(reply)}/undo")
    assert "Undone: 3 files reverted" in undone.headers["HX-Trigger"]
    assert tags_of(session, three[0]) == ("old",)


def test_refusals_stay_on_the_page_with_their_reasons(
    client: FlaskClient, session: Session, owner: Principal, three: list[Asset]
) -> None:
    use(session, owner, three[0])
    reply = send(client, action="trash")
    assert "2 files moved to the trash" in plain(reply)
    assert "Used in one place" in plain(reply)
    assert f'<a href="/assets/{three[0].id}">' in reply.text
    for each in three[1:]:
        assert f'id="asset-{each.id}" hx-swap-oob="delete"' in reply.text
    assert f'id="asset-{three[0].id}"' not in reply.text
    undone = send(client, f"/{batch_of(reply)}/undo", **{"from": "panel"})
    assert "Undone: 2 files reverted" in undone.text
    assert undone.headers["HX-Trigger"] == '{"library-changed": null}'


def test_undo_leaves_what_was_changed_since_and_says_so(
    client: FlaskClient, session: Session, three: list[Asset]
) -> None:
    reply = send(client, action="rename", how="replace", find="clip", replace="film")
    assert names(session, three) == ["film 0.mp4", "film 1.mp4", "film 2.mp4"]
    three[1].name = "Mine"
    session.commit()
    undone = send(client, f"/{batch_of(reply)}/undo")
    assert "Undone: 2 files reverted" in plain(undone)
    assert "1 keeps its current state:" in plain(undone)
    assert names(session, three) == ["clip 0.mp4", "Mine", "clip 2.mp4"]
    again = send(client, f"/{batch_of(reply)}/undo")
    assert again.status_code == 409
    assert "already been undone" in again.text


def test_files_move_into_a_folder_that_is_chosen_or_made(
    client: FlaskClient, session: Session, owner: Principal, three: list[Asset]
) -> None:
    folder = folders.ensure(session, owner, "Biology")
    session.commit()
    assert folder is not None
    send(client, action="move", folder=str(folder.id))
    session.refresh(three[0])
    assert three[0].folder_id == folder.id
    send(client, action="move", folder="new", path="Biology/Week 1")
    session.refresh(three[0])
    assert folders.path_of(session, owner.workspace_id, three[0].folder_id) == "Biology/Week 1"
    reply = send(client, action="move", folder="")
    assert "3 files removed from their folders" in reply.headers["HX-Trigger"]


def test_what_is_wrong_with_the_form_is_said_in_the_dialog(
    client: FlaskClient, three: list[Asset]
) -> None:
    reply = send(client, action="tag", tags="")
    assert reply.status_code == 422
    assert "field__error" in reply.text
    assert len(three) == 3
    assert send(client, action="burn").status_code == 422
    assert send(client, action="tag", asset="nonsense", tags="x").status_code == 422
    assert send(client, action="tag", asset=str(uuid.uuid4()), tags="x").status_code == 404


def test_many_files_are_a_workers_and_the_panel_tells_how_far_it_is(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    for n in range(205):
        make_asset(session, owner, name=f"many {n}")
    session.commit()
    client.post("/selection/all?q=many", json={})
    html = send(client, action="tag", tags="many").text
    assert "Tagging 205 files" in html
    assert '<progress max="205" value="0"' in html
    address = re.search(r'hx-get="(/bulk/[0-9a-f-]{36}/status)"', html)
    assert address is not None
    status = client.get(address[1], headers=PARTIAL)
    assert 'hx-trigger="every 2s"' in status.text
    assert "HX-Trigger" not in status.headers


def test_recent_changes_are_listed_with_their_undo(
    client: FlaskClient, session: Session, three: list[Asset]
) -> None:
    assert "Nothing yet" in client.get("/bulk").text
    send(client, action="tag", tags="listed")
    html = client.get("/bulk").text
    assert "3 files tagged" in html
    undo = re.search(r'action="(/bulk/[0-9a-f-]{36}/undo)"', html)
    assert undo is not None
    reply = client.post(undo[1])
    assert (reply.status_code, reply.location) == (303, "/bulk")
    assert tags_of(session, three[0]) == ()
    assert "Undo:" not in client.get("/bulk").text


def test_viewer_is_offered_no_change(
    session: Session, sign_in: SignIn, owner: Principal, three: list[Asset]
) -> None:
    viewer = sign_in(make_colleague(session, owner, Role.VIEWER))
    assert "data-bulk" not in viewer.get("/library").text
    assert viewer.get("/bulk/new/tag", headers=PARTIAL).status_code == 403
    assert send(viewer, action="tag", tags="x").status_code == 403
    assert len(three) == 3


def test_another_workspaces_file_and_batch_are_missing(
    client: FlaskClient, session: Session, sign_in: SignIn, three: list[Asset]
) -> None:
    batch = batch_of(send(client, action="tag", tags="x"))
    stranger = sign_in(make_principal(session))
    assert stranger.get(f"/bulk/{batch}/status", headers=PARTIAL).status_code == 404
    assert send(stranger, f"/{batch}/undo").status_code == 404
    assert send(stranger, action="tag", asset=str(three[0].id), tags="x").status_code == 404
