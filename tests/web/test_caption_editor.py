"""The caption editor: what it shows, what it saves, and two people at once."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.insight import captions, glossary, transcripts
from lectern.insight.cues import Cue, Word
from lectern.insight.editing import tracks
from lectern.insight.transcripts import Heard, Segment
from lectern.models import Asset, Role
from lectern.people.principal import Principal
from tests.factories import make_asset, make_colleague, make_course
from tests.web.conftest import Caller, SignIn, current_version

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}
CUES = [Cue(0.0, 2.0, "Hello there."), Cue(2.0, 4.0, "Use state."), Cue(5.0, 7.0, "Good bye.")]


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    asset = make_asset(session, owner, language="en", name="Hooks.mp4")
    tracks.save(session, owner, asset, current_version(session, asset), "en", CUES)
    session.commit()
    return asset


def at(asset: Asset, rest: str = "") -> str:
    return f"/assets/{asset.id}/captions/en/edit{rest}"


def cues(session: Session, asset: Asset) -> list[Cue]:
    session.expire_all()
    return list(captions.get(session, asset, current_version(session, asset), "en").cues)


def tag(client: FlaskClient, asset: Asset) -> str:
    return str(client.get(at(asset, "/cues")).json["tag"])  # type: ignore[index]


def splice(before: Sequence[Cue], after: Sequence[Cue]) -> dict[str, Any]:
    told = {"before": [c.to_json() for c in before], "after": [c.to_json() for c in after]}
    return {"kind": "splice", **told}


def send(client: FlaskClient, asset: Asset, *changes: dict[str, Any], seen: str = "") -> Any:
    headers = {"If-Match": f'"{seen}"'}
    return client.patch(at(asset), json={"changes": changes}, headers=headers)


def test_speaker_and_place_of_a_cue_stay_with_it(
    client: FlaskClient, asset: Asset, session: Session, owner: Principal
) -> None:
    spoken = Cue(8.0, 10.0, "Two words", "Ann Lee", "vertical:rl")
    version = current_version(session, asset)
    tracks.save(session, owner, asset, version, "en", [*CUES, spoken])
    session.commit()
    text = client.get(at(asset)).text
    assert 'data-speaker="Ann Lee"' in text
    assert 'data-settings="vertical:rl"' in text
    changed = Cue(8.0, 10.0, "Three more words", "Ann Lee", "vertical:rl")
    send(client, asset, splice([spoken], [changed]))
    assert cues(session, asset)[3] == changed
    send(client, asset, {"kind": "split", "before": [changed.to_json()], "at": 6})
    assert [(cue.text, cue.speaker) for cue in cues(session, asset)[3:]] == [
        ("Three", "Ann Lee"),
        ("more words", "Ann Lee"),
    ]


def test_the_page_shows_each_cue_with_advice(
    client: FlaskClient, asset: Asset, session: Session, owner: Principal
) -> None:
    hostile = Cue(8.0, 8.5, "<b>" + "too fast to read " * 2)
    version = current_version(session, asset)
    tracks.save(session, owner, asset, version, "en", [*CUES, hostile])
    session.commit()
    text = client.get(at(asset)).text
    assert 'data-start="2.0" data-end="4.0"' in text
    assert "&lt;b&gt;too fast" in text
    assert "characters per second; up to 20 is readable." in text
    assert f'href="{at(asset)}"' in client.get(f"/assets/{asset.id}").text
    assert client.get(at(asset).replace("/en/", "/de/")).status_code == 404


def test_the_glossary_of_the_course_is_offered(
    client: FlaskClient, asset: Asset, session: Session, owner: Principal
) -> None:
    assert "Glossary (" not in client.get(at(asset)).text
    course = make_course(session, owner)
    usages.put(session, owner, Place(course.ref, None, "l0"), [UsageSpec(asset.id)])
    glossary.add(session, owner, course, "useState", "use state")
    session.commit()
    assert "Glossary (1)" in client.get(at(asset)).text


def test_a_change_answers_with_what_differs_and_how_to_undo_it(
    client: FlaskClient, asset: Asset, session: Session
) -> None:
    seen = tag(client, asset)
    done = send(client, asset, splice(CUES[:1], [Cue(0.0, 2.0, " Hi  there. ")]), seen=seen)
    assert (done.status_code, done.json["first"], done.json["gone"]) == (200, 0, 1)
    assert "Hi there." in done.json["rows"]
    assert "Good bye." not in done.json["rows"]
    assert cues(session, asset)[0].text == "Hi there."
    undo = {"kind": "splice", "before": done.json["after"], "after": done.json["before"]}
    assert send(client, asset, undo, seen=done.json["tag"]).status_code == 200
    assert cues(session, asset) == CUES
    halves = {"kind": "split", "before": [CUES[1].to_json()], "at": 3, "time": 2.5}
    seen = send(client, asset, halves).json["tag"]
    assert cues(session, asset)[1:3] == [Cue(2.0, 2.5, "Use"), Cue(2.5, 4.0, "state.")]
    both = [cue.to_json() for cue in cues(session, asset)[1:3]]
    send(client, asset, {"kind": "join", "before": both}, seen=seen)
    assert cues(session, asset) == CUES
    assert client.get(at(asset, f"/cues?seen={tag(client, asset)}")).status_code == 204


def test_a_sitting_is_one_step_and_what_it_began_with_stays(
    client: FlaskClient, asset: Asset, session: Session
) -> None:
    texts = ["First.", "Second.", "Third."]
    before = CUES[:1]
    for text in texts:
        send(client, asset, splice(before, [Cue(0.0, 2.0, text)]))
        before = [Cue(0.0, 2.0, text)]
    track = captions.get(session, asset, current_version(session, asset), "en").track
    assert track is not None
    steps = tracks.history(session, track)
    assert [(step.number, step.cues[0]["text"]) for step in steps] == [
        (4, "Third."),
        (1, "Hello there."),
    ]


def test_what_cannot_be_kept_is_refused_and_changes_nothing(
    client: FlaskClient, asset: Asset, session: Session
) -> None:
    over = splice(CUES[:1], [Cue(0.0, 3.0, "Over the next.")])
    refused = send(client, asset, over)
    assert refused.status_code == 422
    assert "Cue 1" in refused.json["problem"]
    for wrong in (
        {},
        {"changes": [{"kind": "x"}]},
        {"changes": []},
        {"changes": [{"kind": "join"}]},
    ):
        assert client.patch(at(asset), json=wrong).status_code == 422
    assert cues(session, asset) == CUES


def test_two_people_keep_both_changes_and_never_overwrite_each_other(
    client: FlaskClient, asset: Asset, session: Session, owner: Principal, sign_in: SignIn
) -> None:
    anna = make_colleague(session, owner, Role.EDITOR)
    other = sign_in(anna)
    seen = tag(client, asset)
    assert send(other, asset, splice(CUES[2:], [Cue(5.0, 7.0, "Farewell.")]), seen=seen).json["tag"]
    mine = send(client, asset, splice(CUES[:1], [Cue(0.0, 2.0, "Good day.")]), seen=seen)
    assert mine.status_code == 200
    assert "Farewell." in mine.json["rows"]
    late = send(client, asset, splice(CUES[2:], [Cue(5.0, 7.0, "Mine.")]), seen=seen)
    assert late.status_code == 412
    assert "Farewell." in late.json["rows"]
    assert [cue.text for cue in cues(session, asset)] == ["Good day.", "Use state.", "Farewell."]
    assert other.get(at(asset, "/cues")).json["who"] == owner.name  # type: ignore[index]


def test_a_machine_that_listens_again_leaves_what_people_changed(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner, language="en", name="Heard.mp4")
    version = current_version(session, asset)

    def hear(text: str) -> None:
        words = tuple(
            Word(n * 0.5, n * 0.5 + 0.4, f" {w}", 0.3) for n, w in enumerate(text.split())
        )
        heard = Heard("en", [Segment(0.0, 2.0, text, words)])
        key = (asset.workspace_id, version.blob_id, "nano", text)
        transcripts.record(session, *key, heard=heard)
        session.commit()

    hear("Call use state.")
    (machine,) = cues(session, asset)
    told = client.get(at(asset, "/words")).json
    assert told == {"words": [[0.0, " Call", 0.3], [0.5, " use", 0.3], [1.0, " state.", 0.3]]}
    done = send(client, asset, splice([machine], [Cue(machine.start_s, machine.end_s, "Mine.")]))
    assert done.status_code == 200
    hear("Something else entirely.")
    assert [cue.text for cue in cues(session, asset)] == ["Mine."]
    history = client.get(at(asset, "/history"), headers=PARTIAL).text
    assert "Automated process" in history
    assert client.post(at(asset, "/history/1"), headers=PARTIAL).status_code == 204
    assert [cue.text for cue in cues(session, asset)] == ["Call use state."]


def test_find_and_replace_counts_first_and_can_be_undone(
    client: FlaskClient, asset: Asset, session: Session
) -> None:
    preview = client.get(at(asset, "/find?preview=1&find=STATE&words=1"), headers=PARTIAL).text
    assert "1 place" in preview
    assert "Use state." in preview
    wanted = {"find": "use state", "by": "useState", "words": "1"}
    done = client.post(at(asset, "/find"), data=wanted, headers=PARTIAL)
    assert done.status_code == 204
    assert cues(session, asset)[1].text == "useState."
    assert f"{at(asset)}/history/1" in done.headers["HX-Trigger"]
    client.post(at(asset, "/history/1"), headers=PARTIAL)
    assert cues(session, asset) == CUES
    assert client.post(at(asset, "/find"), data={"find": ""}, headers=PARTIAL).status_code == 422


def test_cues_are_shifted_from_a_time_or_told_how_far_they_can(
    client: FlaskClient, asset: Asset, session: Session
) -> None:
    far = client.post(at(asset, "/shift"), data={"ms": "-2000", "from": "4"}, headers=PARTIAL)
    assert far.status_code == 422
    assert "at most 1000 ms earlier" in far.text
    assert client.post(at(asset, "/shift"), data={"ms": "x"}, headers=PARTIAL).status_code == 422
    done = client.post(at(asset, "/shift"), data={"ms": "-250", "from": "4"}, headers=PARTIAL)
    assert done.status_code == 204
    assert [cue.start_s for cue in cues(session, asset)] == [0.0, 2.0, 4.75]


def test_reviewing_says_who_and_any_change_asks_for_another(
    client: FlaskClient, asset: Asset, owner: Principal
) -> None:
    stale = client.post(at(asset, "/state"), data={"state": "reviewed", "seen": "x"})
    assert stale.status_code == 409
    sent = {"state": "reviewed", "seen": tag(client, asset)}
    assert f"Reviewed by {owner.name}" in client.post(at(asset, "/state"), data=sent).text
    send(client, asset, splice(CUES[:1], [Cue(0.0, 2.0, "Changed.")]))
    assert "In review" in client.get(at(asset, "/state")).text


def test_rights_and_workspaces_hold(
    asset: Asset,
    session: Session,
    owner: Principal,
    stranger: Principal,
    in_browser: Callable[[Principal], Caller],
) -> None:
    viewer = in_browser(make_colleague(session, owner, Role.VIEWER))
    change = {"changes": [splice(CUES[:1], [])]}
    assert viewer.get(at(asset)).status_code == 403
    assert viewer.patch(at(asset), json=change).status_code == 403
    assert in_browser(stranger).patch(at(asset), json=change).status_code == 404
    assert cues(session, asset) == CUES
