"""The inbox of proposals, as people and programs use it."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.insight import captions
from lectern.insight.cues import Cue
from lectern.insight.editing import tracks
from lectern.models import Asset, Course, Proposal, Role
from lectern.people.principal import Principal
from lectern.proposals import proposals
from lectern.proposals.proposals import Filter
from tests.factories import make_asset, make_colleague, make_course
from tests.web.conftest import Caller, SignIn, current_version

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def course(session: Session, owner: Principal) -> Course:
    return make_course(session, owner)


@pytest.fixture
def asset(session: Session, owner: Principal, course: Course) -> Asset:
    asset = make_asset(session, owner, name="Hooks", language="en")
    usages.put(session, owner, Place(course.ref, None, None), [UsageSpec(asset.id)])
    cues = [Cue(12.0, 14.0, "Here is use state."), Cue(14.0, 15.0, "And use state.")]
    tracks.save(session, owner, asset, current_version(session, asset), "en", cues)
    session.commit()
    return asset


@pytest.fixture
def two(
    session: Session, client: FlaskClient, owner: Principal, course: Course, asset: Asset
) -> list[Proposal]:
    """Glossary suggestions after somebody added a term on the course's page."""
    form = {"term": "useState", "sounds_like": "use state"}
    assert client.post(f"/courses/{course.id}/glossary", data=form).status_code == 303
    rows = proposals.list_all(session, owner, Filter())
    return sorted(rows, key=lambda row: float(row.payload["start"]))


def text(session: Session, asset: Asset) -> str:
    session.expire_all()
    shown = captions.find(session, current_version(session, asset), "en")
    assert shown is not None
    return " ".join(cue.text for cue in shown.cues)


def test_the_inbox_shows_what_changes_and_leads_to_its_second(
    client: FlaskClient, asset: Asset, two: list[Proposal]
) -> None:
    page = client.get("/proposals").text
    assert "2 proposals" in page
    assert "<del>use state.</del><ins>useState.</ins>" in page
    assert f'href="/watch/{asset.id}?t=12"' in page
    assert "Play from 0:12" in page
    assert "90 % certain" in page
    assert '<a class="menu__item" href="/proposals"' in client.get("/library").text


def test_a_person_accepts_and_undoes(
    session: Session, client: FlaskClient, asset: Asset, two: list[Proposal]
) -> None:
    reply = client.post(f"/proposals/{two[0].id}/acceptance", headers=PARTIAL)
    assert reply.status_code == 200
    assert "Accepted." in reply.headers["HX-Trigger"]
    assert f'id="proposal-{two[0].id}"' in reply.text
    assert 'data-state="accepted"' in reply.text
    assert text(session, asset) == "Here is useState. And use state."
    assert "1 proposal<" in client.get("/proposals/list").text
    assert "1 proposal<" in client.get("/proposals/list?state=accepted").text
    reply = client.post(f"/proposals/{two[0].id}/undoing")
    assert (reply.status_code, reply.location) == (303, f"/proposals?asset={asset.id}")
    assert text(session, asset) == "Here is use state. And use state."


def test_a_person_edits_or_refuses(
    session: Session, client: FlaskClient, asset: Asset, two: list[Proposal]
) -> None:
    form = {"payload.after": "Here is useState()."}
    reply = client.post(f"/proposals/{two[0].id}/edition", data=form, headers=PARTIAL)
    assert 'data-state="edited"' in reply.text
    assert text(session, asset) == "Here is useState(). And use state."
    form = {"reason": "It is another one."}
    reply = client.post(f"/proposals/{two[1].id}/refusal", data=form, headers=PARTIAL)
    assert "It is another one." in reply.text
    page = client.get("/proposals").text
    assert "No open proposals" in page
    assert "The glossary suggests" not in client.get(f"/assets/{asset.id}").text
    audit_log = client.get("/audit").text
    assert "Rejected a proposal" in audit_log
    assert "Accepted a proposal as edited" in audit_log


def test_corrections_chosen_on_the_files_page_are_accepted_proposals(
    session: Session, client: FlaskClient, owner: Principal, asset: Asset, two: list[Proposal]
) -> None:
    shown = captions.find(session, current_version(session, asset), "en")
    assert shown is not None
    form = {"cue": "1", "seen": shown.tag}
    assert client.post(f"/assets/{asset.id}/captions/en/glossary", data=form).status_code == 303
    assert text(session, asset) == "Here is use state. And useState."
    states = {
        row.payload["start"]: row.state for row in proposals.list_all(session, owner, Filter())
    }
    assert states == {12.0: "open", 14.0: "accepted"}


def test_who_may_not_decide_sees_no_buttons(
    session: Session, sign_in: SignIn, owner: Principal, two: list[Proposal]
) -> None:
    viewer = sign_in(make_colleague(session, owner, Role.VIEWER))
    page = viewer.get("/proposals").text
    assert "2 proposals" in page
    assert "/acceptance" not in page
    assert viewer.post(f"/proposals/{two[0].id}/acceptance").status_code == 403


def test_programs_read_and_decide(
    session: Session, api: Caller, asset: Asset, course: Course, two: list[Proposal]
) -> None:
    body = api.get(f"/api/v1/proposals?kind=glossary&state=open&asset={asset.id}&total=1").json
    assert (body["total"], body["next"]) == (2, None)
    assert {item["id"] for item in body["items"]} == {str(row.id) for row in two}
    assert len(api.get(f"/api/v1/proposals?course={course.ref}").json["items"]) == 2
    item = api.get(f"/api/v1/proposals/{two[0].id}").json
    assert item["subject"] == {"asset": str(asset.id)}
    assert item["evidence"][0]["start"] == 12
    edited = api.put(
        f"/api/v1/proposals/{two[0].id}", json={"payload": {"after": "Here is React."}}
    ).json
    assert (edited["state"], edited["payload"]["after"]) == ("edited", "Here is React.")
    assert edited["proposed"]["after"] == "Here is useState."
    assert api.post(f"/api/v1/proposals/{two[0].id}/accept").status_code == 409
    assert api.post(f"/api/v1/proposals/{two[0].id}/undo").json["state"] == "open"
    assert api.post(f"/api/v1/proposals/{two[0].id}/accept").json["state"] == "accepted"
    refused = api.post(f"/api/v1/proposals/{two[1].id}/refuse", json={"reason": "No."}).json
    assert (refused["state"], refused["reason"]) == ("refused", "No.")
    assert text(session, asset) == "Here is useState. And use state."


@pytest.mark.parametrize(
    "query", ["kind=weather", "state=undecided", "asset=x", "cursor=x", "limit=0"]
)
def test_a_filter_that_is_none_is_refused(api: Caller, query: str) -> None:
    assert api.get(f"/api/v1/proposals?{query}").status_code == 422


def test_a_payload_or_reason_of_another_type_is_refused(api: Caller, two: list[Proposal]) -> None:
    path = f"/api/v1/proposals/{two[0].id}"
    assert api.put(path, json={"payload": "x"}).status_code == 422
    assert api.put(path, json={}).status_code == 422
    assert api.post(f"{path}/refuse", json={"reason": 7}).status_code == 422
    assert api.get("/api/v1/proposals?course=none").status_code == 404
