"""Assets over the API."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.library import folders, renditions, tags, trash
from lectern.models import Role
from lectern.people.principal import Principal
from tests.factories import add_version, make_asset, make_blob, make_colleague, make_course
from tests.queries import max_queries
from tests.web.answers import assert_problem, items
from tests.web.conftest import Caller, current_version

ASSETS = "/api/v1/assets"


def test_an_asset_answers_with_everything_the_contract_names(session: Session, api: Caller) -> None:
    asset = make_asset(session, api.who, name="Cells")
    tags.put(session, asset, ["exam"])
    folder = folders.ensure(session, api.who, "Biology/Week 1")
    assert folder is not None
    asset.folder_id = folder.id
    session.commit()
    reply = api.get(f"{ASSETS}/{asset.id}")
    assert reply.status_code == 200
    assert reply.json == {
        "id": str(asset.id),
        "name": "Cells",
        "original_name": asset.original_name,
        "description": "",
        "language": None,
        "licence": None,
        "custom": {},
        "kind": "video",
        "mime": "video/mp4",
        "size": 1000,
        "digest": asset.digest,
        "tags": ["exam"],
        "folder": {"id": str(folder.id), "path": "Biology/Week 1"},
        "access": "course",
        "created_at": asset.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": asset.updated_at.isoformat().replace("+00:00", "Z"),
        "created_by": str(api.who.user_id),
        "version": 1,
        "versions": 1,
        "duration": 60.0,
        "width": 1280,
        "height": 720,
        "usage_count": 0,
        "usage": "never",
        "state": "ready",
        "tasks": [],
        "poster_url": None,
        "play_url": f"/m/{asset.id}/v/1/play",
        "download_url": f"/m/{asset.id}",
        "trashed_at": None,
        "purge_after": None,
    }
    assert reply.headers["ETag"]
    again = api.get(f"{ASSETS}/{asset.id}", headers={"If-None-Match": reply.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_list_leads_through_everything_with_its_filters(session: Session, api: Caller) -> None:
    made = [make_asset(session, api.who, kind="audio") for _ in range(5)]
    make_asset(session, api.who, kind="image")
    session.commit()
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        path = f"{ASSETS}?kind=audio&limit=2&total=1&sort=name&cursor={cursor}"
        page = api.get(path).json
        assert page is not None
        assert page["total"] == 5
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert sorted(seen) == sorted(str(asset.id) for asset in made)
    assert "total" not in (api.get(ASSETS).json or {})


def test_a_list_costs_the_same_for_two_and_for_twenty(
    session: Session, api: Caller, connection: Connection
) -> None:
    for number in range(20):
        asset = make_asset(session, api.who)
        tags.put(session, asset, [f"tag {number}"])
        folder = folders.ensure(session, api.who, f"Folder/{number}")
        asset.folder_id = folder.id if folder else None
    session.commit()
    api.get(ASSETS)
    for limit in (2, 20):
        with max_queries(connection, 12):
            assert len(api.get(f"{ASSETS}?limit={limit}").json["items"]) == limit  # type: ignore[index]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=ten",
        "limit=" + "9" * 5000,
        "limit=%D9%A3",
        "cursor=nonsense",
        "cursor=%00",
        "kind=film",
        "state=done",
        "usage=sometimes",
        "sort=colour",
        "sort=--name",
        "owner=me",
        "total=2",
        "duplicates=yes",
        "trashed=2",
        "created_after=yesterday",
        "created_after=2026-01-01T00:00:00",
        "created_before=2026-13-01T00:00:00Z",
        "min_size=-1",
        "max_size=1e3",
        "max_size=" + "9" * 30,
        "min_duration=-1",
        "max_duration=nan",
        "max_duration=inf",
        "folder=a/../b",
        "q=" + "x" * 501,
        "q=a%00b",
        "q=a%07b",
        "tag=a%1Fb",
        "tag=" + "x" * 2001,
        "course=" + "x" * 5000,
        "nonsense=%00",
        "&".join("tag=x" for _ in range(51)),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_in_words(api: Caller, query: str) -> None:
    reply = api.get(f"{ASSETS}?{query}")
    assert_problem(reply, 422)
    assert reply.json["errors"]  # type: ignore[index]


@pytest.mark.parametrize(
    "query",
    ["", "limit=", "cursor=", "kind=", "q=", "q=%25", "q=%FF%FE", "unknown=1", "tag=%ED%A0%80"],
)
def test_what_can_be_read_is_answered(session: Session, api: Caller, query: str) -> None:
    assert api.get(f"{ASSETS}?{query}").status_code == 200


def test_a_change_needs_the_state_that_was_seen(session: Session, api: Caller) -> None:
    path = f"{ASSETS}/{make_asset(session, api.who).id}"
    session.commit()
    seen = api.get(path).headers["ETag"]
    first = api.patch(path, json={"name": "First"}, headers={"If-Match": seen})
    assert (first.status_code, first.json["name"]) == (200, "First")  # type: ignore[index]
    assert first.headers["ETag"] != seen
    stale = api.patch(path, json={"name": "Second"}, headers={"If-Match": seen})
    assert_problem(stale, 412)
    assert api.get(path).json["name"] == "First"  # type: ignore[index]
    for match in (first.headers["ETag"], "*", f'"x", {first.headers["ETag"]}'):
        assert api.patch(path, json={}, headers={"If-Match": match}).status_code == 200
    weak = "W/" + api.get(path).headers["ETag"]
    assert_problem(api.patch(path, json={}, headers={"If-Match": weak}), 412)
    assert_problem(api.delete(path, headers={"If-Match": seen}), 412)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        (b"{'a': 1}", 400),
        (b'{"name": NaN', 400),
        (b"[]", 422),
        (b'"name"', 422),
        (b"5", 422),
        (b'{"name": "a\\u0000b"}', 422),
        (b'{"name": "\\ud800"}', 422),
        (b'{"custom": {"x": NaN}}', 422),
        (b"[" * 100_000, 422),
        (b'{"custom":' + b'{"a":' * 500 + b"1" + b"}" * 501, 422),
        (b'{"name": ' + b"1" * 5000 + b"}", 400),
        (b'{"kind": "audio"}', 422),
        (b'{"tags": ["a,b"]}', 422),
    ],
)
def test_a_body_that_cannot_be_is_refused(
    session: Session, api: Caller, body: bytes, status: int
) -> None:
    asset = make_asset(session, api.who)
    session.commit()
    reply = api.patch(f"{ASSETS}/{asset.id}", data=body, content_type="application/json")
    assert_problem(reply, status)


def test_a_body_over_a_mebibyte_is_too_large(session: Session, api: Caller) -> None:
    asset = make_asset(session, api.who)
    session.commit()
    reply = api.patch(f"{ASSETS}/{asset.id}", data=b'{"name": "' + b"x" * (1 << 20) + b'"}')
    assert_problem(reply, 413)


def test_to_the_trash_and_back(session: Session, api: Caller) -> None:
    asset = make_asset(session, api.who)
    session.commit()
    path = f"{ASSETS}/{asset.id}"
    for _ in range(2):
        assert api.delete(path, json={"reason": "old"}).status_code == 204
    trashed = api.get(path).json
    assert trashed is not None
    assert trashed["trashed_at"] < trashed["purge_after"]
    assert api.get(ASSETS).json["items"] == []  # type: ignore[index]
    listed = api.get(f"{ASSETS}?trashed=1").json
    assert listed is not None
    assert [item["id"] for item in listed["items"]] == [str(asset.id)]
    for _ in range(2):
        restored = api.post(f"{path}/restore")
        assert restored.status_code == 200
        assert restored.json["trashed_at"] is None  # type: ignore[index]


@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain", "multipart/x"])
def test_a_post_that_needs_no_body_takes_any_empty_one(
    session: Session, api: Caller, content_type: str | None
) -> None:
    asset = make_asset(session, api.who)
    trash.trash(session, api.who, asset, days=1)
    session.commit()
    reply = api.post(f"{ASSETS}/{asset.id}/restore", content_type=content_type)
    assert reply.status_code == 200


def test_a_used_asset_stays_and_the_answer_says_where(session: Session, api: Caller) -> None:
    asset, course = make_asset(session, api.who), make_course(session, api.who)
    usages.put(session, api.who, Place(course.ref, None, "l0"), [UsageSpec(asset.id)])
    session.commit()
    reply = api.delete(f"{ASSETS}/{asset.id}")
    assert_problem(reply, 409)
    (usage,) = reply.json["usages"]  # type: ignore[index]
    assert usage["course"] == {"ref": course.ref, "title": course.title}
    assert usage["chapter"] == {"ref": "c0", "title": "Chapter 0"}
    assert (usage["lesson"]["ref"], usage["lesson"]["title"]) == ("l0", "Lesson 0")
    assert usage["url"].startswith(f"/lessons/{usage['lesson']['id']}")
    shown = api.get(f"{ASSETS}/{asset.id}").json
    assert shown is not None
    assert (shown["usage"], shown["usage_count"]) == ("used", 1)


def test_versions_are_listed_newest_first(session: Session, api: Caller) -> None:
    asset = make_asset(session, api.who)
    add_version(session, asset)
    session.commit()
    listed = items(api.get(f"{ASSETS}/{asset.id}/versions"))
    assert [(each["version"], each["current"], each["origin"]) for each in listed] == [
        (2, True, "replacement"),
        (1, False, "upload"),
    ]
    assert listed[0]["digest"] == asset.digest


def test_usages_are_listed_with_what_was(session: Session, api: Caller) -> None:
    asset, course = make_asset(session, api.who), make_course(session, api.who)
    usages.put(session, api.who, Place(course.ref), [UsageSpec(asset.id, slot="hero")])
    usages.put(session, api.who, Place(course.ref), [UsageSpec(asset.id)])
    session.commit()
    reply = api.get(f"{ASSETS}/{asset.id}/usages")
    assert [each["slot"] for each in items(reply)] == [""]
    assert [each["slot"] for each in reply.json["past"]] == ["hero"]  # type: ignore[index]


def test_the_history_leads_back_to_the_beginning(session: Session, api: Caller) -> None:
    asset = make_asset(session, api.who)
    session.commit()
    path = f"{ASSETS}/{asset.id}"
    for number in range(5):
        api.patch(path, json={"name": f"Name {number}"})
    names: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.get(f"{path}/history?limit=2&total=1&cursor={cursor}").json
        assert page is not None
        assert page["total"] == 5
        names += [item["details"]["after"] for item in page["items"]]
        cursor = page["next"]
    assert names == ["Name 4", "Name 3", "Name 2", "Name 1", "Name 0"]
    assert_problem(api.get(f"{path}/history?cursor=x"), 422)


def test_renditions_are_those_of_the_current_version(session: Session, api: Caller) -> None:
    asset = make_asset(session, api.who)
    made, source = make_blob(session, asset.workspace_id), current_version(session, asset).blob_id
    facts = {"mime": "video/webm"}
    renditions.record(session, asset.workspace_id, source, "playable", made, facts)
    session.commit()
    (listed,) = items(api.get(f"{ASSETS}/{asset.id}/renditions"))
    assert (listed["spec"], listed["mime"]) == ("playable", "video/webm")
    add_version(session, asset)
    session.commit()
    assert items(api.get(f"{ASSETS}/{asset.id}/renditions")) == []


@pytest.mark.parametrize("list_", ["versions", "usages", "history", "renditions"])
def test_lists_of_an_asset_page_and_count(session: Session, api: Caller, list_: str) -> None:
    asset = make_asset(session, api.who)
    session.commit()
    body = api.get(f"{ASSETS}/{asset.id}/{list_}?limit=1&total=1").json
    assert body is not None
    assert body["total"] == len(body["items"])
    assert body["next"] is None
    for query in ("limit=0", "limit=201", "cursor=x", "cursor=-1", "total=5"):
        assert_problem(api.get(f"{ASSETS}/{asset.id}/{list_}?{query}"), 422)


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
