"""The library's filters: addresses, forms, chips, counts and what makes no sense."""

import re
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.people.principal import Principal
from lectern.taxonomy import tags
from tests.factories import make_asset, make_blob, make_course
from tests.web.test_pages_library import PARTIAL, names


def chips(html: str) -> list[str]:
    return re.findall(r'aria-label="Remove the filter ([^"]*)"', html)


@pytest.mark.parametrize(
    ("form", "address"),
    [
        ("size=10000000..100000000", "min_size=10000000&max_size=100000000"),
        ("size=own&size_from=1,5&size_to=", "min_size=1500000"),
        ("size=&min_size=5", ""),
        ("length=..300", "max_duration=300.0"),
        ("length=own&length_from=2", "min_duration=120.0"),
        (
            "date=own&date_from=2026-01-01&date_to=2026-01-31",
            "created_after=2026-01-01T00:00:00Z&created_before=2026-02-01T00:00:00Z",
        ),
        ("tags=any&tag=a&tag=b", "any_tag=a&any_tag=b"),
        ("tags=all&tag=a&tag=b", "tag=a&tag=b"),
        ("kind=&usage=&duplicates=1", "duplicates=1"),
        ("sort=-created", ""),
        ("q=cell&sort=relevance", "q=cell"),
    ],
)
def test_a_choice_in_the_form_becomes_an_address_to_return_to(
    client: FlaskClient, form: str, address: str
) -> None:
    reply = client.get(f"/library/cards?{form}", headers=PARTIAL)
    expected = f"/library?{address}" if address else "/library"
    assert reply.headers["HX-Push-Url"].replace("%3A", ":") == expected


def test_a_choice_that_changes_nothing_is_no_step_back(client: FlaskClient) -> None:
    here = {**PARTIAL, "HX-Current-URL": "http://localhost/library?kind=video"}
    reply = client.get("/library/cards?kind=video", headers=here)
    assert "HX-Push-Url" not in reply.headers
    assert reply.headers["HX-Replace-Url"] == "/library?kind=video"


def test_every_filter_is_a_chip(client: FlaskClient, session: Session, owner: Principal) -> None:
    course = make_course(session, owner, title="Botany")
    day = "created_after=2026-01-01&created_before=2026-02-01"
    html = client.get(
        f"/library?kind=audio&tag=a&any_tag=b&folder=Nowhere&course={course.ref}&usage=formerly"
        f"&state=failed&owner={owner.user_id}&duplicates=1&min_size=5000000&max_duration=90&{day}"
        "&q=cell+tag:typed"
    ).text
    assert chips(html) == [
        "Type: Audio",
        "Folder: Nowhere",
        "Course: Botany",
        "Usage: No longer used",
        "Status: Failed",
        f"Owner: {owner.name}",
        "Duplicates",
        "Tag: a",
        "Tag: b",
        "Added: 2026-01-01 to 2026-01-31",
        "Size: from 5.0 MB",
        "Length: up to 90 s",
        "tag:typed",
    ]


def test_a_chip_leads_to_the_address_without_it(client: FlaskClient) -> None:
    html = client.get("/library?kind=audio&tag=a&q=cell+used:never").text
    links = re.findall(r'<a class="holding [^"]*"\s+href="([^"]*)"', html)
    assert [link.replace("&amp;", "&") for link in links] == [
        "/library?q=cell+used:never&tag=a",
        "/library?q=cell+used:never&kind=audio",
        "/library?q=cell&kind=audio&tag=a",
        "/library?q=cell",
    ]


@pytest.mark.parametrize(("typing", "left"), [("1", "q=used:never"), ("", "usage=used")])
def test_the_last_word_stands(client: FlaskClient, typing: str, left: str) -> None:
    asked = f"/library/cards?q=used:never&usage=used&typing={typing}"
    reply = client.get(asked, headers=PARTIAL)
    said = reply.headers.get("HX-Push-Url") or reply.headers["HX-Replace-Url"]
    assert said.replace("%3A", ":") == f"/library?{left}"


def test_choices_have_the_numbers_of_files(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    used, *_ = [make_asset(session, owner, name=f"clip {n}") for n in range(3)]
    make_asset(session, owner, kind="audio")
    tags.put(session, used, ["botany"])
    course = make_course(session, owner, title="Plants")
    usages.put(session, owner, usages.Place(course.ref), [usages.UsageSpec(used.id)])
    html = re.sub(r"\s+", " ", client.get("/library/facets?kind=video", headers=PARTIAL).text)
    assert 'Video</span> <span class="offer__count">3<' in html
    assert 'Audio</span> <span class="offer__count">1<' in html
    assert 'botany</span> <span class="offer__count">1<' in html
    assert "Plants (1)" in html
    assert html.count("3 files") == 2


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("q=" + "x" * 10_000, "at most 500 characters"),
        ("q=a%00b%07", "control characters"),
        ("q=colour:red", "“colour:” is no search operator"),
        ("cursor=broken", "points to a list that no longer exists"),
        ("kind=tape", "kind must be one of video"),
        ("size=own&size_from=much", "“much” is not a valid limit"),
        ("date=own&date_to=9999-12-31", "is not a valid limit"),
        ("min_size=-1", "min_size cannot be"),
    ],
)
def test_nonsense_is_answered_in_place_of_files_and_controls_stay(
    client: FlaskClient, query: str, sentence: str
) -> None:
    page = client.get(f"/library?{query}&tag=kept")
    assert page.status_code == 422
    assert sentence in page.text
    assert chips(page.text) == ["Tag: kept"]
    part = client.get(f"/library/cards?{query}&tag=kept", headers=PARTIAL)
    assert part.status_code == 422
    assert sentence in part.text
    assert "<html" not in part.text


def test_an_address_out_of_nowhere_never_breaks_the_counts(client: FlaskClient) -> None:
    for query in ("q=colour:red", "q=%00", "folder=Nowhere", "course=none", "tag=none"):
        assert client.get(f"/library/facets?{query}", headers=PARTIAL).status_code in {200, 422}


def test_the_view_is_remembered_by_the_browser(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    make_asset(session, owner, name="Cells", created_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert 'role="columnheader"' not in client.get("/library").text
    client.get("/library/cards?view=list&density=compact", headers=PARTIAL)
    html = client.get("/library").text
    assert 'role="columnheader"' in html
    assert 'data-density="compact"' in html
    client.get("/library?view=nonsense")
    assert 'role="columnheader"' in client.get("/library").text


def test_heads_of_the_list_sort_and_turn(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    make_asset(session, owner, blob=make_blob(session, owner.workspace_id, byte_size=5))
    html = client.get("/library?view=list&sort=-size").text
    assert html.count('aria-sort="descending"') == 1
    head = re.search(r'aria-sort="descending">\s*<a href="([^"]*)"', html)
    assert head is not None
    assert head[1] == "/library?sort=size"


def test_what_is_found_is_marked(client: FlaskClient, session: Session, owner: Principal) -> None:
    make_asset(session, owner, name="Cell walls", description="How a cellar is built.")
    html = client.get("/library?q=cell&view=list").text
    assert "<mark>Cell</mark> walls" in html
    assert 'data-marks="[&#34;cell&#34;]"' in html
    asset_id = re.findall(r'data-asset="([^"]*)"', html)[0]
    again = client.get(f"/library/refresh?id={asset_id}&mark=cell", headers=PARTIAL).text
    assert again.count("<mark>Cell</mark> walls") == 2
    assert "How a <mark>cell</mark>ar is built." in html
    assert names(client.get("/library?q=cell&view=grid").text) == ["Cell walls"]
