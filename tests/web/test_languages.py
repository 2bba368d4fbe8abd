"""The language that a person reads: their own choice, else the browser's; programs read English."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from lectern.errors import Message, plural_message
from lectern.people.principal import Principal
from tests.factories import make_principal
from tests.web.conftest import Caller
from web import i18n

GERMAN = {"Accept-Language": "de-AT,de;q=0.9"}


@pytest.fixture
def reader(session: Session, in_browser: Callable[[Principal], Caller]) -> Caller:
    return in_browser(make_principal(session))


def test_pages_follow_the_browser_until_a_language_is_chosen(reader: Caller) -> None:
    assert '<html lang="de">' in reader.get("/account", headers=GERMAN).text
    assert '<html lang="en">' in reader.get("/account", headers={"Accept-Language": "fi"}).text
    assert reader.post("/account/language", data={"language": "es"}).status_code == 303
    assert '<html lang="es">' in reader.get("/account", headers=GERMAN).text
    reader.post("/account/language", data={"language": ""})
    assert '<html lang="de">' in reader.get("/account", headers=GERMAN).text


def test_a_language_without_a_catalog_is_refused_beside_its_field(reader: Caller) -> None:
    reply = reader.post("/account/language", data={"language": "tlh"})
    assert reply.status_code == 422
    assert "Choose one of the languages in the list." in reply.text


def test_programs_read_english(session: Session, with_token: Callable[..., Caller]) -> None:
    missing = "/api/v1/assets/00000000-0000-7000-8000-000000000000"
    reply = with_token(make_principal(session)).get(missing, headers=GERMAN)
    assert (reply.status_code, reply.json["code"]) == (404, "not_found")


def test_a_message_is_said_with_its_values(app: Flask) -> None:
    with app.test_request_context(headers=GERMAN):
        inner = plural_message("%(n)s file", "%(n)s files", 2)
        assert i18n.translated(Message("%(what)s stay here.", what=inner)) == "2 files stay here."
        assert i18n.translated("100 % plain text") == "100 % plain text"
