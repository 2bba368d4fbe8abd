"""Errors in the caller's language: a document, a page, or a fragment; never a stack trace."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm import Session

from lectern import errors
from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.ingest.receiving import ChecksumMismatch, Taken, WrongOffset
from lectern.people.principal import Principal
from tests.factories import make_asset, make_course
from tests.web.answers import assert_problem
from tests.web.conftest import Caller, app_settings, on_connection
from web.app import create_app
from web.auth import public

REFUSALS = [
    (errors.NotFound("There is no such thing."), 404),
    (errors.Forbidden("You may not."), 403),
    (errors.InUse("It is used.", []), 409),
    (errors.Stale("It has changed."), 412),
    (errors.Conflict("Not now."), 409),
    (errors.Gone("It has ended."), 410),
    (errors.Invalid("It is wrong.", {"name": "Type a name."}), 422),
    (errors.TooLarge("Too much."), 413),
    (errors.RateLimited("Too often.", 30), 429),
    (errors.StorageFull("No space."), 507),
    (WrongOffset(5), 409),
    (ChecksumMismatch("Damaged."), 460),
    (Taken("Another writes."), 409),
    (errors.LecternError("Something else."), 500),
    (OperationalError("SELECT", {}, Exception("server closed the connection")), 503),
    (DataError("SELECT", {}, Exception("invalid byte sequence")), 422),
    (ZeroDivisionError("secret details"), 500),
]


@pytest.fixture
def failing(
    database_url: str, redis_url: str, tmp_path: Path, connection: Connection
) -> "Callable[[Exception], FlaskClient]":
    """Makes sites whose every answer is this error."""
    context = []

    def make(error: Exception) -> FlaskClient:
        app = create_app(app_settings(database_url, redis_url, tmp_path))

        @public
        def fail() -> str:
            raise error

        for number, path in enumerate(("/api/v1/fail", "/fail")):
            app.add_url_rule(path, f"fail{number}", fail)
        context.append(on_connection(app, connection))
        context[-1].__enter__()
        return app.test_client()

    return make


@pytest.mark.parametrize(("error", "status"), REFUSALS, ids=lambda each: type(each).__name__)
def test_each_refusal_has_its_status_and_its_words(
    failing: Callable[[Exception], FlaskClient], error: Exception, status: int
) -> None:
    client = failing(error)
    reply = client.get("/api/v1/fail")
    assert_problem(reply, status)
    assert reply.headers["Cache-Control"] == "no-store"
    page = client.get("/fail")
    assert (page.status_code, page.mimetype) == (status, "text/html")
    fragment = client.get("/fail", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert fragment.status_code == status
    assert fragment.get_data(as_text=True).lstrip().startswith('<div id="problem" role="alert"')
    if isinstance(error, errors.LecternError):
        assert reply.json is not None
        assert reply.json["detail"] == str(error)
        assert str(error) in page.get_data(as_text=True)
    for each in (reply, page, fragment):
        assert b"secret details" not in each.data
        assert b"Traceback" not in each.data
        assert b"SELECT" not in each.data


def test_what_helps_the_caller_is_said(failing: Callable[[Exception], FlaskClient]) -> None:
    assert failing(REFUSALS[8][0]).get("/api/v1/fail").headers["Retry-After"] == "30"
    assert failing(REFUSALS[10][0]).get("/api/v1/fail").headers["Upload-Offset"] == "5"
    assert failing(REFUSALS[14][0]).get("/api/v1/fail").headers["Retry-After"] == "5"
    invalid = failing(REFUSALS[6][0]).get("/api/v1/fail").json
    assert invalid is not None
    assert invalid["errors"] == {"name": "Type a name."}


@pytest.mark.parametrize(
    "path",
    ["/api/v1", "/api/v1/nothing", "/api/v1/assets/not-an-id", "/api/v2/assets", "/m/x", "/m/"],
)
def test_an_unknown_address_of_the_api_is_a_problem_document(
    visitor: FlaskClient, path: str
) -> None:
    assert_problem(visitor.get(path), 404)


def test_an_unknown_page_is_a_page(visitor: FlaskClient) -> None:
    reply = visitor.get("/nothing")
    assert (reply.status_code, reply.mimetype) == (404, "text/html")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/api/v1/assets", {"GET", "HEAD", "OPTIONS"}),
        ("PUT", "/api/v1/uploads", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("PATCH", "/api/v1/audit", {"GET", "HEAD", "OPTIONS"}),
        ("BREW", "/api/v1/assets", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_wrong_method_names_the_right_ones(
    api: Caller, method: str, path: str, allowed: set[str]
) -> None:
    reply = api(method, path)
    assert_problem(reply, 405)
    assert set(reply.headers["Allow"].split(", ")) == allowed


def test_a_form_over_a_mebibyte_is_too_large(
    owner: Principal, in_browser: Callable[[Principal], Caller]
) -> None:
    caller = in_browser(owner)
    reply = caller.post("/account/name", data={"name": "x" * (1 << 20)})
    assert reply.status_code == 413
    many = {f"field-{number}": "x" for number in range(501)}
    multipart = caller.post("/account/name", data=many, content_type="multipart/form-data")
    assert multipart.status_code == 413


def test_the_page_says_where_a_used_file_is_used(
    session: Session, owner: Principal, in_browser: Callable[[Principal], Caller]
) -> None:
    asset, course = make_asset(session, owner), make_course(session, owner, title="Cells & Co")
    usages.put(session, owner, Place(course.ref, None, "l0"), [UsageSpec(asset.id)])
    session.commit()
    caller = in_browser(owner)
    for headers in ({}, {"HX-Request": "true", "HX-Request-Type": "partial"}):
        reply = caller.post(f"/assets/{asset.id}/trashing", headers=headers)
        assert reply.status_code == 409
        page = reply.get_data(as_text=True)
        assert "Cells &amp; Co" in page
        assert "Lesson 0" in page


def test_an_error_leaves_no_half_change_behind(session: Session, api: Caller, app: Flask) -> None:
    asset = make_asset(session, api.who, name="Before")
    session.commit()
    body = {"name": "After", "tags": ["a,b"]}
    assert_problem(api.patch(f"/api/v1/assets/{asset.id}", json=body), 422)
    session.refresh(asset)
    assert asset.name == "Before"


@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/assets", "/static/js/app.js"])
def test_a_host_that_cannot_be_one_is_the_callers_mistake(visitor: FlaskClient, path: str) -> None:
    assert_problem(visitor.get(path, headers={"Host": "x" * 300}), 400)


@pytest.mark.parametrize("path", ["/api//v1/assets", "/static//js/app.js"])
def test_no_address_redirects_to_the_host_that_was_claimed(visitor: FlaskClient, path: str) -> None:
    reply = visitor.get(path, headers={"Host": "evil.example"})
    assert reply.status_code == 404
    assert "Location" not in reply.headers
