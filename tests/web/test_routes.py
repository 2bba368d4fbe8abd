"""Every route, asked by every role for every kind of object, against the table of rights."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine
from werkzeug.routing import Rule

from lectern import settings
from lectern.database.sessions import SessionLocal
from lectern.errors import Forbidden, NotFound
from lectern.models import Asset, Merge, Proposal, Role, Upload
from lectern.people.principal import Principal
from lectern.people.rights import RIGHTS, Action, Reach, can, require
from tests.web.conftest import Caller, app_settings, on_connection
from tests.web.two_workspaces import Ids, Site, built
from web.app import create_app

_MAP = create_app(
    settings.read(
        {
            "LECTERN_DATABASE_URL": "postgresql://nowhere/none",
            "LECTERN_REDIS_URL": "redis://nowhere",
            "LECTERN_SECRET_KEY": "x" * 32,
        },
        data=Path("/nonexistent"),
    )
)
ROUTES = [
    (rule, method)
    for rule in sorted(_MAP.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))
    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
]
CLOSED = [
    (rule, method)
    for rule, method in ROUTES
    if getattr(_MAP.view_functions[rule.endpoint], "action", None) is not None
]
WITH_OBJECT = [(rule, method) for rule, method in CLOSED if rule.arguments]
# What needs no sign-in, and nothing else does not.
PUBLIC = {
    "static",
    "health.alive",
    "health.ready",
    "sign_in.show",
    "sign_in.start",
    "sign_in.end",
    "sign_in.show_setup",
    "sign_in.use_setup",
    "api.docs.openapi",
    "api.docs.read",
    "api.uploads.describe",
}
# A part of an open page answers with nothing when its object has gone.
QUIET = {"assets.show_card", "library.show_row", "lessons.show_usage"}
# A PUT makes what is not there, in the caller's own workspace.
MAKES = {"api.courses.put"}


def name(route: tuple[Rule, str]) -> str:
    return f"{route[1]} {route[0].rule}"


@pytest.fixture(scope="module")
def site(application: Flask, engine: Engine, tmp_path_factory: Any) -> Iterator[Site]:
    before = dict(SessionLocal.kw)
    with engine.connect() as connection:
        transaction = connection.begin()
        SessionLocal.configure(bind=connection, join_transaction_mode="create_savepoint")
        folder = tmp_path_factory.mktemp("routes")
        with on_connection(application, connection), SessionLocal() as session:
            yield built(application, session, folder)
        transaction.rollback()
    SessionLocal.kw.clear()
    SessionLocal.kw.update(before)


def test_every_route_says_what_it_needs() -> None:
    undeclared = [
        rule.rule for rule, _ in ROUTES if "action" not in vars(_MAP.view_functions[rule.endpoint])
    ]
    assert undeclared == []
    assert {rule.endpoint for rule, _ in ROUTES} - {rule.endpoint for rule, _ in CLOSED} == (
        PUBLIC - {"api.uploads.describe"}
    )
    assert getattr(_MAP.view_functions["api.uploads.describe"], "action", "none") is None


def test_a_route_that_was_forgotten_opens_for_nobody(
    database_url: str, redis_url: str, tmp_path: Path, site: Site, connection: Connection
) -> None:
    app = create_app(app_settings(database_url, redis_url, tmp_path))
    app.add_url_rule("/forgotten", view_func=lambda: "open")
    with on_connection(app, connection):
        assert app.test_client().get("/forgotten").status_code == 500


def action_of(rule: Rule) -> Action:
    action: Action = _MAP.view_functions[rule.endpoint].action  # type: ignore[attr-defined]
    return action


def verdict(who: Principal, action: Action, thing: Any = None) -> int:
    """The status of a refusal by the table, or 0."""
    try:
        require(who, action, thing)
    except NotFound:
        return 404
    except Forbidden:
        return 403
    return 0


def expected(site: Site, role: Role, rule: Rule, ids: Ids) -> int:
    """What the table says about this caller and these objects; 0 lets pass."""
    who, action = site.callers[role].who, action_of(rule)
    refused = verdict(who, action)
    if refused:
        return refused
    if "asset_id" in rule.arguments:
        asset = site.session.get_one(Asset, (who.workspace_id, ids["asset_id"]))
        return verdict(who, action, asset)
    if "merge_id" in rule.arguments:
        row = site.session.get_one(Merge, (who.workspace_id, ids["merge_id"]))
        return verdict(who, action, site.session.get_one(Asset, (who.workspace_id, row.kept_id)))
    if "proposal_id" in rule.arguments:
        proposal = site.session.get_one(Proposal, (who.workspace_id, ids["proposal_id"]))
        return verdict(who, action, proposal.asset)
    if "upload_id" in rule.arguments:
        upload = site.session.get_one(Upload, (who.workspace_id, ids["upload_id"]))
        return 0 if role is Role.OWNER or upload.created_by == who.user_id else 404
    if "selection_id" in rule.arguments:
        return 0 if ids["selection_id"] == site.own[role]["selection_id"] else 404
    if rule.endpoint == "api.bulk.undo":
        # What it needs depends on the batch: this one's is a change of tags.
        return verdict(who, Action.EDIT)
    if "token_id" in rule.arguments:
        mine = ids["token_id"] == site.own[role]["token_id"]
        return 0 if mine or can(who, Action.MANAGE_MEMBERS) else 404
    if rule.endpoint in {"api.exchange.fetch", "exchange.download"}:
        return 0 if ids["export_id"] == site.own[role]["export_id"] else 404
    if "saved_id" in rule.arguments:
        return 0 if ids["saved_id"] == site.own[role]["saved_id"] else 404
    return 0


@pytest.mark.parametrize("route", CLOSED, ids=name)
@pytest.mark.parametrize("role", list(Role))
def test_the_answer_is_what_the_table_says(site: Site, role: Role, route: tuple[Rule, str]) -> None:
    rule, method = route
    for ids in (site.own[role], site.home.ids):
        reply = site.ask(site.callers[role], rule, method, ids)
        wanted = expected(site, role, rule, ids)
        if wanted:
            assert reply.status_code == wanted, reply.data
        elif method == "GET":
            assert reply.status_code in {200, 302, 303}, reply.data
        else:
            # An empty form may be refused as such, but not for who sends it.
            assert reply.status_code in {200, 201, 202, 204, 303, 400, 409, 412, 422}, reply.data


@pytest.mark.parametrize("route", WITH_OBJECT, ids=name)
@pytest.mark.parametrize("role", [Role.OWNER, Role.VIEWER])
def test_a_foreign_object_reads_like_a_missing_one(
    site: Site, role: Role, route: tuple[Rule, str]
) -> None:
    rule, method = route
    caller = site.callers[role]
    missing = {key: absent(value) for key, value in site.home.ids.items()}
    named = sorted(rule.arguments - {"part"})
    for changed in [named, *([argument] for argument in named)]:
        replies = [
            site.ask(caller, rule, method, {**site.own[role], **{key: of[key] for key in changed}})
            for of in (site.away.ids, missing)
        ]
        if {"number", "rank", "sheet", "slide", "page", "width", "name"} >= set(changed):
            continue
        assert replies[0].status_code == replies[1].status_code
        assert replies[0].data == replies[1].data
        assert replies[0].headers.to_wsgi_list() == replies[1].headers.to_wsgi_list()
        wanted = verdict(caller.who, action_of(rule)) or 404
        if rule.endpoint in QUIET and replies[0].status_code == 200:
            assert replies[0].data == b""
        elif rule.endpoint not in MAKES:
            assert replies[0].status_code == wanted, replies[0].data


def absent(value: Any) -> Any:
    """Something of the same form that nobody has."""
    if isinstance(value, uuid.UUID):
        return uuid.uuid4()
    return "no-such-ref" if isinstance(value, str) else 77


@pytest.mark.parametrize("route", CLOSED, ids=name)
def test_without_a_sign_in_every_closed_route_stays_closed(
    site: Site, application: Flask, route: tuple[Rule, str]
) -> None:
    rule, method = route
    nobody = Caller(application.test_client(), {}, site.home.owner)
    reply = site.ask(nobody, rule, method, site.home.ids)
    if rule.rule.startswith(("/api/", "/m/", "/watch/")):
        assert reply.status_code == 401
    else:
        assert reply.status_code == 303
        assert reply.headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize("route", [r for r in CLOSED if r[1] not in {"GET", "HEAD"}], ids=name)
def test_no_change_is_made_without_the_sessions_token(site: Site, route: tuple[Rule, str]) -> None:
    rule, method = route
    caller = site.callers[Role.OWNER]
    for headers in ({}, {"X-CSRF-Token": "guessed"}):
        forger = Caller(caller.client, headers, caller.who)
        reply = site.ask(forger, rule, method, site.own[Role.OWNER])
        assert reply.status_code == 403, reply.data


def test_the_table_leaves_each_role_something_and_only_owners_everything() -> None:
    for role in Role:
        reaches = {RIGHTS[action][role] for action in Action}
        assert (reaches == {Reach.ANY}) == (role is Role.OWNER)
        assert reaches != {Reach.NONE}
