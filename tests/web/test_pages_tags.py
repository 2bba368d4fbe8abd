import re

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.library import tags
from lectern.models import Role
from lectern.people.principal import Principal
from tests.factories import make_asset, make_colleague
from tests.web.conftest import SignIn


def tagged(session: Session, who: Principal, *names: str) -> None:
    tags.put(session, make_asset(session, who), names)
    session.commit()


def options(html: str) -> list[str]:
    return re.findall(r'role="option"[^>]*data-tag="([^"]*)"', html)


def test_suggestions_are_options_and_offer_a_new_tag(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    tagged(session, owner, "botany", "exam")
    tagged(session, owner, "botany", "bird's eye <b>")
    html = client.get("/tags/suggestions?q=b").text
    assert options(html) == ["botany", "bird&#39;s eye &lt;b&gt;", "b"]
    assert "2 files" in html
    assert options(client.get("/tags/suggestions?q=BOTANY").text) == ["botany"]
    taken = client.get("/tags/suggestions?q=botany&taken=Botany").text
    assert options(taken) == []


def test_whoever_may_see_is_suggested_to(
    session: Session, owner: Principal, sign_in: SignIn
) -> None:
    tagged(session, owner, "botany")
    viewer = sign_in(make_colleague(session, owner, Role.VIEWER))
    assert "botany" in options(viewer.get("/tags/suggestions?q=bot").text)
