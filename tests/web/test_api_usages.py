"""Usages over the API: a place declares all that it uses."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_client
from sqlalchemy.orm import Session

from jobs import broker
from lectern.library import trash
from lectern.models import Role
from lectern.people.principal import Principal
from tests.factories import make_asset, make_colleague
from tests.web.answers import assert_problem, items
from tests.web.biology import BIOLOGY, COURSES
from tests.web.conftest import Caller


@pytest.fixture
def course(api: Caller) -> str:
    """The address of a course."""
    assert api.put(f"{COURSES}/bio-1", json=BIOLOGY).status_code == 201
    return f"{COURSES}/bio-1"


PLACES = ["", "/chapters/c1", "/lessons/l1"]


@pytest.mark.parametrize("place", PLACES)
def test_a_place_declares_all_it_uses_and_the_rest_ends(
    session: Session, api: Caller, course: str, place: str
) -> None:
    first, second, third = (make_asset(session, api.who) for _ in range(3))
    session.commit()
    path = f"{course}{place}/usages"
    declared = [
        {"id": str(first.id), "slot": "hero", "title": "Look", "alt": "A cell", "start": 1.5},
        {"id": str(second.id), "policy": "pin", "end": 30},
    ]
    reply = api.put(path, json={"assets": declared})
    assert reply.status_code == 200
    assert reply.json == api.get(path).json
    one, two = reply.json["items"]  # type: ignore[index]
    assert (one["id"], one["slot"], one["policy"], one["start"]) == (
        str(first.id),
        "hero",
        "follow",
        1.5,
    )
    assert (two["id"], two["policy"], two["end"], two["title"]) == (
        str(second.id),
        "pin",
        30.0,
        None,
    )
    # What is read can be sent back.
    again = api.put(path, json={"assets": reply.json["assets"]})  # type: ignore[index]
    assert again.json == reply.json
    changed = api.put(path, json={"assets": [declared[0], {"id": str(third.id)}]})
    kept, added = items(changed)
    assert kept["usage"] == one["usage"]
    assert added["id"] == str(third.id)
    ended = api.get(f"/api/v1/assets/{second.id}/usages").json
    assert ended is not None
    assert ended["items"] == []
    assert [past["policy"] for past in ended["past"]] == ["pin"]
    assert api.get(f"/api/v1/assets/{second.id}").json["usage"] == "formerly"  # type: ignore[index]
    assert items(api.put(path, json={"assets": []})) == []


def test_places_hold_their_own_usages(session: Session, api: Caller, course: str) -> None:
    for number, place in enumerate(PLACES):
        asset = make_asset(session, api.who)
        session.commit()
        body = {"assets": [{"id": str(asset.id), "slot": str(number)}]}
        api.put(f"{course}{place}/usages", json=body)
    for number, place in enumerate(PLACES):
        assert [each["slot"] for each in items(api.get(f"{course}{place}/usages"))] == [str(number)]
    filtered = api.get("/api/v1/assets?course=bio-1&limit=200").json
    assert filtered is not None
    assert len(filtered["items"]) == 3


def test_a_lesson_left_out_ends_its_usages_with_history(
    session: Session, api: Caller, course: str
) -> None:
    asset = make_asset(session, api.who)
    session.commit()
    api.put(f"{course}/lessons/l2/usages", json={"assets": [{"id": str(asset.id)}]})
    assert api.put(course, json={"title": "Biology", "chapters": []}).status_code == 200
    shown = api.get(f"/api/v1/assets/{asset.id}/usages").json
    assert shown is not None
    assert shown["items"] == []
    (past,) = shown["past"]
    assert past["place"] == {"course": "Biology", "chapter": "Cells", "lesson": "Cores"}
    assert api.delete(f"/api/v1/assets/{asset.id}").status_code == 204


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({}, "assets.0.id"),
        ({"id": "x"}, "assets.0.id"),
        ({"id": 5}, "assets.0.id"),
        ({"id": str(uuid.UUID(int=5))}, "assets.0.id"),
        ({"id": "ID", "policy": "copy"}, "assets.0.policy"),
        ({"id": "ID", "policy": 1}, "assets.0.policy"),
        ({"id": "ID", "slot": ["x"]}, "assets.0.slot"),
        ({"id": "ID", "slot": "x" * 61}, "assets.0.slot"),
        ({"id": "ID", "start": "1"}, "assets.0.start"),
        ({"id": "ID", "start": True}, "assets.0.start"),
        ({"id": "ID", "start": -1}, "assets.0.start"),
        ({"id": "ID", "start": 61}, "assets.0.start"),
        ({"id": "ID", "start": 10, "end": 5}, "assets.0.end"),
        ({"id": "ID", "end": 1e300}, "assets.0.end"),
        ({"id": "ID", "title": 5}, "assets.0.title"),
        ({"id": "ID", "policy": "pin", "version": 9}, "assets.0.version"),
        ({"id": "ID", "policy": "pin", "version": "1"}, "assets.0.version"),
        ({"id": "ID", "policy": "pin", "version": 1 << 40}, "assets.0.version"),
        ({"id": "ID", "version": 1}, "assets.0.version"),
    ],
)
def test_a_usage_that_cannot_be_is_refused_where_it_is_wrong(
    session: Session, api: Caller, course: str, item: dict[str, Any], field: str
) -> None:
    asset = make_asset(session, api.who)
    session.commit()
    if item.get("id") == "ID":
        item = {**item, "id": str(asset.id)}
    reply = api.put(f"{course}/usages", json={"assets": [item]})
    assert_problem(reply, 422)
    assert set(reply.json["errors"]) == {field}  # type: ignore[index]
    assert items(api.get(f"{course}/usages")) == []


@pytest.mark.parametrize("body", [{}, {"assets": {}}, {"assets": [1]}, {"usages": []}])
def test_a_declaration_names_its_assets(api: Caller, course: str, body: Any) -> None:
    reply = api.put(f"{course}/usages", json=body)
    assert_problem(reply, 422)
    assert set(reply.json["errors"]) == {"assets"}  # type: ignore[index]


def test_what_lies_in_the_trash_cannot_be_used(session: Session, api: Caller, course: str) -> None:
    asset = make_asset(session, api.who)
    trash.trash(session, api.who, asset, days=30)
    session.commit()
    reply = api.put(f"{course}/usages", json={"assets": [{"id": str(asset.id)}]})
    assert_problem(reply, 422)


def test_a_foreign_course_and_a_foreign_asset_read_like_missing_ones(
    session: Session,
    api: Caller,
    course: str,
    stranger: Principal,
    with_token: Callable[..., Caller],
) -> None:
    theirs = with_token(stranger)
    foreign = make_asset(session, stranger)
    session.commit()
    for place in PLACES:
        for method, path in (("GET", place + "/usages"), ("PUT", place + "/usages"), ("GET", "")):
            body = {"assets": []} if method == "PUT" else None
            replies = [
                theirs(method, f"{COURSES}/{ref}{path}", json=body) for ref in ("bio-1", "none")
            ]
            assert [reply.status_code for reply in replies] == [404, 404]
            assert replies[0].data == replies[1].data
    answers = [
        api.put(f"{course}/usages", json={"assets": [{"id": str(id_)}]}).json
        for id_ in (foreign.id, uuid.uuid4())
    ]
    assert answers[0] == answers[1]
    # The same reference is another course in another workspace.
    assert theirs.put(course, json={"title": "Theirs"}).status_code == 201
    assert api.get(course).json["title"] == "Biology"  # type: ignore[index]


@pytest.mark.parametrize("place", ["/chapters/none", "/lessons/none", "/lessons/c1"])
def test_a_place_that_is_not_there_is_missing(api: Caller, course: str, place: str) -> None:
    assert_problem(api.get(f"{course}{place}/usages"), 404)
    assert_problem(api.put(f"{course}{place}/usages", json={"assets": []}), 404)


def test_a_viewer_reads_courses_and_changes_none(
    session: Session, owner: Principal, course: str, with_token: Callable[..., Caller]
) -> None:
    viewer = with_token(make_colleague(session, owner, Role.VIEWER))
    assert viewer.get(course).status_code == 200
    assert viewer.get(f"{course}/usages").status_code == 200
    assert_problem(viewer.put(course, json=BIOLOGY), 403)
    assert_problem(viewer.put(f"{course}/usages", json={"assets": []}), 403)


def test_open_pages_hear_of_each_asset_whose_usages_changed(
    session: Session, api: Caller, course: str, redis: redis_client.Redis
) -> None:
    used, ended = make_asset(session, api.who), make_asset(session, api.who)
    session.commit()
    api.put(f"{course}/usages", json={"assets": [{"id": str(ended.id)}]})
    listener = redis.pubsub()
    listener.subscribe(broker.channel(api.who.workspace_id))
    listener.get_message(timeout=5)
    api.put(f"{course}/usages", json={"assets": [{"id": str(used.id)}]})
    heard = [listener.get_message(timeout=5) for _ in range(2)]
    listener.close()
    assert {json.loads(each["data"])["asset"] for each in heard if each} == {
        str(used.id),
        str(ended.id),
    }
