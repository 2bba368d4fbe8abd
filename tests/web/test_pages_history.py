"""The timeline of one file: told, filtered, paged, exported, undone."""

import csv
import io
import json
import uuid
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.library import assets, trash
from lectern.models import Asset, Lesson, Role
from lectern.people import audit, audit_reading
from lectern.people.principal import Principal
from lectern.taxonomy import custom_fields
from tests.factories import make_asset, make_colleague, make_course
from tests.web.conftest import Caller, SignIn
from web.pages.versions.diffs import diff

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    """A file with a past."""
    asset = make_asset(session, owner, name="Clip")
    audit.record(session, owner, "asset.upload", "asset", asset.id, {"version": 1})
    assets.edit(session, owner, asset, {"tags": ["cells", "exam"]})
    assets.edit(session, owner, asset, {"tags": ["cells", "plants"]})
    assets.edit(session, owner, asset, {"description": "How cells divide in two."})
    assets.edit(session, owner, asset, {"description": "How plants divide in two."})
    session.commit()
    return asset


def shown(client: FlaskClient, asset: Asset, query: str = "") -> str:
    reply = client.get(f"/assets/{asset.id}/history{query}", headers=PARTIAL)
    assert reply.status_code == 200
    return unescape(reply.text)


def last(session: Session, who: Principal, asset: Asset) -> int:
    return audit_reading.history(session, who, asset.id, limit=1)[0].seq


def undo(client: FlaskClient, asset: Asset, seq: int) -> Any:
    return client.post(f"/assets/{asset.id}/undoing?seq={seq}", headers=PARTIAL)


def test_a_changed_text_is_shown_word_by_word_and_tags_as_added_and_removed(
    client: FlaskClient, asset: Asset
) -> None:
    html = shown(client, asset)
    assert "How <del>cells</del><ins>plants</ins> divide in two." in html
    assert "Added: </span>plants" in html
    assert "Removed: </span>exam" in html
    assert "Uploaded" in html


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"folder": "Biology/Week 1"}, "Moved to the folder Biology/Week 1"),
        ({"language": "de"}, "<ins>German (de)</ins>"),
        ({"access": "public"}, "<ins>Public: everyone</ins>"),
        ({"custom": {"term": "spring"}}, "term: <ins>spring</ins>"),
        ({"name": "<b>Cells</b>"}, "Renamed from “Clip” to “<b>Cells</b>”"),
    ],
)
def test_each_field_is_told_before_and_after(
    client: FlaskClient,
    session: Session,
    owner: Principal,
    asset: Asset,
    changes: dict[str, Any],
    told: str,
) -> None:
    assets.edit(session, owner, asset, changes)
    session.commit()
    assert told in shown(client, asset)
    assert "<b>Cells" not in client.get(f"/assets/{asset.id}/history", headers=PARTIAL).text


def test_a_field_of_one_s_own_is_told_by_its_name_while_it_has_one(
    client: FlaskClient, session: Session, owner: Principal, asset: Asset
) -> None:
    given = {"label": "School term", "type": "text", "key": "term"}
    field = custom_fields.create(session, owner, given)
    assets.edit(session, owner, asset, {"custom": {"term": "spring"}})
    session.commit()
    assert "School term: <ins>spring</ins>" in shown(client, asset)
    custom_fields.delete(session, owner, field)
    session.commit()
    assert "term: <ins>spring</ins>" in shown(client, asset)


def test_events_are_filtered_by_kind_person_and_day(
    client: FlaskClient, session: Session, owner: Principal, asset: Asset
) -> None:
    course = make_course(session, owner, title="Biology")
    lesson = session.query(Lesson).filter_by(course_id=course.id).one()
    colleague = make_colleague(session, owner)
    usages.add(session, colleague, lesson.id, [asset.id])
    session.commit()
    lessons = shown(client, asset, "?kind=lessons")
    assert "Added to Biology" in lessons
    assert "Tags changed" not in lessons
    assert "Added to Biology" not in shown(client, asset, "?kind=tags")
    theirs = shown(client, asset, f"?actor={colleague.user_id}")
    assert "Added to Biology" in theirs
    assert "Uploaded" not in theirs.partition("<ol")[2]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    assert "No matching activity." in shown(client, asset, f"?since={tomorrow}")
    whole = client.get(f"/assets/{asset.id}?kind=lessons").text
    assert "Added to Biology" in whole
    assert "Tags changed" not in whole


@pytest.mark.parametrize(
    "query",
    [
        "kind=x",
        "actor=me",
        "since=yesterday",
        "since=9999-12-31T23:59:59-12:00",
        "before=-1",
        "before=99999999999999999999",
        "action=%00",
        "action=Robert');--",
    ],
)
def test_filters_that_make_no_sense_are_refused_in_words(
    client: FlaskClient, asset: Asset, query: str
) -> None:
    reply = client.get(f"/assets/{asset.id}/history?{query}", headers=PARTIAL)
    assert reply.status_code == 422
    assert 'id="problem"' in reply.text


def test_earlier_events_follow_page_by_page(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner)
    for number in range(45):
        audit.record(session, owner, "asset.download", "asset", asset.id, {"version": number})
    session.commit()
    html, found, pages = shown(client, asset), 0, 0
    while True:
        found, pages = found + html.count("Downloaded the original"), pages + 1
        if "Show earlier" not in html:
            break
        address = html.partition('hx-get="/assets')[2]
        address = html.rpartition('hx-get="')[2].partition('"')[0]
        assert "/history/earlier?before=" in address
        html = unescape(client.get(address, headers=PARTIAL).text)
        assert "<section" not in html
    assert (found, pages) == (45, 3)


