import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern import models
from lectern.models import Member, Role
from lectern.people import members, setup, tokens
from lectern.people.principal import Principal
from tests.factories import make_colleague, make_user, make_workspace
from tests.web.conftest import SignIn
from web.forms import local_path

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(session: Session) -> str:
    """The address of an owner with a password."""
    user = make_user(session, make_workspace(session), password=PASSWORD)
    session.commit()
    return user.email


def test_right_password_opens_the_library(app: Flask, ada: str) -> None:
    browser = app.test_client()
    reply = browser.post("/sign-in", data={"email": ada.upper(), "password": PASSWORD})
    assert (reply.status_code, reply.location) == (303, "/library")
    cookie = reply.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert browser.get("/library").status_code == 200


def test_wrong_password_says_nothing_about_the_account(app: Flask, ada: str) -> None:
    browser = app.test_client()
    known = browser.post("/sign-in", data={"email": ada, "password": "wrong"})
    unknown = browser.post("/sign-in", data={"email": "no@example.org", "password": "wrong"})
    assert known.status_code == unknown.status_code == 422
    assert "Incorrect email or password" in known.text
    assert known.text.replace(ada, "") == unknown.text.replace("no@example.org", "")


def test_too_many_attempts_are_stopped_with_a_time_to_wait(app: Flask, ada: str) -> None:
    browser = app.test_client()
    for _ in range(5):
        browser.post("/sign-in", data={"email": ada, "password": "wrong"})
    reply = browser.post("/sign-in", data={"email": ada, "password": PASSWORD})
    assert reply.status_code == 429
    assert int(reply.headers["Retry-After"]) > 0


def test_sign_in_goes_on_to_the_page_that_was_wanted(app: Flask, ada: str) -> None:
    typed = {"email": ada, "password": PASSWORD, "next": "/courses?x=1"}
    assert app.test_client().post("/sign-in", data=typed).location == "/courses?x=1"


@pytest.mark.parametrize(
    "stranger", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil", "evil"]
)
def test_nobody_is_sent_to_another_site(stranger: str) -> None:
    assert local_path(stranger, "/library") == "/library"


def test_signing_out_ends_the_session_on_the_server(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    assert client.post("/sign-out").location == "/sign-in"
    assert session.scalars(select(models.SignIn)).all() == []
    assert client.get("/library").status_code == 303


def test_first_owner_s_link_makes_library_and_account_once(app: Flask, session: Session) -> None:
    session.query(Member).delete()
    secret = setup.first_owner_link(session)
    session.commit()
    typed = {
        "workspace_name": "Biology",
        "name": "Ada",
        "email": "ada@example.org",
        "password": PASSWORD,
    }
    browser = app.test_client()
    short = browser.post(f"/setup/{secret}", data={**typed, "password": "short"})
    assert short.status_code == 422
    assert "A password must have 12 to 128 characters." in short.text
    assert 'value="Ada"' in short.text
    assert browser.post(f"/setup/{secret}", data=typed).location == "/library"
    assert browser.get("/library").status_code == 200
    again = app.test_client().get(f"/setup/{secret}")
    assert again.status_code == 410
    assert "This link has been used." in again.text


def test_wrong_setup_link_is_not_found(app: Flask) -> None:
    assert app.test_client().get("/setup/guess").status_code == 404


def test_token_is_shown_once_and_works(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    made = client.post("/account/tokens", data={"token_name": "Moodle", "scopes": ["read"]})
    text = re.search(r'data-testid="token">(lt_[^<]+)<', made.text)
    assert text is not None
    found = tokens.find(session, text[1])
    assert found is not None
    assert (found.user_id, found.scopes) == (owner.user_id, frozenset({"read"}))
    later = client.get("/account").text
    assert "Moodle" in later
    assert text[1] not in later


def test_token_without_scope_is_refused_beside_the_boxes(client: FlaskClient) -> None:
    reply = client.post("/account/tokens", data={"token_name": "Moodle"})
    assert reply.status_code == 422
    assert "Choose among" in reply.text


def test_revoked_token_is_dead_and_gone(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    text = tokens.create(session, owner, owner.workspace_id, "Old", ["read"])
    session.commit()
    token = tokens.list_tokens(session, owner)[0]
    client.post(f"/account/tokens/{token.id}/revocation")
    assert tokens.find(session, text) is None
    assert "Old" not in client.get("/account").text


def test_own_name_is_changed(client: FlaskClient) -> None:
    assert client.post("/account/name", data={"name": "Ada K."}).status_code == 303
    assert 'value="Ada K."' in client.get("/account").text
    assert client.post("/account/name", data={"name": " "}).status_code == 422


def test_changing_the_password_keeps_this_browser_and_ends_the_others(app: Flask, ada: str) -> None:
    here, there = app.test_client(), app.test_client()
    for browser in (here, there):
        browser.post("/sign-in", data={"email": ada, "password": PASSWORD})
    page = here.get("/account").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    typed = {"current": PASSWORD, "new": "another horse battery", "csrf_token": token[1]}
    assert "Password changed" in here.post("/account/password", data=typed).text
    assert here.get("/library").status_code == 200
    assert there.get("/library").status_code == 303


def test_added_person_gets_a_password_that_signs_in(
    client: FlaskClient, app: Flask, session: Session, owner: Principal
) -> None:
    typed = {"email": "ben@example.org", "name": "Ben", "role": "contributor"}
    added = client.post("/members", data=typed).text
    password = re.search(r'data-testid="password">([^<]+)<', added)
    assert password is not None
    signed_in = app.test_client().post(
        "/sign-in", data={"email": "ben@example.org", "password": password[1]}
    )
    assert signed_in.status_code == 303
    assert password[1] not in client.get("/members").text
    assert {member.user.name for member in members.list_members(session, owner)} >= {"Ben"}


def test_member_twice_is_a_conflict_in_words(client: FlaskClient) -> None:
    typed = {"email": "ben@example.org", "name": "Ben", "role": "viewer"}
    client.post("/members", data=typed)
    again = client.post("/members", data=typed)
    assert again.status_code == 422
    assert "already a member" in again.text


def test_role_is_changed_and_unknown_roles_are_refused(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    colleague = make_colleague(session, owner, Role.VIEWER)
    session.commit()
    address = f"/members/{colleague.user_id}/role"
    assert client.post(address, data={"role": "emperor"}).status_code == 422
    assert client.post(address, data={"role": "editor"}).status_code == 303
    roles = {m.user_id: m.role for m in members.list_members(session, owner)}
    assert roles[colleague.user_id] == "editor"


def test_last_owner_stays_one(client: FlaskClient, owner: Principal) -> None:
    reply = client.post(f"/members/{owner.user_id}/role", data={"role": "viewer"})
    assert reply.status_code == 422
    assert "This is the only owner." in reply.text


@pytest.mark.parametrize("role", [Role.EDITOR, Role.CONTRIBUTOR, Role.VIEWER])
def test_only_owners_manage_members(
    session: Session, sign_in: SignIn, owner: Principal, role: Role
) -> None:
    browser = sign_in(make_colleague(session, owner, role))
    assert browser.get("/members").status_code == 403
    assert browser.post("/members", data={"email": "x@example.org"}).status_code == 403
    assert 'href="/members"' not in browser.get("/library").text


def test_errors_are_pages_with_a_way_back(client: FlaskClient, app: Flask) -> None:
    for browser, way_back in ((client, "/library"), (app.test_client(), "/sign-in")):
        reply = browser.get("/no-such-page")
        assert reply.status_code == 404
        assert "Page not found" in reply.text
        assert f'href="{way_back}"' in reply.text
