"""The pages, the ways to them and the panels of a file: each declared once and whole."""

import importlib
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.models import Role
from lectern.people.principal import Principal
from lectern.people.rights import RIGHTS, Reach
from tests.factories import make_asset, make_colleague
from tests.web.conftest import SignIn
from web import navigation
from web.navigation import BAR, MENU, PAGES
from web.pages.assets.panels import BY_NAME, PANELS

CHECKOUT = Path(__file__).resolve().parents[2]
ENTRIES = (*BAR, *MENU)


def test_every_module_with_a_blueprint_is_registered_once() -> None:
    found = []
    for folder in ("pages", "bytes"):
        for path in sorted((CHECKOUT / "web" / folder).rglob("*.py")):
            if re.search(r"^bp = Blueprint", path.read_text("utf-8"), re.MULTILINE):
                name = ".".join(path.relative_to(CHECKOUT).with_suffix("").parts)
                found.append(importlib.import_module(name).bp.name)
    assert sorted(page.name for page in PAGES) == sorted(found)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.endpoint)
def test_an_entry_asks_the_right_of_its_page(application: Flask, entry: navigation.Entry) -> None:
    assert application.view_functions[entry.endpoint].action is entry.right  # type: ignore[attr-defined]
    assert {entry.endpoint.partition(".")[0], *entry.also} <= {page.name for page in PAGES}


def test_every_entry_of_the_menu_has_a_symbol_and_no_page_two_entries() -> None:
    sprite = (CHECKOUT / "web/static/icons/sprite.svg").read_text("utf-8")
    assert [entry.icon for entry in MENU if f'id="{entry.icon}"' not in sprite] == []
    assert len({entry.endpoint for entry in ENTRIES}) == len(ENTRIES)


@pytest.mark.parametrize("role", list(Role))
def test_people_are_shown_what_they_may_open_and_nothing_else(
    session: Session, owner: Principal, sign_in: SignIn, role: Role
) -> None:
    client = sign_in(make_colleague(session, owner, role))
    page = client.get("/courses").text
    menu = page.partition('id="account-menu"')[2].partition("</form>")[0]
    for entry in MENU:
        path = {"audit_log.index": "/audit", "exchange.index": "/exchange"}.get(entry.endpoint)
        if path is not None:
            allowed = RIGHTS[entry.right][role] is not Reach.NONE
            assert (f'href="{path}"' in menu) == allowed
            assert (client.get(path).status_code == 200) == allowed
    assert re.search(r'href="/courses"\s+aria-current="page"', page)
    assert not re.search(r'href="/library"\s+aria-current="page"', page)


def test_every_panel_has_one_template_whose_root_is_its_name() -> None:
    assert len({panel.template for panel in PANELS}) == len(PANELS)
    for panel in BY_NAME.values():
        text = (CHECKOUT / "templates" / panel.template).read_text("utf-8")
        root = re.search(r"^<(?:section|div)\b[^>]*\bid=\"([\w-]+)\"", text, re.MULTILINE)
        assert root is not None, panel.template
        assert root[1] == panel.name


def test_the_address_of_a_panel_leads_to_the_page_where_there_are_no_scripts(
    session: Session, owner: Principal, client: FlaskClient
) -> None:
    asset = make_asset(session, owner)
    session.commit()
    for panel in PANELS:
        reply = client.get(f"/assets/{asset.id}/{panel.name}")
        assert reply.headers["Location"] == f"/assets/{asset.id}#{panel.name}"
        assert f'id="{panel.name}"' in client.get(f"/assets/{asset.id}").text