def test_history_is_exported_as_filtered(
    client: FlaskClient, session: Session, owner: Principal, asset: Asset
) -> None:
    assets.edit(session, owner, asset, {"description": "=HYPERLINK(1)\nsecond line, with comma"})
    session.commit()
    reply = client.get(f"/assets/{asset.id}/history.csv?kind=edits")
    assert reply.mimetype == "text/csv"
    assert reply.headers["Content-Disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(reply.data.decode("utf-8-sig"))))
    assert [row["action"] for row in rows] == ["asset.description"] * 3 + ["asset.tags"] * 2
    assert rows[0]["after"] == "'=HYPERLINK(1)\nsecond line, with comma"
    assert (rows[-1]["before"], rows[-1]["after"]) == ("", "cells, exam")
    assert rows[0]["by"] == owner.name
    reply = client.get(f"/assets/{asset.id}/history.json")
    items = json.loads(reply.text)["items"]
    assert [item["action"] for item in items][-1] == "asset.upload"
    assert len(items) == 6
    assert items[0]["details"]["before"] == "How plants divide in two."


def test_a_change_is_undone_from_the_timeline(
    client: FlaskClient, session: Session, owner: Principal, asset: Asset
) -> None:
    seq = last(session, owner, asset)
    assert f"/undoing?seq={seq}" in shown(client, asset)
    reply = undo(client, asset, seq)
    assert "Undone." in reply.headers["HX-Trigger"]
    session.refresh(asset)
    assert asset.description == "How cells divide in two."
    assert "Undone: Description changed" in shown(client, asset)
    without = client.post(f"/assets/{asset.id}/undoing?seq={last(session, owner, asset)}")
    assert (without.status_code, without.location) == (303, f"/assets/{asset.id}")
    session.refresh(asset)
    assert asset.description == "How plants divide in two."


def test_undoing_what_changed_since_is_refused_in_a_sentence(
    client: FlaskClient, session: Session, owner: Principal, asset: Asset
) -> None:
    seq = last(session, owner, asset)
    assets.edit(session, owner, asset, {"description": "Something else."})
    session.commit()
    reply = undo(client, asset, seq)
    assert reply.status_code == 412
    assert "changed since then" in reply.text
    session.refresh(asset)
    assert asset.description == "Something else."


def test_trash_is_undone_from_the_timeline(
    client: FlaskClient, session: Session, owner: Principal, asset: Asset
) -> None:
    trash.trash(session, owner, asset, days=30, reason="Too old")
    session.commit()
    assert "Moved to the trash: Too old" in shown(client, asset)
    reply = undo(client, asset, last(session, owner, asset))
    assert reply.headers["HX-Redirect"] == f"/assets/{asset.id}"
    session.refresh(asset)
    assert asset.live


@pytest.mark.parametrize("seq", ["", "x", "-1", "99999999999999999999999"])
def test_undoing_needs_a_line_of_this_history(client: FlaskClient, asset: Asset, seq: str) -> None:
    reply = client.post(f"/assets/{asset.id}/undoing?seq={seq}", headers=PARTIAL)
    assert reply.status_code in {404, 422}


def test_colleague_without_the_right_is_offered_no_undo(
    session: Session, sign_in: SignIn, owner: Principal, asset: Asset
) -> None:
    contributor = sign_in(make_colleague(session, owner, Role.CONTRIBUTOR))
    assert "undoing" not in shown(contributor, asset)
    assert undo(contributor, asset, last(session, owner, asset)).status_code == 403


def test_api_s_history_takes_the_same_filters(
    session: Session, api: Caller, owner: Principal, asset: Asset
) -> None:
    path = f"/api/v1/assets/{asset.id}/history"
    colleague = make_colleague(session, owner)
    assets.edit(session, colleague, asset, {"name": "Cells"})
    session.commit()
    said = api.get(f"{path}?action=asset.tags&action=asset.name&total=1").json
    assert [item["action"] for item in said["items"]] == ["asset.name", *["asset.tags"] * 2]
    assert said["total"] == 3
    assert len(api.get(f"{path}?action=asset").json["items"]) == 6
    assert api.get(f"{path}?action=usage").json["items"] == []
    (item,) = api.get(f"{path}?actor={colleague.user_id}").json["items"]
    assert item["action"] == "asset.name"
    assert api.get(f"{path}?actor={uuid.uuid4()}").json["items"] == []
    since = item["at"].replace("+", "%2B")
    assert len(api.get(f"{path}?since={since}").json["items"]) == 1
    for wrong in ("action=tags%20x", "actor=1", "since=soon"):
        reply = api.get(f"{path}?{wrong}")
        assert reply.status_code == 422
        assert wrong.partition("=")[0] in reply.json["errors"]


def test_a_long_text_is_compared_in_moments_and_shown_in_short() -> None:
    words = [f"word{number}" for number in range(3_000)]
    other = [*words[:1_500], "new", *words[1_500:]]
    pieces = diff(" ".join(words), " ".join(other))
    assert [piece.kind for piece in pieces].count("gap") == 2
    assert "new" in "".join(piece.text for piece in pieces if piece.kind == "new")
    assert sum(len(piece.text) for piece in pieces) < 1_000
    backwards = diff(" ".join(words), " ".join(reversed(words)))
    assert "".join(piece.text for piece in backwards if piece.kind != "new") == " ".join(words)
