"""The language that a person reads: their own choice, else the browser's; programs read English."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from lectern.duplicates.differences import Side, differences
from lectern.errors import Message, plural_message
from lectern.media import sniff
from lectern.people.principal import Principal
from lectern.renditions import shared_frames
from tests.factories import make_principal
from tests.web.conftest import Caller
from web import i18n
from web.cli import translations

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


def test_what_the_domain_says_in_parts_is_said_in_german(app: Flask) -> None:
    """Parts that are put into sentences, and lists of reasons, are texts of the catalog as well."""
    translations.compile_stale()
    with app.test_request_context(headers=GERMAN):
        video = {"kind": "video", "duration_s": 60.0, "audio_codec": "aac"}
        shorter = video | {"duration_s": 50.0, "audio_codec": None}
        said = differences(Side("a.mp4", 10, video), Side("b.mp4", 10, shorter), 8.0)
        assert [i18n.translated(text) for text in said[:3]] == [
            "ohne Ton",
            "am Anfang um 8 s gekürzt",
            "am Ende um 2 s gekürzt",
        ]
        with pytest.raises(sniff.Refused) as refused:
            sniff.sniff(b"MZ" + bytes(64), 66, "setup.exe")
        assert "ein Programm für Windows" in i18n.translated(refused.value.message)
        (warning,) = sniff.sniff(b"GIF89a" + bytes(64), 70, "clip.mp4").warnings
        assert "ist ein Bild" in i18n.translated(Message(warning))
        reason = Message.from_json(shared_frames.SHARED)
        assert i18n.translated(reason) == "Auch andere Dateien hier zeigen es"
