"""Copies side by side in the browser, and what a merge says before and after."""

import uuid

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern import duplicates
from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.duplicates import exact
from lectern.duplicates import near as similar
from lectern.library import trash
from lectern.models import Asset, Role
from lectern.people.principal import Principal
from lectern.taxonomy import tags
from tests.factories import make_asset, make_blob, make_colleague, make_course
from tests.web.conftest import SignIn

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def pair(session: Session, owner: Principal) -> list[Asset]:
    """Two files of equal bytes, the younger one in a lesson and with a tag."""
    blob = make_blob(session, owner.workspace_id)
    made = [make_asset(session, owner, blob=blob, name=name) for name in ("Old", "Young")]
    course = make_course(session, owner)
    usages.put(session, owner, Place(course.ref, None, "l0"), [UsageSpec(made[1].id)])
    tags.put(session, made[1], ["exam"])
    session.commit()
    return made


def chosen(keep: Asset, *merge: Asset) -> dict[str, object]:
    return {"keep": str(keep.id), "merge": [str(each.id) for each in merge]}


def test_without_copies_the_page_says_so(client: FlaskClient) -> None:
    reply = client.get("/duplicates")
    assert reply.status_code == 200
    assert "No duplicates" in reply.text


def test_the_most_used_one_is_proposed(client: FlaskClient, pair: list[Asset]) -> None:
    page = " ".join(client.get("/duplicates").text.split())
    assert "2 files with the same content" in page
    assert f'value="{pair[1].id}" checked aria-label="Keep Young"' in page
    assert f'value="{pair[0].id}" aria-label="Keep Old"' in page
    assert "Old" in client.get(f"/duplicates/of/{pair[1].id}").text
    assert "Compare duplicates" in client.get("/library?duplicates=1").text
    assert "Compare duplicates" not in client.get("/library").text


def test_groups_follow_in_pages(client: FlaskClient, session: Session, owner: Principal) -> None:
    for size in range(1, 23):
        blob = make_blob(session, owner.workspace_id, byte_size=size)
        for _ in range(2):
            make_asset(session, owner, blob=blob)
    session.commit()
    first = client.get("/duplicates").text
    assert first.count("data-group=") == 20
    cursor = exact.groups(session, owner, None, 20).next
    assert f"cursor={cursor}" in first
    rest = client.get(f"/duplicates/groups?cursor={cursor}", headers=PART).text
    assert rest.count("data-group=") == 2
    assert 'id="groups"' not in rest


def test_a_merge_is_asked_done_and_undone(
    client: FlaskClient, session: Session, owner: Principal, pair: list[Asset]
) -> None:
    old, young = pair
    asked = client.get("/duplicates/merge", query_string=chosen(old, old, young), headers=PART).text
    assert "Merge one file into “Old”?" in asked
    assert "1 place will show this file instead" in asked
    assert "Tags added: exam." in asked
    reply = client.post("/duplicates/merge", data=chosen(old, young), headers=PART)
    assert reply.status_code == 204
    row = duplicates.into(session, owner, young.id)
    assert row is not None
    assert f"/merges/{row.id}/undo" in reply.headers["HX-Trigger"]
    gone = client.get(f"/assets/{young.id}").text
    assert "Merged into another file" in gone
    assert f"/merges/{row.id}" in gone
    assert "Merged with its duplicates: Young" in client.get(f"/assets/{old.id}").text
    told = client.get(f"/merges/{row.id}").text
    assert "1 place updated" in told
    assert "Undo the merge" in told
    undone = client.post(f"/merges/{row.id}/undo", headers=PART)
    assert "Undone: 1 file restored." in undone.headers["HX-Trigger"]
    assert "Undo the merge" not in client.get(f"/merges/{row.id}").text
    assert "The merge was undone" in client.get(f"/assets/{young.id}").text


def test_without_scripts_each_step_is_a_page(
    client: FlaskClient, session: Session, owner: Principal, pair: list[Asset]
) -> None:
    old, young = pair
    assert (
        "<!doctype html>" in client.get("/duplicates/merge", query_string=chosen(old, young)).text
    )
    reply = client.post("/duplicates/merge", data=chosen(old, young))
    assert reply.status_code == 303
    back = client.post(f"{reply.headers['Location']}/undo")
    assert (back.status_code, back.headers["Location"]) == (303, reply.headers["Location"])


def test_what_stayed_after_an_undo_is_told(
    client: FlaskClient, session: Session, owner: Principal, pair: list[Asset]
) -> None:
    row = duplicates.merge(session, owner, pair[0].id, [pair[1].id], days=30)
    (usage,) = usages.of_asset(session, owner, pair[0].id)
    usages.end(session, owner, usage.id)
    session.commit()
    reply = client.post(f"/merges/{row.id}/undo", headers=PART)
    assert reply.headers["HX-Redirect"] == f"/merges/{row.id}"
    assert "It is no longer used there." in client.get(f"/merges/{row.id}").text


def test_what_cannot_be_merged_is_told_in_the_dialog(
    client: FlaskClient, session: Session, owner: Principal, pair: list[Asset]
) -> None:
    assert "Choose the file to keep." in client.get("/duplicates/merge", headers=PART).text
    trash.trash(session, owner, pair[0], days=30)
    session.commit()
    asked = client.get("/duplicates/merge", query_string=chosen(pair[1], pair[0]), headers=PART)
    assert "is in the trash. Restore it first." in asked.text
    sent = client.post("/duplicates/merge", data=chosen(pair[1], pair[0]), headers=PART)
    assert sent.status_code == 422
    assert "is in the trash. Restore it first." in sent.text
    assert client.get(f"/merges/{uuid.uuid4()}").status_code == 404


def test_who_may_not_merge_is_not_asked_to(
    sign_in: SignIn, session: Session, owner: Principal, pair: list[Asset]
) -> None:
    for role in (Role.VIEWER, Role.CONTRIBUTOR):
        page = sign_in(make_colleague(session, owner, role)).get("/duplicates").text
        assert "2 files with the same content" in page
        assert "Merge…" not in page


def test_near_pairs_are_shown_until_called_different(
    client: FlaskClient, session: Session, owner: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = make_asset(session, owner), make_asset(session, owner)
    session.commit()
    near = [similar.Pair(one.id, other.id, 0.873, ["12 s longer at the end"])]
    monkeypatch.setattr(similar, "pairs", lambda _session, _who, limit: near[:limit])
    page = client.get("/duplicates").text
    assert "87 % similar" in page
    assert "12 s longer at the end" in page
    files = {"file": [str(one.id), str(other.id)]}
    done = client.post("/duplicates/differences", data=files, headers=PART)
    assert done.status_code == 204
    assert "the same" not in client.get("/duplicates/near", headers=PART).text
    assert f"undo=1&file={one.id}&file={other.id}" in done.headers["HX-Trigger"]
    back = f"/duplicates/differences?undo=1&file={one.id}&file={other.id}"
    assert client.post(back).status_code == 303
    assert "87 % similar" in client.get("/duplicates/near", headers=PART).text
    assert client.post("/duplicates/differences").status_code == 422
