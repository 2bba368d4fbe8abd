"""Fields edited in their place, by one person and by two."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lectern.models import Asset, Role
from lectern.people.principal import Principal
from lectern.taxonomy import custom_fields
from tests.factories import make_asset, make_colleague
from tests.web.conftest import SignIn

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}
PLAIN = ["description", "tags", "folder", "language", "licence", "access"]


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    return make_asset(session, owner, name="Mitosis")


@pytest.fixture
def colleague(session: Session, owner: Principal, sign_in: SignIn) -> FlaskClient:
    """The browser of another editor, called Ben."""
    principal = make_colleague(session, owner)
    return sign_in(principal)


class Opened:
    """A form in somebody's browser, with the value it was opened over."""

    def __init__(self, client: FlaskClient, asset: Asset, part: str, key: str = "") -> None:
        self.client, self.address = client, f"/assets/{asset.id}/fields/{part}"
        self.html = client.get(f"{self.address}/edit?key={key}", headers=PARTIAL).text
        self.sent = {"seen": hidden(self.html, "seen"), "key": key}

    def save(self, value: str, **more: str) -> TestResponse:
        sent = {**self.sent, "value": value, **more}
        return self.client.post(self.address, data=sent, headers=PARTIAL)


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, html
    return unescape(found[1])


def test_renaming_answers_with_the_new_title_and_says_so(client: FlaskClient, asset: Asset) -> None:
    reply = Opened(client, asset, "name").save("Meiosis  I ")
    assert "<h1>Meiosis I</h1>" in reply.text
    assert "Saved." in reply.headers["HX-Trigger"]
    assert "Renamed from “Mitosis” to “Meiosis I”" in client.get(f"/assets/{asset.id}").text


def test_what_was_just_saved_can_be_undone_from_its_toast(
    client: FlaskClient, asset: Asset, session: Session
) -> None:
    reply = Opened(client, asset, "name").save("Meiosis")
    undo = re.search(r'"undo": "([^"]+)"', reply.headers["HX-Trigger"])
    assert undo is not None
    undone = client.post(undo[1], headers=PARTIAL)
    assert f"asset-{asset.id}" in undone.headers["HX-Trigger"]
    session.refresh(asset)
    assert asset.name == "Mitosis"
    unchanged = Opened(client, asset, "name").save("Mitosis")
    assert '"undo": null' in unchanged.headers["HX-Trigger"]


def test_saving_without_scripts_leads_back_to_the_page(client: FlaskClient, asset: Asset) -> None:
    opened = Opened(client, asset, "description")
    assert "<html" not in opened.html
    whole = client.get(f"{opened.address}/edit").text
    assert "<html" in whole
    sent = {"seen": hidden(whole, "seen"), "value": "How cells divide."}
    reply = client.post(opened.address, data=sent)
    assert (reply.status_code, reply.location) == (303, f"/assets/{asset.id}")
    assert "How cells divide." in client.get(f"/assets/{asset.id}").text


def test_empty_name_is_refused_beside_the_field(client: FlaskClient, asset: Asset) -> None:
    reply = Opened(client, asset, "name").save("  ")
    assert reply.status_code == 422
    assert 'aria-invalid="true"' in reply.text
    assert "<h1>Mitosis</h1>" in client.get(f"/assets/{asset.id}/title", headers=PARTIAL).text


@pytest.mark.parametrize(
    ("part", "typed", "shown"),
    [
        ("description", "How cells\r\ndivide.", "How cells\ndivide."),
        ("tags", "biology, Week 3,, biology", "Week 3"),
        ("folder", "Biology/Cells", "Biology/Cells"),
        ("language", "de", "German (de)"),
        ("language", "x-nonsense", "x-nonsense"),
        ("licence", "CC BY 4.0", "CC BY 4.0"),
        ("access", "unlisted", "Unlisted: anyone with the link"),
    ],
)
def test_each_field_is_saved_and_shown_in_words(
    client: FlaskClient, asset: Asset, part: str, typed: str, shown: str
) -> None:
    reply = Opened(client, asset, part).save(typed)
    assert reply.status_code == 200
    assert shown in unescape(reply.text)
    assert "<form" not in reply.text
    again = client.get(f"/assets/{asset.id}/fields/{part}", headers=PARTIAL)
    assert shown in unescape(again.text)
    emptied = Opened(client, asset, part)
    reply = emptied.save("course" if part == "access" else "")
    assert shown not in unescape(reply.text)


