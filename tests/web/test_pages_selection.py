import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.library import trash
from lectern.models import Asset, Role
from lectern.people.principal import Principal
from tests.factories import make_asset, make_colleague, make_principal
from tests.web.conftest import SignIn


def ids(*assets: Asset) -> list[str]:
    return [str(asset.id) for asset in assets]


def tell(client: FlaskClient, path: str = "changes", **body: Any) -> Any:
    reply = client.post(f"/selection/{path}", json=body)
    assert reply.status_code == 200, reply.text
    return reply.json


@pytest.fixture
def three(session: Session, owner: Principal) -> list[Asset]:
    return [make_asset(session, owner, name=f"clip {n}") for n in range(3)]


def test_what_is_selected_is_there_again_after_a_reload(
    client: FlaskClient, three: list[Asset]
) -> None:
    assert tell(client, add=ids(*three[:2]))["words"] == "2 selected"
    again = tell(client, shown=ids(*three))
    assert again["count"] == 2
    assert again["selected"] == ids(*three[:2])


def test_unselecting_leaves_the_others(client: FlaskClient, three: list[Asset]) -> None:
    tell(client, add=ids(*three))
    said = tell(client, remove=ids(three[1]), shown=ids(*three))
    assert said["selected"] == ids(three[0], three[2])


def test_a_new_choice_may_replace_the_old_one(client: FlaskClient, three: list[Asset]) -> None:
    tell(client, add=ids(three[0]))
    said = tell(client, clear=True, add=ids(three[2]), shown=ids(*three))
    assert said["selected"] == ids(three[2])


def test_all_that_match_are_selected_without_being_named(
    client: FlaskClient, session: Session, owner: Principal, three: list[Asset]
) -> None:
    other = make_asset(session, owner, name="Mitosis", original_name="m.mp4")
    said = tell(client, "all?q=clip&kind=", shown=ids(other, *three))
    assert said["count"] == 3
    assert said["all"]
    assert said["selected"] == ids(*three)
    less = tell(client, remove=ids(three[0]))
    assert (less["count"], less["all"]) == (2, False)


def test_clearing_selects_nothing(client: FlaskClient, three: list[Asset]) -> None:
    tell(client, "all")
    assert tell(client, "clear")["count"] == 0
    assert tell(client, shown=ids(*three))["selected"] == []


def test_library_and_trash_are_selected_in_apart(
    client: FlaskClient, session: Session, owner: Principal, three: list[Asset]
) -> None:
    tell(client, add=ids(*three))
    trash.trash(session, owner, three[0], days=30)
    session.commit()
    assert tell(client)["count"] == 2
    assert tell(client, context="trash")["count"] == 0
    assert tell(client, context="trash", add=ids(three[0]))["count"] == 1


def test_offer_counts_what_the_filter_finds(client: FlaskClient, three: list[Asset]) -> None:
    assert len(three) == 3
    said = client.get("/selection/matching?q=clip").json
    assert said == {"count": 3, "words": "Select all 3 matching"}


def test_nobody_sees_what_another_selects(
    client: FlaskClient, session: Session, sign_in: SignIn, owner: Principal, three: list[Asset]
) -> None:
    tell(client, add=ids(*three))
    colleague = sign_in(make_colleague(session, owner, Role.VIEWER))
    assert tell(colleague, shown=ids(*three))["count"] == 0
    stranger = sign_in(make_principal(session))
    assert tell(stranger, add=ids(*three), shown=ids(*three))["selected"] == []


@pytest.mark.parametrize(
    "body",
    [{"add": "all"}, {"add": [7]}, {"remove": ["nonsense"]}, {"shown": {}}, {"context": "attic"}],
)
def test_what_is_no_list_of_ids_is_refused_in_words(
    client: FlaskClient, body: dict[str, Any]
) -> None:
    assert client.post("/selection/changes", json=body).status_code == 422


def test_an_unknown_id_selects_nothing(client: FlaskClient) -> None:
    assert tell(client, add=[str(uuid.uuid4())])["count"] == 0


def test_a_filter_without_sense_is_refused(client: FlaskClient) -> None:
    assert client.post("/selection/all?kind=tape", json={}).status_code == 422
    assert client.get("/selection/matching?kind=tape").status_code == 422


def test_page_has_the_bar_and_a_box_on_each_card(client: FlaskClient, three: list[Asset]) -> None:
    html = client.get("/library").text
    assert html.split().count("data-select") == len(three)
    assert 'role="toolbar"' in html
    assert 'data-context="trash"' in client.get("/library?trashed=1").text
