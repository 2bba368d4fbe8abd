"""Headers: a strict policy on every page, nothing kept by caches that belongs to a person."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from lectern.people.principal import Principal
from tests.factories import make_asset
from tests.web.conftest import Caller, app_settings, on_connection
from web.app import create_app
from web.frontend.addresses import script_url, static_url

PAGES = ["/library", "/account", "/members", "/courses", "/uploads/open", "/nothing-here"]


def directives(policy: str) -> dict[str, list[str]]:
    return {part.split()[0]: part.split()[1:] for part in policy.split(";")}


@pytest.mark.parametrize("path", [*PAGES, "/sign-in", "/api/docs", "/api/v1/openapi.json"])
def test_every_answer_carries_the_headers(
    owner: Principal, in_browser: Callable[[Principal], Caller], path: str
) -> None:
    headers = in_browser(owner).get(path).headers
    policy = directives(headers["Content-Security-Policy"])
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == ["'self'"]
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == ["'none'"]
    assert policy["form-action"] == policy["connect-src"] == policy["worker-src"] == ["'self'"]
    everything = headers["Content-Security-Policy"]
    assert "unsafe" not in everything
    assert "*" not in everything
    assert "http:" not in everything
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert "Cookie" in headers["Vary"]
    assert "Strict-Transport-Security" not in headers
    assert "upgrade-insecure-requests" not in everything


def test_only_the_hash_worker_may_compile_webassembly(visitor: FlaskClient) -> None:
    def scripts(path: str) -> list[str]:
        reply = visitor.get(path, buffered=True)
        assert reply.status_code == 200
        return directives(reply.headers["Content-Security-Policy"])["script-src"]

    assert scripts("/static/js/workers/hash.js") == ["'self'", "'wasm-unsafe-eval'"]
    assert scripts(static_url("js/workers/hash.js")) == ["'self'", "'wasm-unsafe-eval'"]
    assert scripts("/static/js/app.js") == ["'self'"]
    assert scripts(script_url("site")) == ["'self'"]
    assert scripts("/sign-in") == ["'self'"]


def test_over_https_everything_insists_on_https(
    database_url: str, redis_url: str, tmp_path: Path, connection: Connection
) -> None:
    more = {"PUBLIC_URL": "https://media.example", "MEDIA_URL": "https://bytes.example"}
    app = create_app(app_settings(database_url, redis_url, tmp_path, **more))
    with on_connection(app, connection):
        client = app.test_client()
        page = client.get("/sign-in").headers
        bytes_ = client.get("/m/00000000-0000-0000-0000-000000000000").headers
    policy = directives(page["Content-Security-Policy"])
    assert "upgrade-insecure-requests" in policy
    assert "https://bytes.example" in policy["img-src"]
    assert "https://bytes.example" in policy["media-src"]
    for headers in (page, bytes_):
        assert headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_pages_bring_no_script_or_style_of_their_own(
    session: Session, owner: Principal, in_browser: Callable[[Principal], Caller]
) -> None:
    asset = make_asset(session, owner, name="<script>alert(1)</script>\" onload='x")
    session.commit()
    caller = in_browser(owner)
    for path in (*PAGES, f"/assets/{asset.id}", "/sign-in", "/api/docs"):
        page = caller.get(path).get_data(as_text=True)
        assert not re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", page), path
        assert not re.findall(r"<style|<[^>]*\sstyle=", page), path
        assert not re.findall(r"<[^>]*\son[a-z]+=", re.sub(r"\"[^\"]*\"", '""', page)), path
        assert "javascript:" not in page
        assert "<script>alert" not in page
        assert not re.findall(r"(?:src|href)=\"(?:https?:)?//(?!www\.w3\.org)", page), path


def test_static_files_are_kept_under_the_address_that_names_their_content(
    visitor: FlaskClient,
) -> None:
    page = visitor.get("/sign-in").get_data(as_text=True)
    (named,) = re.findall(r'href="(/static/\w{12}/css/site\.css)"', page)
    for path, cache in (
        (named, "public, max-age=31536000, immutable"),
        (named.replace("site", "base"), "public, max-age=31536000, immutable"),
        ("/static/css/site.css", "no-cache"),
        ("/static/css/base.css", "no-cache"),
        # A page that was open while Lectern was updated still asks for what it was made of.
        ("/static/0123456789ab/css/base.css", "no-cache"),
    ):
        reply = visitor.get(path, buffered=True)
        assert (reply.status_code, reply.mimetype) == (200, "text/css")
        assert reply.headers["Cache-Control"] == cache
        assert "Set-Cookie" not in reply.headers


@pytest.mark.parametrize(
    "path", ["../app.py", "%2e%2e/app.py", "..%2fapp.py", "css/../../x", "css"]
)
def test_nothing_outside_the_static_folder_is_served(visitor: FlaskClient, path: str) -> None:
    assert visitor.get(f"/static/{path}").status_code == 404


def test_whatever_sets_a_cookie_is_not_kept(
    owner: Principal, in_browser: Callable[[Principal], Caller]
) -> None:
    caller = in_browser(owner)
    for path in (*PAGES, "/api/v1/assets", "/static/css/base.css"):
        assert "Set-Cookie" not in caller.get(path).headers
    reply = caller.post("/sign-out")
    assert "Set-Cookie" in reply.headers
    assert reply.headers["Cache-Control"] == "no-store"