@pytest.mark.parametrize(
    ("part", "typed", "said"),
    [
        ("folder", "a/..", "none of them only dots"),
        ("language", "x" * 36, "at most 35"),
        ("access", "secret", "Choose course, unlisted or public."),
        ("tags", "x" * 61, "A tag needs 1 to 60 characters"),
    ],
)
def test_what_cannot_be_is_refused_and_stays_typed(
    client: FlaskClient, asset: Asset, part: str, typed: str, said: str
) -> None:
    opened = Opened(client, asset, part)
    reply = opened.save(typed)
    assert reply.status_code == 422
    assert said in reply.text
    assert typed in reply.text or part == "access"
    assert hidden(reply.text, "seen") == opened.sent["seen"]


def test_who_saves_second_is_told_by_whom_and_what_it_is_now(
    client: FlaskClient, colleague: FlaskClient, asset: Asset, owner: Principal
) -> None:
    mine, theirs = Opened(colleague, asset, "description"), Opened(client, asset, "description")
    assert theirs.save("Theirs, first.").status_code == 200
    told = mine.save("Mine, second.")
    assert told.status_code == 409
    assert 'role="alertdialog"' in told.text
    assert f"{owner.name} changed this in the meantime" in told.text
    assert "Theirs, first." in told.text
    assert "Mine, second." in told.text
    assert hidden(told.text, "seen") == mine.sent["seen"]
    # Sent again as it is, it is no better.
    assert mine.save("Mine, second.").status_code == 409
    assert "Theirs, first." in client.get(f"/assets/{asset.id}").text
    saved = mine.save("Mine, second.", over=hidden(told.text, "over"))
    assert saved.status_code == 200
    assert "Mine, second." in saved.text


def test_of_tags_both_can_be_kept(
    client: FlaskClient, colleague: FlaskClient, asset: Asset
) -> None:
    mine = Opened(colleague, asset, "tags")
    Opened(client, asset, "tags").save("cells")
    told = mine.save("plants")
    assert told.status_code == 409
    over = hidden(told.text, "over")
    saved = mine.save("plants", over=over, both=hidden(told.text, "both"))
    assert saved.status_code == 200
    assert ">cells</a>" in saved.text.replace("</svg>", ">")
    assert ">plants</a>" in saved.text.replace("</svg>", ">")


def test_over_is_what_was_shown_and_no_more(
    client: FlaskClient, colleague: FlaskClient, asset: Asset
) -> None:
    mine = Opened(colleague, asset, "licence")
    Opened(client, asset, "licence").save("CC0 1.0")
    over = hidden(mine.save("MIT").text, "over")
    Opened(client, asset, "licence").save("CC BY 4.0")
    assert mine.save("MIT", over=over).status_code == 409


def test_changes_of_different_fields_do_not_meet(
    client: FlaskClient, colleague: FlaskClient, asset: Asset
) -> None:
    mine = Opened(colleague, asset, "description")
    assert Opened(client, asset, "name").save("Meiosis").status_code == 200
    assert mine.save("How cells divide.").status_code == 200
    page = client.get(f"/assets/{asset.id}").text
    assert "Meiosis" in page
    assert "How cells divide." in page


def test_clash_without_scripts_is_told_on_a_page(
    client: FlaskClient, colleague: FlaskClient, asset: Asset
) -> None:
    mine = Opened(colleague, asset, "licence")
    Opened(client, asset, "licence").save("CC0 1.0")
    told = colleague.post(mine.address, data={**mine.sent, "value": "MIT"})
    assert told.status_code == 409
    assert "<html" in told.text
    assert "CC0 1.0" in told.text
    sent = {**mine.sent, "value": "MIT", "over": hidden(told.text, "over")}
    assert colleague.post(mine.address, data=sent).status_code == 303


