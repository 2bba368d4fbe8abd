"""Replacing a file: which lessons get the new version, and another file in all lessons."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.models import Asset, Role, Usage
from lectern.people.principal import Principal
from tests.factories import add_version, make_asset, make_colleague, make_course
from tests.web.conftest import SignIn

FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    """Used in two lessons that follow it."""
    made, course = (
        make_asset(session, owner, name="Mitosis"),
        make_course(session, owner, lessons=2),
    )
    for ref in ("l0", "l1"):
        usages.put(session, owner, Place(course.ref, None, ref), [UsageSpec(made.id)])
    session.commit()
    return made


def places(session: Session, owner: Principal, asset: Asset) -> list[Usage]:
    session.expire_all()
    return usages.of_asset(session, owner, asset.id)


@pytest.mark.parametrize(("reach", "then"), [("all", [2, 2]), ("some", [2, 1]), ("new", [1, 1])])
def test_each_lesson_gets_the_new_version_or_keeps_the_old(
    client: FlaskClient,
    session: Session,
    owner: Principal,
    asset: Asset,
    reach: str,
    then: list[int],
) -> None:
    path = f"/assets/{asset.id}/replacement"
    asked = client.get(path, headers=FRAGMENT).get_data(as_text=True)
    assert "2 places use the newest version" in asked
    first = places(session, owner, asset)[0]
    sent = {"reach": reach, "place": str(first.id)}
    assert client.post(path, data=sent, headers=FRAGMENT).status_code == 204
    add_version(session, asset)
    session.commit()
    assert [usage.version_number for usage in places(session, owner, asset)] == then


def test_who_may_not_edit_may_not_replace(
    session: Session, owner: Principal, asset: Asset, sign_in: SignIn
) -> None:
    colleague = sign_in(make_colleague(session, owner, Role.CONTRIBUTOR))
    path = f"/assets/{asset.id}/replacement"
    assert colleague.get(path).status_code == 403
    assert colleague.post(path, data={"reach": "new"}).status_code == 403
    assert {usage.policy for usage in places(session, owner, asset)} == {"follow"}


def test_a_reach_that_is_none_changes_nothing(
    client: FlaskClient, session: Session, owner: Principal, asset: Asset
) -> None:
    reply = client.post(f"/assets/{asset.id}/replacement", data={"reach": "none"})
    assert reply.status_code == 422
    assert {usage.policy for usage in places(session, owner, asset)} == {"follow"}


def test_the_refusal_to_trash_offers_another_file_for_all_places(
    client: FlaskClient, session: Session, owner: Principal, asset: Asset
) -> None:
    other = make_asset(session, owner, name="Meiosis")
    make_asset(session, owner, name="Birdsong", kind="audio")
    session.commit()
    refused = client.post(f"/assets/{asset.id}/trashing", headers=FRAGMENT)
    assert refused.status_code == 409
    path = f"/assets/{asset.id}/everywhere"
    assert path in refused.get_data(as_text=True)
    asked = client.get(path).get_data(as_text=True)
    assert f'value="{other.id}"' in asked
    assert "Birdsong" not in asked
    assert "Meiosis" not in client.get(f"{path}?q=xylophone").get_data(as_text=True)
    reply = client.post(path, data={"other": str(other.id)}, headers=FRAGMENT)
    assert reply.headers["HX-Redirect"] == f"/assets/{asset.id}"
    assert len(places(session, owner, other)) == 2
    assert client.post(f"/assets/{asset.id}/trashing").status_code == 303


@pytest.mark.parametrize("other", ["", "nonsense", "self"])
def test_a_file_has_to_be_chosen(
    client: FlaskClient, session: Session, owner: Principal, asset: Asset, other: str
) -> None:
    sent = {"other": str(asset.id) if other == "self" else other}
    reply = client.post(f"/assets/{asset.id}/everywhere", data=sent, headers=FRAGMENT)
    assert reply.status_code == 422
    assert "Choose" in reply.get_data(as_text=True)
    assert len(places(session, owner, asset)) == 2
