"""Copies and merges in JSON."""

import uuid

import pytest
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.models import Asset
from lectern.taxonomy import tags
from tests.factories import make_asset, make_blob, make_course
from tests.web.conftest import Caller
from tests.web.test_api_docs import check

BASE = "/api/v1"


@pytest.fixture
def pair(session: Session, api: Caller) -> list[Asset]:
    """Two files of equal bytes, the younger one in a lesson."""
    blob = make_blob(session, api.who.workspace_id, byte_size=500)
    made = [make_asset(session, api.who, blob=blob, name=name) for name in ("Old", "Young")]
    course = make_course(session, api.who)
    usages.put(session, api.who, Place(course.ref, None, "l0"), [UsageSpec(made[1].id)])
    tags.put(session, made[0], ["exam"])
    session.commit()
    return made


def body(keep: Asset, *merge: Asset, **more: object) -> dict[str, object]:
    return {"keep": str(keep.id), "merge": [str(each.id) for each in merge], **more}


def test_groups_come_in_pages(session: Session, api: Caller, pair: list[Asset]) -> None:
    blob = make_blob(session, api.who.workspace_id, byte_size=20)
    for _ in range(2):
        make_asset(session, api.who, blob=blob)
    session.commit()
    first = api.get(f"{BASE}/duplicates?limit=1&total=1")
    check(first, "get", "/duplicates")
    assert first.json is not None
    assert first.json["total"] == 2
    (group,) = first.json["items"]
    assert (group["size"], group["files"], group["keep"]) == (500, 2, str(pair[1].id))
    assert [asset["name"] for asset in group["assets"]] == ["Young", "Old"]
    rest = api.get(f"{BASE}/duplicates?cursor={first.json['next']}")
    assert rest.json is not None
    assert [each["size"] for each in rest.json["items"]] == [20]
    assert rest.json["next"] is None
    assert api.get(f"{BASE}/duplicates?cursor=nonsense").status_code == 422


def test_a_merge_is_foretold_done_and_undone(api: Caller, pair: list[Asset]) -> None:
    old, young = pair
    would = api.post(f"{BASE}/duplicates/merge", json=body(young, old, dry_run=True))
    check(would, "post", "/duplicates/merge")
    assert would.json is not None
    assert would.json["would"]["tags"] == ["exam"]
    assert would.json["would"]["usages"] == 0
    assert api.get(f"{BASE}/assets/{old.id}").json["trashed_at"] is None  # type: ignore[index]

    key = {"Idempotency-Key": "once"}
    done = api.post(f"{BASE}/duplicates/merge", json=body(old, young), headers=key)
    check(done, "post", "/duplicates/merge")
    assert done.json is not None
    assert (done.json["merged"][0]["usages"], done.json["can_undo"]) == (1, True)
    again = api.post(f"{BASE}/duplicates/merge", json=body(old, young), headers=key)
    assert again.json == done.json
    address = f"{BASE}/merges/{done.json['merge']}"
    assert api.get(f"{BASE}/assets/{old.id}").json["usage_count"] == 1  # type: ignore[index]
    gone = api.get(f"{BASE}/assets/{young.id}").json
    assert gone is not None
    assert gone["trashed_at"] is not None
    assert gone["merged_into"] == str(old.id)
    check(api.get(address), "get", "/merges/{id}")

    for _ in range(2):
        undone = api.post(f"{address}/undo")
        check(undone, "post", "/merges/{id}/undo")
        assert undone.json is not None
        assert (undone.json["stayed"], undone.json["can_undo"]) == ([], False)
    back = api.get(f"{BASE}/assets/{young.id}").json
    assert back is not None
    assert (back["trashed_at"], back["usage_count"], back["merged_into"]) == (None, 1, None)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "keep"),
        ({"keep": "x", "merge": []}, "keep"),
        ({"keep": str(uuid.uuid4()), "merge": "all"}, "merge"),
        ({"keep": str(uuid.uuid4()), "merge": [1]}, "merge.0"),
        ({"keep": str(uuid.uuid4()), "merge": []}, "merge"),
        ({"keep": str(uuid.uuid4()), "merge": [], "dry_run": 1}, "dry_run"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(
    api: Caller, sent: dict[str, object], field: str
) -> None:
    reply = api.post(f"{BASE}/duplicates/merge", json=sent)
    assert reply.status_code == 422
    assert reply.json is not None
    assert list(reply.json["errors"]) == [field]


def test_a_file_merged_meanwhile_is_a_conflict(api: Caller, pair: list[Asset]) -> None:
    assert api.post(f"{BASE}/duplicates/merge", json=body(*pair)).status_code == 200
    reply = api.post(f"{BASE}/duplicates/merge", json=body(*reversed(pair)))
    assert reply.status_code == 409
    assert reply.json is not None
    assert "is in the trash" in reply.json["detail"]