def test_second_change_of_the_same_person_is_no_clash(client: FlaskClient, asset: Asset) -> None:
    for name in ("Meiosis", "Cells"):
        assert Opened(client, asset, "name").save(name).status_code == 200


@pytest.mark.parametrize("seen", ["", "{", "[" * 5000])
def test_spoiled_form_saves_nothing(client: FlaskClient, asset: Asset, seen: str) -> None:
    reply = Opened(client, asset, "name").save("Cells", seen=seen)
    assert reply.status_code == 422
    assert "out of date" in reply.text


@pytest.mark.parametrize("part", PLAIN)
def test_page_and_part_show_the_very_same_row(client: FlaskClient, asset: Asset, part: str) -> None:
    row = client.get(f"/assets/{asset.id}/fields/{part}", headers=PARTIAL).text
    page = re.sub(r"\s+", " ", client.get(f"/assets/{asset.id}").text)
    assert re.sub(r"\s+", " ", row).strip() in page


def test_custom_fields_are_edited_by_type_and_free_keys_are_shown(
    client: FlaskClient, session: Session, owner: Principal, asset: Asset
) -> None:
    choice = {"label": "Grade", "type": "choice", "options": ["Nine", "Ten"]}
    for given in (choice, {"label": "Consent until", "type": "date", "key": "consent"}):
        custom_fields.create(session, owner, given)
    asset.custom = {"free": {"a": [1, True]}}
    session.commit()
    offered = Opened(client, asset, "custom", "grade").html
    assert re.search(r'<option value="Ten"\s*>Ten</option>', offered)
    assert Opened(client, asset, "custom", "grade").save("Ten").status_code == 200
    refused = Opened(client, asset, "custom", "consent").save("tomorrow")
    assert refused.status_code == 422
    assert "Send a date such as 2026-09-01." in refused.text
    saved = Opened(client, asset, "custom", "consent").save("2026-09-01")
    assert "September 1, 2026" in saved.text
    page = unescape(client.get(f"/assets/{asset.id}").text)
    assert '{"a": [1, true]}' in page
    session.refresh(asset)
    assert asset.custom == {"free": {"a": [1, True]}, "grade": "Ten", "consent": "2026-09-01"}


def test_field_that_nobody_defined_is_no_field(client: FlaskClient, asset: Asset) -> None:
    address = f"/assets/{asset.id}/fields/custom"
    assert client.get(f"{address}/edit?key=nothing", headers=PARTIAL).status_code == 404
    sent = {"key": "nothing", "value": "x", "seen": "{}"}
    assert client.post(address, data=sent, headers=PARTIAL).status_code == 404


def test_viewer_reads_everything_and_is_offered_no_change(
    client: FlaskClient, session: Session, sign_in: SignIn, owner: Principal, asset: Asset
) -> None:
    Opened(client, asset, "licence").save("CC0 1.0")
    viewer = sign_in(make_colleague(session, owner, Role.VIEWER))
    page = viewer.get(f"/assets/{asset.id}").text
    assert "CC0 1.0" in page
    assert "/edit" not in page
    assert "Undo" not in page.split("toast-list")[0]


def test_write_without_the_csrf_token_is_refused(client: FlaskClient, asset: Asset) -> None:
    opened = Opened(client, asset, "name")
    del client.environ_base["HTTP_X_CSRF_TOKEN"]
    reply = opened.save("Forged")
    assert reply.status_code == 403
    assert "out of date" in reply.text


def test_form_s_own_csrf_field_is_enough(client: FlaskClient, asset: Asset) -> None:
    opened = Opened(client, asset, "name")
    token = hidden(opened.html, "csrf_token")
    del client.environ_base["HTTP_X_CSRF_TOKEN"]
    assert opened.save("Meiosis", csrf_token=token).status_code == 200
