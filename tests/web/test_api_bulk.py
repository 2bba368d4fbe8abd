"""Bulk changes over the API: what is asked, answered, repeated and refused."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_client
from sqlalchemy.orm import Session

from jobs import broker
from lectern import bulk
from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.models import Asset, Batch, Role
from lectern.search import selections
from tests.factories import make_asset, make_colleague, make_course
from tests.web.answers import assert_problem
from tests.web.conftest import Caller
from tests.web.test_api_docs import check

BULK = "/api/v1/bulk"


@pytest.fixture
def clips(session: Session, api: Caller) -> list[Asset]:
    made = [make_asset(session, api.who, name=f"clip {n}.mp4") for n in range(1, 4)]
    session.commit()
    return made


def ask(api: Caller, *assets: Any, **body: Any) -> Any:
    if assets:
        body["ids"] = [str(getattr(each, "id", each)) for each in assets]
    reply = api.post(BULK, json=body)
    check(reply, "POST", "/bulk")
    return reply


def test_few_are_changed_with_the_answer_and_undone_as_one(
    session: Session, api: Caller, clips: list[Asset]
) -> None:
    unknown = uuid.uuid4()
    reply = ask(api, *clips, unknown, action="tag", args={"tags": ["exam"]})
    assert reply.status_code == 200
    body = reply.json
    assert (body["done"], body["same"], body["state"]) == (3, 0, "done")
    assert body["refused"] == [{"id": str(unknown), "reason": "File not found."}]
    shown = api.get(f"{BULK}/{body['batch']}")
    check(shown, "GET", "/bulk/{id}")
    assert shown.json == body
    for asset in clips:
        assert api.get(f"/api/v1/assets/{asset.id}").json["tags"] == ["exam"]  # type: ignore[index]
    api.patch(f"/api/v1/assets/{clips[0].id}", json={"tags": ["mine"]})
    undone = api.post(f"{BULK}/{body['batch']}/undo")
    check(undone, "POST", "/bulk/{id}/undo")
    assert undone.status_code == 200
    assert (undone.json["state"], undone.json["undone"]) == ("undone", 2)  # type: ignore[index]
    assert undone.json["kept"] == [  # type: ignore[index]
        {"id": str(clips[0].id), "reason": "Its tags have been changed since then."}
    ]
    assert api.get(f"/api/v1/assets/{clips[0].id}").json["tags"] == ["mine"]  # type: ignore[index]
    assert_problem(api.post(f"{BULK}/{body['batch']}/undo"), 409)


def test_a_dry_run_says_what_would_happen_and_changes_nothing(
    session: Session, api: Caller, clips: list[Asset]
) -> None:
    course = make_course(session, api.who, title="Biology")
    usages.put(session, api.who, Place(course.ref), [UsageSpec(clips[0].id)])
    session.commit()
    for chosen in ({"ids": [str(asset.id) for asset in clips]}, {"query": {"kind": "video"}}):
        would = ask(api, **chosen, action="trash", dry_run=True).json["would"]
        assert (would["change"], would["total"]) == (2, 3)
        assert would["refuse"] == [{"id": str(clips[0].id), "reason": "Used in one place: Biology"}]
    renamed = ask(api, *clips, action="rename", args={"pattern": "W{n:02}"}, dry_run=True).json
    assert renamed["would"]["preview"][2] == {
        "id": str(clips[2].id),
        "before": "clip 3.mp4",
        "after": "W03",
    }
    assert session.query(Batch).count() == 0
    done = ask(api, query={"kind": "video"}, action="trash").json
    assert (done["done"], len(done["refused"])) == (2, 1)
    restored = ask(api, query={"trashed": "1"}, action="restore").json
    assert restored["done"] == 2


def test_many_are_a_workers_and_the_bell_is_rung(
    session: Session, api: Caller, redis: redis_client.Redis
) -> None:
    for _ in range(201):
        make_asset(session, api.who)
    session.commit()
    reply = ask(api, query={}, action="tag", args={"tags": ["x"]})
    assert reply.status_code == 202
    body = reply.json
    assert (body["state"], body["total"], body["done"], body["refused"]) == ("queued", 201, 0, [])
    assert len(broker.queue("small").get_job_ids()) == 1
    assert_problem(api.post(f"{BULK}/{body['batch']}/undo"), 409)


def test_open_pages_hear_of_each_file_or_of_one_refresh(
    session: Session, api: Caller, clips: list[Asset], redis: redis_client.Redis
) -> None:
    def heard(**body: Any) -> list[bytes]:
        with redis.pubsub() as pubsub:
            pubsub.subscribe(broker.channel(api.who.workspace_id))
            pubsub.get_message(timeout=1)
            ask(api, **body)
            messages = []
            while message := pubsub.get_message(timeout=0.2):
                messages.append(message["data"])
        return messages

    few = heard(ids=[str(asset.id) for asset in clips], action="trash")
    assert len(few) == 4
    assert all(b'"removed"' in each for each in few[1:])
    for _ in range(51):
        make_asset(session, api.who)
    session.commit()
    many = heard(query={}, action="tag", args={"tags": ["x"]})
    assert [b"batch" in many[0], many[1:]] == [True, [b'{"event": "refresh"}']]


def test_repeating_a_request_with_its_key_changes_nothing_twice(
    session: Session, api: Caller, clips: list[Asset]
) -> None:
    body = {"ids": [str(clips[0].id)], "action": "rename", "args": {"pattern": "{name} again"}}
    replies = [api.post(BULK, json=body, headers={"Idempotency-Key": "one"}) for _ in range(2)]
    assert replies[0].json == replies[1].json
    session.expire_all()
    assert clips[0].name == "clip 1 again"
    assert session.query(Batch).count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "action"),
        ({"action": 5}, "action"),
        ({"action": "tag", "args": {"tags": ["x"]}}, "ids"),
        ({"action": "tag", "args": {"tags": ["x"]}, "ids": [], "query": {}}, "ids"),
        ({"action": "tag", "args": [], "ids": []}, "args"),
        ({"action": "tag", "args": {"tags": ["x"]}, "ids": "all"}, "ids"),
        ({"action": "tag", "args": {"tags": ["x"]}, "ids": ["x"]}, "ids.0"),
        ({"action": "tag", "args": {"tags": ["x"]}, "ids": [None]}, "ids.0"),
        ({"action": "tag", "args": {"tags": ["x"]}, "query": []}, "query"),
        ({"action": "tag", "args": {"tags": ["x"]}, "query": {"tga": ["x"]}}, "query.tga"),
        ({"action": "tag", "args": {"tags": ["x"]}, "query": {"kind": "smell"}}, "kind"),
        ({"action": "tag", "args": {"tags": ["x"]}, "selection": 5}, "selection"),
        ({"action": "tag", "args": {}, "ids": []}, "args.tags"),
        ({"action": "rename", "args": {"pattern": "{x}"}, "ids": []}, "args.pattern"),
        ({"action": "tag", "args": {"tags": ["x"]}, "ids": [], "dry_run": "yes"}, "dry_run"),
        # An operator without its value filters nothing, and must not mean every file.
        ({"query": {"q": "kind:"}, "action": "trash"}, "q"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(
    api: Caller, body: dict[str, Any], field: str
) -> None:
    reply = api.post(BULK, json=body)
    assert_problem(reply, 422)
    assert list(reply.json["errors"]) == [field]  # type: ignore[index]


def test_a_selection_may_say_which(session: Session, api: Caller, clips: list[Asset]) -> None:
    chosen = selections.begin(session, api.who, "library")
    selections.add(session, api.who, chosen, [clips[1].id])
    session.commit()
    reply = ask(api, selection=str(chosen.id), action="move", args={"folder": "A/B"})
    assert reply.json["done"] == 1
    assert_problem(api.post(BULK, json={"selection": str(uuid.uuid4()), "action": "process"}), 404)


def test_rights_are_each_files_and_each_scopes(
    session: Session, api: Caller, clips: list[Asset], with_token: Callable[..., Caller]
) -> None:
    contributor = make_colleague(session, api.who, Role.CONTRIBUTOR)
    own = make_asset(session, contributor)
    caller = with_token(contributor)
    reply = ask(caller, clips[0], own, action="trash")
    assert (reply.status_code, reply.json["done"]) == (200, 1)
    assert [each["id"] for each in reply.json["refused"]] == [str(clips[0].id)]
    viewer = with_token(make_colleague(session, api.who, Role.VIEWER))
    reader, trasher = with_token(api.who, "read"), with_token(api.who, "trash")
    body = {"ids": [str(clips[0].id)], "action": "tag", "args": {"tags": ["x"]}}
    for refused in (viewer, reader, trasher):
        for dry_run in (True, False):
            assert_problem(refused.post(BULK, json={**body, "dry_run": dry_run}), 403)
    assert ask(trasher, clips[0], action="trash").json["done"] == 1


def test_a_worker_uses_no_more_rights_than_the_token_had(
    session: Session, api: Caller, with_token: Callable[..., Caller]
) -> None:
    for _ in range(201):
        make_asset(session, api.who)
    trasher = with_token(api.who, "trash")
    body = ask(trasher, query={}, action="trash").json
    batch = bulk.get(session, api.who, uuid.UUID(body["batch"]))
    assert (batch.asked_by, batch.scopes) == (api.who.user_id, ["trash"])
