import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.models import Asset, Role, Tag
from lectern.people.principal import Principal
from lectern.taxonomy import tags
from tests.factories import make_asset, make_colleague
from tests.web.conftest import SignIn

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


def tagged(session: Session, who: Principal, *names: str, **more: str) -> Asset:
    asset = make_asset(session, who, **more)
    tags.put(session, asset, names)
    session.commit()
    return asset


def tag_id(session: Session, name: str) -> str:
    return str(session.scalars(select(Tag.id).where(Tag.name == name)).one())


def listed(html: str) -> list[tuple[str, str]]:
    rows = r'class="tags__name"[^>]*>([^<]*)</a>\s*<span class="tags__files">([^<]*)<'
    return re.findall(rows, html)


def options(html: str) -> list[str]:
    return re.findall(r'role="option"[^>]*data-tag="([^"]*)"', html)


def test_suggestions_are_options_and_offer_a_new_tag(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    tagged(session, owner, "botany", "exam")
    tagged(session, owner, "botany", "bird's eye <b>")
    html = client.get("/tags/suggestions?q=b").text
    assert options(html) == ["botany", "bird&#39;s eye &lt;b&gt;", "b"]
    assert "2 files" in html
    assert options(client.get("/tags/suggestions?q=BOTANY").text) == ["botany"]
    taken = client.get("/tags/suggestions?q=botany&taken=Botany").text
    assert options(taken) == []


def test_whoever_may_see_is_suggested_to(
    session: Session, owner: Principal, sign_in: SignIn
) -> None:
    tagged(session, owner, "botany")
    viewer = sign_in(make_colleague(session, owner, Role.VIEWER))
    assert "botany" in options(viewer.get("/tags/suggestions?q=bot").text)


def test_all_tags_are_listed_with_their_files_in_three_orders(
    client: FlaskClient, session: Session, owner: Principal, stranger: Principal
) -> None:
    tagged(session, owner, "week 10", "botany")
    tagged(session, owner, "botany", "Week 2")
    tags.ensure(session, owner.workspace_id, ["unused"])
    tagged(session, stranger, "elsewhere")
    by_name = [
        ("botany", "2 files"),
        ("unused", "Not used"),
        ("Week 2", "1 file"),
        ("week 10", "1 file"),
    ]
    html = client.get("/tags").text
    assert listed(html) == by_name
    assert "4 tags" in html
    assert 'href="/library?tag=Week+2"' in html
    most = [name for name, _ in listed(client.get("/tags?sort=-files").text)]
    assert most == ["botany", "Week 2", "week 10", "unused"]
    least = [name for name, _ in listed(client.get("/tags?sort=files").text)]
    assert least[0] == "unused"
    found = client.get("/tags/list?q=WEEK&sort=-files", headers=PARTIAL)
    assert [name for name, _ in listed(found.text)] == ["Week 2", "week 10"]
    assert found.headers["HX-Replace-Url"] == "/tags?q=WEEK&sort=-files"
    assert "No tags contain “zebra”." in client.get("/tags?q=zebra").text


@pytest.mark.parametrize("address", ["sort=colour", "page=0", "page=-1", "page=10001"])
def test_an_address_that_makes_no_sense_is_refused(client: FlaskClient, address: str) -> None:
    assert client.get(f"/tags?{address}").status_code == 422


def test_many_tags_come_in_pages(
    client: FlaskClient, session: Session, owner: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tags, "PAGE", 2)
    tagged(session, owner, "a", "b", "c")
    first = client.get("/tags").text
    assert "Page 1 of 2" in first
    assert [name for name, _ in listed(client.get("/tags?page=2").text)] == ["c"]


def test_a_rename_is_shown_before_it_is_done(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    asset = tagged(session, owner, "exam", name="Week 1.mp4")
    exam = tag_id(session, "exam")
    assert 'value="exam"' in client.get(f"/tags/change?tag={exam}", headers=PARTIAL).text
    plan = client.get(f"/tags/change?tag={exam}&name=finals", headers=PARTIAL).text
    assert "Rename to “finals”?" in plan
    assert "1 file will change" in plan
    assert "Week 1.mp4" in plan
    assert "Lessons that use these files are not affected." in plan
    assert [tag.name for tag in asset.tags] == ["exam"]
    same = client.get(f"/tags/change?tag={exam}&name=exam", headers=PARTIAL)
    assert same.status_code == 422
    assert "called that already" in same.text
    data = {"tag": exam, "seen": "exam", "name": "finals"}
    reply = client.post("/tags/change", data=data, headers=PARTIAL)
    assert reply.status_code == 204
    assert "tags-changed" in reply.headers["HX-Trigger"]
    session.expire_all()
    assert [tag.name for tag in asset.tags] == ["finals"]
    stale = client.post("/tags/change", data=data, headers=PARTIAL)
    assert stale.status_code == 422
    assert "Someone renamed a tag" in stale.text


def test_a_taken_name_offers_to_merge(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    asset = tagged(session, owner, "exams")
    tagged(session, owner, "Exam")
    exams = tag_id(session, "exams")
    plan = client.get(f"/tags/change?tag={exams}&name=exam", headers=PARTIAL).text
    assert "Merge into “Exam”?" in plan
    assert 'name="merge" value="1"' in plan
    data = {"tag": exams, "seen": "exams", "name": "exam"}
    assert client.post("/tags/change", data=data, headers=PARTIAL).status_code == 422
    merged = client.post("/tags/change", data={**data, "merge": "1"}, headers=PARTIAL)
    assert merged.status_code == 204
    session.expire_all()
    assert [tag.name for tag in asset.tags] == ["Exam"]


def test_several_are_merged_or_deleted_at_once_also_without_scripts(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    for name in ("a", "b", "c"):
        tagged(session, owner, name)
    ids = [tag_id(session, name) for name in ("a", "b")]
    query = "&".join(f"tag={each}" for each in ids)
    page = client.get(f"/tags/change?{query}").text
    assert "<html" in page
    assert "Merge 2 tags" in page
    assert "2 files will change" in client.get(f"/tags/change?{query}&name=letter").text
    data = {"tag": ids, "seen": ["a", "b"], "name": "letter", "merge": "1"}
    assert client.post("/tags/change", data=data).location == "/tags"
    assert listed(client.get("/tags").text) == [("c", "1 file"), ("letter", "2 files")]
    both = {"tag": [tag_id(session, "c"), tag_id(session, "letter")], "seen": ["c", "letter"]}
    assert client.post("/tags/removal", data=both).status_code == 303
    assert listed(client.get("/tags").text) == []


def test_what_no_tag_is_named_by_is_refused(client: FlaskClient) -> None:
    assert client.get("/tags/change").status_code == 422
    assert client.get("/tags/change?tag=nonsense").status_code == 404
    assert client.post("/tags/removal").status_code == 422


def test_only_owners_and_editors_are_offered_changes(
    session: Session, owner: Principal, sign_in: SignIn
) -> None:
    tagged(session, owner, "exam")
    exam = tag_id(session, "exam")
    contributor = sign_in(make_colleague(session, owner, Role.CONTRIBUTOR))
    html = contributor.get("/tags").text
    assert listed(html) == [("exam", "1 file")]
    assert "Rename exam" not in html
    assert contributor.get(f"/tags/change?tag={exam}").status_code == 403
    assert contributor.post("/tags/removal", data={"tag": exam}).status_code == 403
    editor = sign_in(make_colleague(session, owner, Role.EDITOR))
    assert "Rename exam" in editor.get("/tags").text
