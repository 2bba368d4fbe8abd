"""Assets over the API: found, read, changed, moved to the trash."""

import pytest
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.library import trash
from lectern.taxonomy import folders, tags
from tests.factories import make_asset, make_course
from tests.queries import max_queries
from tests.web.answers import assert_problem
from tests.web.conftest import Caller

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
        "merged_into": None,
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
