"""Who asks, and from where: sessions, forged requests, and where a sign-in leads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from lectern.models import Role
from lectern.people import sign_ins
from lectern.people.principal import Principal
from tests.factories import make_asset, make_user, make_workspace
from tests.web.answers import assert_problem
from tests.web.conftest import Caller, app_settings, on_connection
from web.app import create_app
from web.forms import local_path

PASSWORD = "correct horse battery staple"
EVIL = "https://evil.example"


@pytest.fixture
def email(session: Session) -> str:
    user = make_user(session, make_workspace(session), Role.OWNER, password=PASSWORD)
    session.commit()
    return user.email


def sign_in(visitor: FlaskClient, email: str, **more: Any) -> Any:
    form = {"email": email, "password": PASSWORD, **more.pop("data", {})}
    return visitor.post("/sign-in", data=form, **more)


def test_the_cookie_is_for_this_site_alone(visitor: FlaskClient, email: str) -> None:
    reply = sign_in(visitor, email)
    assert reply.status_code == 303
    cookie = reply.headers["Set-Cookie"]
    assert cookie.startswith("lectern=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert "Domain" not in cookie
    assert "no-store" in reply.headers["Cache-Control"]
    assert "Cookie" in reply.headers["Vary"]
    assert visitor.get("/library").status_code == 200


def test_over_https_the_cookie_is_bound_to_the_host(
    database_url: str, redis_url: str, tmp_path: Path, connection: Connection, email: str
) -> None:
    more = {"PUBLIC_URL": "https://media.example"}
    app = create_app(app_settings(database_url, redis_url, tmp_path, **more))
    with on_connection(app, connection):
        reply = sign_in(app.test_client(), email, base_url="https://media.example")
    cookie = reply.headers["Set-Cookie"]
    assert cookie.startswith("__Host-lectern=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Secure"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_a_sign_in_makes_a_new_session_and_ends_the_one_before(
    session: Session, visitor: FlaskClient, email: str
) -> None:
    visitor.set_cookie("lectern", "planted")
    sign_in(visitor, email)
    first = visitor.get_cookie("lectern")
    assert first is not None
    assert first.value != "planted"
    csrf = sign_ins.find(session, first.value)
    assert csrf is not None
    sign_in(visitor, email, headers={"X-CSRF-Token": csrf.csrf})
    second = visitor.get_cookie("lectern")
    assert second is not None
    assert second.value != first.value
    visitor.set_cookie("lectern", first.value)
    assert visitor.get("/library").status_code == 303


def test_signing_out_ends_the_session_on_the_server(
    in_browser: Callable[[Principal], Caller], owner: Principal
) -> None:
    caller = in_browser(owner)
    cookie = caller.client.get_cookie("lectern")
    assert cookie is not None
    reply = caller.post("/sign-out")
    assert reply.status_code == 303
    assert caller.client.get_cookie("lectern") is None
    caller.client.set_cookie("lectern", cookie.value)
    assert caller.get("/library").status_code == 303


@pytest.mark.parametrize("value", ["", "x", "ü", "\x00", "'", "x" * 5000, "lt_x_y"])
def test_a_cookie_that_is_no_session_is_nobody(visitor: FlaskClient, value: str) -> None:
    cookie = f"lectern={value}".encode().decode("latin-1")
    assert visitor.get("/library", headers={"Cookie": cookie}).status_code == 303


def test_who_is_not_signed_in_comes_back_to_where_they_were(visitor: FlaskClient) -> None:
    reply = visitor.get("/library?q=a%26b&kind=video")
    assert reply.status_code == 303
    target = urlsplit(reply.headers["Location"])
    assert target.path == "/sign-in"
    assert parse_qs(target.query)["next"] == ["/library?q=a%26b&kind=video"]
    fragment = visitor.get("/library/cards", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment.data) == (401, b"")
    assert fragment.headers["HX-Redirect"] == "/sign-in"
    open_page = {"HX-Request": "true", "HX-Current-URL": "http://localhost/library?q=leaf#top"}
    fragment = visitor.get("/library/cards?cursor=x", headers=open_page)
    assert fragment.headers["HX-Redirect"] == "/sign-in?next=/library%3Fq%3Dleaf"
    assert "continue where you left off" in visitor.get(fragment.headers["HX-Redirect"]).text
    assert_problem(visitor.get("/api/v1/assets"), 401)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 204),
        ({"Sec-Fetch-Site": "none"}, 204),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "nonsense"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": EVIL}, 204),
        ({}, 204),
        ({"Origin": "http://localhost"}, 204),
        ({"Origin": "https://localhost"}, 204),
        ({"Origin": EVIL}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "http://localhost:8001"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": "localhost"}, 403),
        ({"Origin": f"http://localhost {EVIL}"}, 403),
    ],
)
def test_a_change_from_another_site_is_refused(
    session: Session,
    owner: Principal,
    in_browser: Callable[[Principal], Caller],
    headers: dict[str, str],
    status: int,
) -> None:
    caller = in_browser(owner)
    asset = make_asset(session, owner)
    session.commit()
    assert caller.delete(f"/api/v1/assets/{asset.id}", headers=headers).status_code == status


def test_the_session_token_may_come_in_a_header_or_a_form(
    session: Session, owner: Principal, in_browser: Callable[[Principal], Caller]
) -> None:
    caller = in_browser(owner)
    token = caller.headers["X-CSRF-Token"]
    asset = make_asset(session, owner)
    session.commit()
    path = f"/assets/{asset.id}/restoration"

    def post(**more: Any) -> int:
        return caller.client.post(path, **more).status_code

    assert post(headers={"X-CSRF-Token": token}) == 303
    assert post(data={"csrf_token": token}) == 303
    for more in (
        {},
        {"data": {"csrf_token": ""}},
        {"data": {"csrf_token": token + "x"}},
        {"data": {"csrf_token": "ü"}},
        {"json": {"csrf_token": token}},
        {"query_string": {"csrf_token": token}},
        {"headers": {"X-CSRF-Token": ""}},
        {"headers": {"X-CSRF-Token": "wrong"}, "data": {"csrf_token": token}},
    ):
        assert post(**more) == 403, more


def test_another_sessions_token_does_not_do(
    owner: Principal, stranger: Principal, in_browser: Callable[[Principal], Caller]
) -> None:
    mine, theirs = in_browser(owner), in_browser(stranger)
    headers = {"X-CSRF-Token": theirs.headers["X-CSRF-Token"]}
    assert mine.post("/account/name", data={"name": "x"}, headers=headers).status_code == 403


def test_reading_needs_no_token(
    owner: Principal, in_browser: Callable[[Principal], Caller]
) -> None:
    caller = in_browser(owner)
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": EVIL}
    assert caller.client.get("/library", headers=headers).status_code == 200


def test_signing_in_from_another_site_is_refused(visitor: FlaskClient, email: str) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": EVIL}):
        assert sign_in(visitor, email, headers=headers).status_code == 403
        assert visitor.get_cookie("lectern") is None


def test_a_bad_token_beside_a_good_cookie_is_refused(
    owner: Principal, in_browser: Callable[[Principal], Caller]
) -> None:
    caller = in_browser(owner)
    for value in ("Bearer x", "Basic dTpw", "x"):
        reply = caller.get("/api/v1/assets", headers={"Authorization": value})
        assert_problem(reply, 401)


def test_a_token_opens_the_api_and_no_page(api: Caller) -> None:
    assert api.get("/api/v1/assets").status_code == 200
    for path in ("/library", "/account", "/members"):
        assert api.get(path).status_code == 401


HERE = ["/library", "/library?q=a", "/assets/1#x", "/a%2F%2Fb", "/library?next=//evil.example"]
ELSEWHERE = [
    "",
    " ",
    "x",
    "library",
    "./x",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\nSet-Cookie: a=b",
    "\t//evil.example",
    " //evil.example",
    "/\x00/evil.example",
    "http://evil.example",
    "https://evil.example/library",
    "HTTPS://evil.example",
    "http:evil.example",
    "http:/evil.example",
    "https:///evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "//localhost@evil.example",
    "//user:pass@evil.example",
    "//[::1]",
    "//[",
    "/\u2028/evil.example",
    "\u3000//evil.example",
    "?next=/library",
    "#x",
]


@pytest.mark.parametrize("following", HERE)
def test_a_sign_in_leads_on_within_this_site(
    visitor: FlaskClient, email: str, following: str
) -> None:
    assert local_path(following, "/otherwise") == following
    reply = sign_in(visitor, email, data={"next": following})
    assert reply.headers["Location"] == following
    again = visitor.get(f"/sign-in?next={quote(following, safe='')}")
    assert again.headers["Location"] == following


@pytest.mark.parametrize("following", ELSEWHERE)
def test_a_sign_in_leads_nobody_to_a_stranger(following: str) -> None:
    assert local_path(following, "/otherwise") == "/otherwise"


def test_whatever_the_form_says_the_browser_stays_here(
    owner: Principal, in_browser: Callable[[Principal], Caller]
) -> None:
    caller = in_browser(owner)
    for following in ELSEWHERE:
        path = "/sign-in?next=" + quote(following.encode("utf-8", "replace"), safe="")
        location = caller.get(path).headers["Location"]
        assert location == "/library", following
