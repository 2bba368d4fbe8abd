"""Versions, usages, history and renditions of an asset over the API."""

import pytest
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.renditions import renditions
from tests.factories import add_version, make_asset, make_blob, make_course
from tests.web.answers import assert_problem, items
from tests.web.conftest import Caller, current_version

ASSETS = "/api/v1/assets"


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
