import re

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.models import Role, SavedSearch
from lectern.people.principal import Principal
from lectern.search import Query, saved_searches
from tests.factories import make_colleague
from tests.web.conftest import SignIn

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}
SHOWN = "q=leaves&tag=botany&tag=exam&usage=never&cursor=abc&view=list"
FILTER = {"q": "leaves", "tag": ["botany", "exam"], "usage": "never"}


def only(session: Session) -> SavedSearch:
    found = session.scalars(select(SavedSearch).execution_options(populate_existing=True)).all()
    assert len(found) == 1
    return found[0]


def test_what_is_shown_is_saved_under_a_name(client: FlaskClient, session: Session) -> None:
    form = client.get(f"/saved-searches/new?{SHOWN}", headers=PARTIAL).text
    action = re.search(r'hx-post="([^"]*)"', form)
    assert action is not None
    address = action[1].replace("&amp;", "&")
    reply = client.post(address, data={"name": "Unused leaves"}, headers=PARTIAL)
    assert reply.status_code == 204
    assert (only(session).name, only(session).query, only(session).shared) == (
        "Unused leaves",
        FILTER,
        False,
    )
    again = client.post(address, data={"name": "Unused leaves"}, headers=PARTIAL)
    assert again.status_code == 422
    assert "“Unused leaves” already" in again.text
    plain = client.post(address, data={"name": "Once more"})
    assert plain.status_code == 303
    assert plain.location == "/library?q=leaves&tag=botany&tag=exam&usage=never"


def test_a_spoiled_address_is_saved_as_no_filter_and_says_so(client: FlaskClient) -> None:
    form = client.get("/saved-searches/new?min_size=many", headers=PARTIAL)
    assert form.status_code == 200
    assert "No filters are active" in form.text


def test_it_is_renamed_shared_and_updated(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    saved = saved_searches.create(session, owner, "Old", Query(q="x"))
    session.commit()
    url = f"/saved-searches/{saved.id}"
    form = client.get(f"{url}/name", headers=PARTIAL).text
    assert 'value="Old"' in form
    assert "checked" not in form
    data = {"name": "New", "shared": "1", "seen": "Old"}
    assert client.post(f"{url}/name", data=data, headers=PARTIAL).status_code == 204
    assert "checked" in client.get(f"{url}/name", headers=PARTIAL).text
    stale = client.post(f"{url}/name", data=data, headers=PARTIAL)
    assert stale.status_code == 422
    assert "It is now “New”" in stale.text
    assert client.get(f"{url}/filter?{SHOWN}", headers=PARTIAL).status_code == 200
    assert client.post(f"{url}/filter?{SHOWN}", headers=PARTIAL).status_code == 204
    assert (only(session).name, only(session).query, only(session).shared) == ("New", FILTER, True)


def test_it_is_forgotten_after_a_question(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    saved = saved_searches.create(session, owner, "Old", Query(q="x"), shared=True)
    session.commit()
    url = f"/saved-searches/{saved.id}/removal"
    assert "Everyone in this workspace" in client.get(url, headers=PARTIAL).text
    assert client.post(url, data={"seen": "Older"}, headers=PARTIAL).status_code == 422
    assert client.post(url, data={"seen": "Old"}, headers=PARTIAL).status_code == 204
    assert session.scalars(select(SavedSearch)).all() == []


def test_a_viewer_saves_for_themselves_and_shares_nothing(
    session: Session, owner: Principal, sign_in: SignIn
) -> None:
    shared = saved_searches.create(session, owner, "Ours", Query(q="x"), shared=True)
    private = saved_searches.create(session, owner, "Mine", Query(q="y"))
    session.commit()
    viewer = sign_in(make_colleague(session, owner, Role.VIEWER))
    assert "Share with everyone" not in viewer.get("/saved-searches/new?q=x").text
    assert viewer.post("/saved-searches?q=x", data={"name": "Own"}).status_code == 303
    refused = viewer.post("/saved-searches?q=x", data={"name": "All", "shared": "1"})
    assert refused.status_code == 403
    assert viewer.post(f"/saved-searches/{shared.id}/removal").status_code == 403
    assert viewer.post(f"/saved-searches/{private.id}/removal").status_code == 404
    html = viewer.get("/places").text
    assert "Ours" in html
    assert "Actions for search Ours" not in html
    assert "Actions for search Own" in html
