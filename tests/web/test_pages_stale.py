"""Two people, or two tabs, with the same form open."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.models import Asset
from lectern.people.principal import Principal
from tests.factories import make_asset

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    return make_asset(session, owner, name="Mitosis")


def seen(html: str) -> str:
    found = re.search(r'name="seen" value="(\d+)"', html)
    assert found, html
    return found[1]


def test_who_saves_second_is_told_and_keeps_the_words(client: FlaskClient, asset: Asset) -> None:
    address = f"/assets/{asset.id}/title"
    opened = seen(client.get(f"{address}/edit", headers=PARTIAL).text)
    first = client.post(address, data={"name": "Meiosis", "seen": opened}, headers=PARTIAL)
    assert first.status_code == 200
    second = client.post(address, data={"name": "Cells", "seen": opened}, headers=PARTIAL)
    assert second.status_code == 422
    assert "Somebody changed this file" in second.text
    assert 'value="Cells"' in second.text
    assert seen(second.text) == opened
    assert "<h1>Meiosis</h1>" in client.get(address, headers=PARTIAL).text


def test_details_of_another_are_not_overwritten(client: FlaskClient, asset: Asset) -> None:
    address = f"/assets/{asset.id}/details"
    opened = seen(client.get(f"{address}/edit").text)
    assert client.post(address, data={"tags": "cells", "seen": opened}).status_code == 303
    refused = client.post(address, data={"tags": "plants", "seen": opened}, headers=PARTIAL)
    assert refused.status_code == 422
    assert "Somebody changed this file" in refused.text
    assert ">cells</a>" in client.get(address, headers=PARTIAL).text.replace("</svg>", ">")


def test_a_second_change_of_the_same_person_is_no_clash(client: FlaskClient, asset: Asset) -> None:
    address = f"/assets/{asset.id}/title"
    for name in ("Meiosis", "Cells"):
        opened = seen(client.get(f"{address}/edit", headers=PARTIAL).text)
        reply = client.post(address, data={"name": name, "seen": opened}, headers=PARTIAL)
        assert reply.status_code == 200
