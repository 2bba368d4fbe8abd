"""What a token may see and do, and what it cannot even find out."""

import uuid
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.models import Role
from lectern.people.principal import Principal
from tests.factories import make_asset, make_colleague
from tests.web.answers import assert_problem
from tests.web.conftest import Caller

ASSETS = "/api/v1/assets"


def test_a_foreign_asset_reads_like_a_missing_one(
    session: Session, api: Caller, stranger: Principal
) -> None:
    foreign = make_asset(session, stranger)
    session.commit()
    for method, path in [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/restore"),
        ("GET", "/versions"),
        ("GET", "/usages"),
        ("GET", "/history"),
        ("GET", "/renditions"),
    ]:
        replies = [
            api(method, f"{ASSETS}/{each}{path}", json={"name": "Mine"} if path == "" else None)
            for each in (foreign.id, uuid.uuid4())
        ]
        assert [reply.status_code for reply in replies] == [404, 404]
        assert replies[0].data == replies[1].data
        assert replies[0].headers.to_wsgi_list() == replies[1].headers.to_wsgi_list()
    session.refresh(foreign)
    assert (foreign.live, foreign.lock_version) == (True, 1)


def test_duplicates_are_found_by_digest_and_size_in_ones_own_workspace(
    session: Session, api: Caller, stranger: Principal
) -> None:
    asset, foreign = make_asset(session, api.who), make_asset(session, stranger)
    session.commit()

    def check(digest: Any, size: Any) -> Any:
        return api.post("/api/v1/uploads/check", json={"digest": digest, "size": size})

    assert [each["id"] for each in check(asset.digest, 1000).json["duplicates"]] == [str(asset.id)]
    assert [each["id"] for each in check(str(asset.digest).upper(), 1000).json["duplicates"]]
    for digest, size in ((asset.digest, 999), (foreign.digest, 1000), (asset.digest, 1 << 62)):
        assert check(digest, size).json == {"duplicates": []}
    for digest, size in (
        (None, 5),
        ("x", 5),
        ("\u0661" * 64, 5),
        (asset.digest, "1000"),
        (asset.digest, True),
        (asset.digest, -1),
        (asset.digest, 1.5),
        (asset.digest, 1 << 70),
    ):
        assert_problem(check(digest, size), 422)


def test_without_a_good_token_there_is_nothing(
    session: Session, api: Caller, visitor: FlaskClient, with_token: Callable[..., Caller]
) -> None:
    asset = make_asset(session, api.who)
    session.commit()
    real = api.headers["Authorization"]
    for value in (
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        real[:-1],
        real + "x",
        real.replace("Bearer", "Basic"),
        "Bearer lt_" + "0" * 32 + "_" + "x" * 43,
        "Bearer \x80\xff",
    ):
        headers = {} if value is None else {"Authorization": value}
        reply = visitor.get(f"{ASSETS}/{asset.id}", headers=headers)
        assert_problem(reply, 401)
        assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert visitor.get(f"{ASSETS}/{asset.id}", headers={"Authorization": real}).status_code == 200


def test_a_token_does_no_more_than_its_scopes(
    session: Session, owner: Principal, with_token: Callable[..., Caller]
) -> None:
    asset = make_asset(session, owner)
    reader = with_token(owner, "read")
    assert reader.get(f"{ASSETS}/{asset.id}").status_code == 200
    assert_problem(reader.patch(f"{ASSETS}/{asset.id}", json={"name": "x"}), 403)
    assert_problem(reader.delete(f"{ASSETS}/{asset.id}"), 403)
    trasher = with_token(owner, "trash")
    assert_problem(trasher.patch(f"{ASSETS}/{asset.id}", json={"name": "x"}), 403)
    assert trasher.delete(f"{ASSETS}/{asset.id}").status_code == 204


def test_a_contributor_edits_only_what_is_theirs(
    session: Session, owner: Principal, with_token: Callable[..., Caller]
) -> None:
    contributor = make_colleague(session, owner, Role.CONTRIBUTOR)
    own, other = make_asset(session, contributor), make_asset(session, owner)
    caller = with_token(contributor)
    assert caller.patch(f"{ASSETS}/{own.id}", json={"name": "Mine"}).status_code == 200
    assert_problem(caller.patch(f"{ASSETS}/{other.id}", json={"name": "Mine"}), 403)
