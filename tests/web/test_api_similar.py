"""Near duplicates over the API and on the page."""

import random

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.duplicates import near_index
from lectern.library import versions
from lectern.models import Asset
from lectern.people.principal import Principal
from tests.factories import make_asset, make_principal
from tests.web.answers import assert_problem, items
from tests.web.conftest import Caller

ASSETS = "/api/v1/assets"

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


def looked_at(session: Session, owner: Principal, name: str, seed: int) -> Asset:
    asset = make_asset(session, owner, name=name)
    version = versions.get_current(session, asset)
    assert version is not None
    heard = random.Random(seed).randbytes(4000)  # noqa: S311 a pattern, no secret
    blob = (asset.workspace_id, version.blob_id)
    near_index.record(session, *blob, "video", 120.0, [], heard)
    return asset


def test_near_duplicates_are_listed_with_what_differs(session: Session, api: Caller) -> None:
    one = looked_at(session, api.who, "Week 1", 1)
    other = looked_at(session, api.who, "Week 1 again", 1)
    looked_at(session, api.who, "Week 2", 2)
    session.commit()
    reply = api.get(f"{ASSETS}/{one.id}/similar?total=1")
    (near,) = items(reply)
    assert near["asset"]["id"] == str(other.id)
    assert near["asset"]["name"] == "Week 1 again"
    assert (near["relation"], near["share"]) == ("near", 1.0)
    assert near["differences"] == ["another name"]
    assert reply.json is not None
    assert (reply.json["total"], reply.json["next"]) == (1, None)


def test_a_file_without_any_has_an_empty_list(session: Session, api: Caller) -> None:
    lone = make_asset(session, api.who)
    session.commit()
    assert items(api.get(f"{ASSETS}/{lone.id}/similar")) == []


def test_a_foreign_file_is_not_there(session: Session, api: Caller) -> None:
    foreign = looked_at(session, make_principal(session), "Theirs", 1)
    mine = looked_at(session, api.who, "Mine", 1)
    session.commit()
    assert_problem(api.get(f"{ASSETS}/{foreign.id}/similar"), 404)
    assert items(api.get(f"{ASSETS}/{mine.id}/similar")) == []


def test_the_page_shows_them_and_nothing_where_there_are_none(
    session: Session, client: FlaskClient, owner: Principal
) -> None:
    one = looked_at(session, owner, "Week 1", 1)
    looked_at(session, owner, "Week <1> again", 1)
    lone = looked_at(session, owner, "Week 2", 2)
    session.commit()
    shown = client.get(f"/assets/{one.id}").text
    assert "Near duplicates</h2>" in shown
    assert "Week &lt;1&gt; again" in shown
    assert "100 % similar" in shown
    assert "Near duplicates</h2>" not in client.get(f"/assets/{lone.id}").text
    part = client.get(f"/assets/{one.id}/similar", headers=PARTIAL).text
    assert part.lstrip().startswith('<section id="similar"')
    assert 'class="panel"' in part
