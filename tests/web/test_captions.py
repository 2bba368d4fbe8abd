"""Captions by the API, on the file's page and for the player."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.insight import glossary, transcripts
from lectern.insight.cues import Cue, Word
from lectern.insight.editing import tracks
from lectern.insight.transcripts import Heard, Segment
from lectern.models import Asset, Role, Task, TaskState
from lectern.people.principal import Principal
from lectern.pipeline.registry import Step
from tests.factories import make_asset, make_colleague, make_course
from tests.web.conftest import Caller, SignIn, current_version

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}
VTT = "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nHello &amp; welcome.\n"
SRT = "1\r\n00:00:00,000 --> 00:00:02,000\r\nHello & welcome.\r\n"


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    asset = make_asset(session, owner, language="en", name="Hooks.mp4")
    session.commit()
    return asset


def at(asset: Asset, rest: str) -> str:
    return f"/api/v1/assets/{asset.id}/{rest}"


def put(api: Caller, asset: Asset, rest: str = "captions.vtt", text: str = VTT, **more: Any) -> Any:
    return api.put(at(asset, rest), data=text.encode(), content_type="text/vtt", **more)


def hear(session: Session, asset: Asset) -> None:
    words = tuple(
        Word(n * 0.5, n * 0.5 + 0.4, f" {word}", confidence)
        for n, (word, confidence) in enumerate([("Call", 0.9), ("use", 0.3), ("state.", 0.8)])
    )
    version = current_version(session, asset)
    heard = Heard("en", [Segment(0.0, 1.4, "Call use state.", words)])
    transcripts.record(
        session, asset.workspace_id, version.blob_id, "nano", "settings", heard=heard
    )
    session.commit()


def test_what_is_put_comes_back_in_every_form(api: Caller, asset: Asset) -> None:
    assert api.get(at(asset, "captions.vtt")).status_code == 404
    made = put(api, asset)
    assert (made.status_code, made.json["language"], made.json["remarks"]) == (201, "en", [])
    assert put(api, asset).status_code == 200
    reply = api.get(at(asset, "captions.vtt"))
    assert reply.text == VTT
    assert reply.headers["Content-Type"] == "text/vtt; charset=utf-8"
    assert api.get(at(asset, "captions.srt?lang=en")).text == SRT
    assert api.get(at(asset, "transcript.txt")).text == "Hello & welcome.\n"
    told = api.get(at(asset, "transcript.json")).json
    assert told["segments"] == [{"start": 0.0, "end": 2.0, "text": "Hello & welcome."}]
    assert (told["state"], told["origin"], told["model"]) == ("in_review", "person", None)
    page = api.get(at(asset, "transcript.html"))
    assert "Hello &amp; welcome." in page.text
    assert page.headers["Content-Disposition"] == "attachment; filename*=UTF-8''Hooks.en.html"
    (line,) = api.get(at(asset, "captions")).json["items"]
    assert (line["language"], line["cues"], line["state"]) == ("en", 1, "in_review")


def test_a_machines_transcript_has_words_until_a_person_edits_it(
    api: Caller, asset: Asset, session: Session
) -> None:
    hear(session, asset)
    told = api.get(at(asset, "transcript.json")).json
    assert (told["state"], told["model"]) == ("machine", "nano")
    assert told["segments"][0]["words"][1] == {
        "start": 0.5,
        "end": 0.9,
        "word": "use",
        "confidence": 0.3,
    }
    sent = {"segments": [{"start": 0, "end": 2.5, "text": "Call useState. " + "And more. " * 6}]}
    assert api.put(at(asset, "transcript.json"), json=sent).status_code == 200
    text = api.get(at(asset, "captions.vtt")).text
    assert "Call useState. And more. And more." in text.replace("\n", " ")
    assert max(len(line) for line in text.splitlines()) <= 42
    assert "words" not in api.get(at(asset, "transcript.json")).json["segments"][0]


def test_if_match_keeps_what_the_caller_has_not_seen(api: Caller, asset: Asset) -> None:
    put(api, asset)
    tag = api.get(at(asset, "captions.vtt")).headers["ETag"]
    assert api.get(at(asset, "captions.vtt"), headers={"If-None-Match": tag}).status_code == 304
    other = VTT.replace("Hello", "Good day")
    done = put(api, asset, text=other, headers={"If-Match": tag})
    assert done.status_code == 200
    assert put(api, asset, headers={"If-Match": tag}).status_code == 412
    assert put(api, asset, headers={"If-Match": done.headers["ETag"]}).status_code == 200


def test_a_broken_file_is_mended_or_refused_by_its_line(api: Caller, asset: Asset) -> None:
    broken = "﻿1\r\n0:01 --> 0:03\r\n<i>One</i>\r\n2\r\n0:0x --> 0:09\r\nTwo\r\n"
    made = put(api, asset, "captions.srt?lang=de", broken)
    assert made.status_code == 201
    assert made.json["remarks"] == ["Line 5: the time cannot be read, so the cue is left out."]
    assert "\nOne\n" in api.get(at(asset, "captions.vtt?lang=de")).text
    refused = put(api, asset, text="no captions")
    assert refused.status_code == 422
    assert "Line 1" in refused.json["detail"]
    assert put(api, asset, "captions.vtt?lang=a%20b").status_code == 422
    bad = {"segments": [{"start": 2, "end": 1, "text": "x"}]}
    reply = api.put(at(asset, "transcript.json"), json=bad)
    assert (reply.status_code, list(reply.json["errors"])) == (422, ["cues.0"])


def test_what_programs_write_comes_to_the_browser_as_it_was_meant(
    api: Caller, asset: Asset
) -> None:
    teams = "WEBVTT\n\n1-0\n00:01.000 --> 00:03.000 line:0\n<v Ann Lee>A List&lt;B&gt;</v>\n"
    assert put(api, asset, text=teams).status_code == 201
    url = f"/m/{asset.id}/captions/en.vtt"
    assert "00:00:03.000 line:0\n<v Ann Lee>A List&lt;B&gt;\n" in api.get(url).text
    assert put(api, asset, text=api.get(url).text).status_code == 200
    put(api, asset, "captions.srt", "1\n00:00:01,000 --> 00:00:03,000\na <div> <i>in</i>\n\nso\n")
    assert "\na &lt;div&gt; in\nso\n" in api.get(url).text
    rolled = "1\n00:00:01,000 --> 00:00:03,000\none\n\n2\n00:00:03,000 --> 00:00:05,000\none\ntwo\n"
    assert put(api, asset, "captions.srt", rolled).json["cues"] == 2
    assert api.get(url).text.count("one") == 1


HOUR = "1\n01:00:01,000 --> 01:00:03,000\nOne\n\n2\n01:00:04,000 --> 01:00:06,000\nTwo\n"


def test_hours_before_the_first_cue_are_taken_off_by_the_api(api: Caller, asset: Asset) -> None:
    made = put(api, asset, "captions.srt", HOUR)
    assert "The times begin at 01:00:01.000" in made.json["remarks"][0]
    assert made.json["offset"] == 3600
    done = api.post(at(asset, "captions/shift"), json={})
    assert (done.status_code, done.json["offset"]) == (200, 0)
    assert "00:00:01.000 --> 00:00:03.000\nOne" in api.get(at(asset, "captions.vtt")).text
    assert api.post(at(asset, "captions/shift"), json={}).status_code == 409
    assert api.post(at(asset, "captions/shift"), json={"by": 2.5}).status_code == 200
    assert "00:00:03.500 --> 00:00:05.500\nOne" in api.get(at(asset, "captions.vtt")).text
    assert api.post(at(asset, "captions/shift"), json={"by": -60}).status_code == 422
    assert api.post(at(asset, "captions/shift?lang=fr"), json={}).status_code == 404


def test_the_page_offers_to_take_the_hours_off_and_takes_it_back(
    client: FlaskClient, api: Caller, asset: Asset
) -> None:
    put(api, asset, "captions.srt", HOUR)
    page = client.get(f"/assets/{asset.id}").text
    assert "The times begin at 1:00:01, as in an editing timeline." in page
    path = f"/assets/{asset.id}/captions/en/shift"
    assert f'action="{path}"' in page
    done = client.post(path, headers=PARTIAL)
    assert "as in an editing timeline" not in done.text
    assert f"{path}/1" in done.headers["HX-Trigger"]
    client.post(f"{path}/1")
    assert "01:00:01.000 --> 01:00:03.000" in api.get(at(asset, "captions.vtt")).text


def test_who_speaks_is_in_every_form(api: Caller, asset: Asset) -> None:
    voices = (
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>One.\n\n00:02.000 --> 00:03.000\n<v Bo>Two.\n"
    )
    put(api, asset, text=voices)
    assert api.get(at(asset, "transcript.txt")).text == "Ann: One.\n\nBo: Two.\n"
    told = api.get(at(asset, "transcript.json")).json["segments"]
    assert [each["speaker"] for each in told] == ["Ann", "Bo"]
    assert "Ann: One." in api.get(at(asset, "captions.srt")).text


def test_captions_say_their_language_and_find_their_direction(
    client: FlaskClient, api: Caller, asset: Asset
) -> None:
    put(api, asset, "captions.vtt?lang=he", "WEBVTT\n\n00:01.000 --> 00:02.000\nמה זה HTML?\n")
    page = client.get(f"/assets/{asset.id}/captions/he/edit").text
    assert page.count('lang="he" dir="auto"') == 2
    assert 'lang="he"' in api.get(at(asset, "transcript.html?lang=he")).text
    found = client.get(f"/assets/{asset.id}/said/matches?find=HTML", headers=PARTIAL).text
    assert 'class="match__text" dir="auto"' in found


def test_rights_and_workspaces_hold(
    asset: Asset,
    session: Session,
    owner: Principal,
    stranger: Principal,
    with_token: Callable[..., Caller],
) -> None:
    viewer = with_token(make_colleague(session, owner, Role.VIEWER))
    assert put(viewer, asset).status_code == 403
    assert put(with_token(stranger), asset).status_code == 404
    assert put(with_token(owner), asset).status_code == 201
    assert viewer.get(at(asset, "captions.vtt")).status_code == 200
    assert with_token(stranger).get(at(asset, "captions.vtt")).status_code == 404
    media = f"/m/{asset.id}/v/1/captions/en.vtt"
    assert viewer.get(media).status_code == 200
    assert with_token(stranger).get(media).status_code == 404
    assert viewer.get(f"/m/{asset.id}/v/2/captions/en.vtt").status_code == 404
    assert viewer.get(f"/m/{asset.id}/captions/nonsense!.vtt").status_code == 404


def test_the_players_address_may_be_kept_while_it_names_the_digest(
    api: Caller, asset: Asset
) -> None:
    tag = put(api, asset).headers["ETag"].strip('"').removesuffix("-vtt")
    kept = api.get(f"/m/{asset.id}/v/1/captions/en.vtt?d={tag}")
    assert "immutable" in kept.headers["Cache-Control"]
    assert kept.text == VTT
    alias = api.get(f"/m/{asset.id}/captions/en.vtt?d=0123")
    assert alias.headers["Cache-Control"] == "private, no-cache"


def page(client: FlaskClient, asset: Asset) -> str:
    return client.get(f"/assets/{asset.id}").text


def test_the_page_lists_languages_with_their_state(
    client: FlaskClient, asset: Asset, session: Session, owner: Principal
) -> None:
    assert "No captions yet" in page(client, asset)
    hear(session, asset)
    text = page(client, asset)
    assert 'data-captions="en" data-state="machine"' in text
    assert "1 word to check" in text
    base = f"/assets/{asset.id}/captions"
    assert client.post(f"{base}/en/review", data={"state": "reviewed"}).status_code == 303
    assert f"Reviewed by {owner.name}" in page(client, asset)
    gone = client.post(
        f"{base}/en/deletion", headers={"HX-Request": "true", "HX-Request-Type": "partial"}
    )
    assert f"{base}/en/restoration" in gone.headers["HX-Trigger"]
    assert 'data-captions="en"' not in page(client, asset)
    assert client.post(f"{base}/en/restoration").status_code == 303
    assert 'data-captions="en" data-state="reviewed"' in page(client, asset)


def test_a_file_is_uploaded_on_the_page_or_refused_with_its_line(
    client: FlaskClient, asset: Asset
) -> None:
    def send(text: str) -> Any:
        data = {"file": (io.BytesIO(text.encode()), "hooks.vtt"), "lang": "de"}
        return client.post(f"/assets/{asset.id}/captions", data=data)

    refused = send("nothing")
    assert refused.status_code == 422
    assert "Line 1" in refused.text
    assert send(VTT).status_code == 303
    assert "German" in page(client, asset)
    assert "uploaded" in page(client, asset)
    assert client.post(f"/assets/{asset.id}/captions", data={"lang": "de"}).status_code == 422


def test_captions_are_made_again_with_the_language_chosen(
    client: FlaskClient, asset: Asset, session: Session
) -> None:
    assert client.get(f"/assets/{asset.id}/captions/again").status_code == 200
    client.post(f"/assets/{asset.id}/captions/again", data={"lang": "fr"})
    task = session.scalars(select(Task).filter_by(asset_id=asset.id, step=Step.CAPTIONS)).one()
    session.refresh(asset)
    assert (task.state, asset.language) == (TaskState.QUEUED, "fr")
    assert "Captions are being generated." in page(client, asset)
    task.state, task.awaits, task.reason = TaskState.WAITING, "model", "It is not here."
    session.commit()
    assert "It is not here." in page(client, asset)
    client.post(f"/assets/{asset.id}/captions/again")
    session.refresh(task)
    session.refresh(asset)
    assert (task.state, asset.language) == (TaskState.QUEUED, "fr")


def test_the_glossary_proposes_and_a_person_accepts(
    client: FlaskClient, asset: Asset, session: Session, owner: Principal
) -> None:
    course = make_course(session, owner)
    usages.put(session, owner, Place(course.ref, None, "l0"), [UsageSpec(asset.id)])
    glossary.add(session, owner, course, "useState", "use state")
    hear(session, asset)
    assert "The glossary suggests 1 correction" in page(client, asset)
    ask = client.get(f"/assets/{asset.id}/captions/en/glossary").text
    assert "<ins>" in ask
    seen = ask.partition('name="seen" value="')[2].partition('"')[0]
    address = f"/assets/{asset.id}/captions/en/glossary"
    stale = client.post(address, data={"seen": "older", "cue": "0"})
    assert stale.status_code == 409
    assert client.post(address, data={"seen": seen, "cue": "0"}).status_code == 303
    version = current_version(session, asset)
    found = tracks.captions.get(session, asset, version, "en")
    assert (found.cues[0].text, found.state) == ("Call useState.", "in_review")


def test_a_course_keeps_its_terms(
    client: FlaskClient, session: Session, owner: Principal, sign_in: SignIn
) -> None:
    course = make_course(session, owner)
    session.commit()
    address = f"/courses/{course.id}/glossary"
    sent = {"term": "<b>useState", "sounds_like": "use state, you state"}
    assert client.post(address, data=sent).status_code == 303
    text = client.get(f"/courses/{course.id}").text
    assert "&lt;b&gt;useState" in text
    assert "instead of use state, you state" in text
    assert client.post(address, data=sent).status_code == 422
    (term,) = glossary.list_of(session, owner.workspace_id, course.id)
    assert client.post(f"{address}/{term.id}/removal").status_code == 303
    assert glossary.list_of(session, owner.workspace_id, course.id) == []
    viewer = sign_in(make_colleague(session, owner, Role.VIEWER))
    assert viewer.post(address, data=sent).status_code == 403


def test_hostile_text_is_text_wherever_it_is_shown(
    client: FlaskClient, asset: Asset, session: Session, owner: Principal
) -> None:
    hostile = "<script>alert(1)</script>"
    cues = [Cue(0.0, 2.0, hostile)]
    tracks.save(session, owner, asset, current_version(session, asset), "en", cues)
    session.commit()
    for path in (f"/assets/{asset.id}", at(asset, "captions.vtt"), at(asset, "transcript.html")):
        reply = client.get(path)
        assert hostile not in reply.text
        assert "&lt;script&gt;alert(1)" in reply.text
