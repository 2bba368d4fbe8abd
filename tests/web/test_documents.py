"""Documents on their page and over the API: one page at a time, and places to jump to."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.insight import slides
from lectern.models import Asset, Blob, Task, TaskState
from lectern.people.principal import Principal
from lectern.renditions import documents, page_texts, places, renditions
from lectern.renditions.page_texts import PageText
from lectern.renditions.places import Bookmark, Link, Places
from lectern.storage import Storage
from tests.factories import make_asset, make_principal
from tests.web.answers import assert_problem, items
from tests.web.conftest import Caller, current_version, stored_blob

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}
PLACES = Places(
    (Bookmark("Tides", 0, 1), Bookmark("The <Moon>", 1, 3), Bookmark("Appendix", 0)),
    (
        Link(1, "See the sources", 2),
        Link(2, "Our site", url="https://example.org/a?b=1&c=2"),
        Link(3, "", url="mailto:hello@example.org"),
    ),
)
TEXTS = [PageText(1, "High water."), PageText(3, "The moon pulls.")]
Store = Callable[[bytes], Blob]


@pytest.fixture
def store(session: Session, storage: Storage, tmp_path: Path) -> Callable[[Principal], Store]:
    return lambda owner: lambda data: stored_blob(session, storage, owner, data, tmp_path)


def document(
    session: Session,
    owner: Principal,
    store: Callable[[Principal], Store],
    *,
    drawn: int = 2,
    notes: tuple[str, ...] = (),
) -> Asset:
    """Three pages, the second of them a scan; as many pictures as are `drawn`."""
    asset = make_asset(session, owner, name="Tides", kind="document", mime="application/pdf")
    version = current_version(session, asset)
    key = (version.workspace_id, version.blob_id)
    facts = {"pages": 3, "letters": 26, "notes": list(notes)}
    put = store(owner)
    renditions.record(session, *key, page_texts.SPEC, put(page_texts.dumped(TEXTS)), facts)
    renditions.record(session, *key, places.SPEC, put(places.dumped(PLACES)), {})
    for number in range(1, drawn + 1):
        picture = put(f"page {number}".encode())
        renditions.record(session, *key, documents.page(number), picture, {})
    slides.record_pages(session, *key, places.searchable(TEXTS, PLACES))
    session.commit()
    return asset


def test_the_first_page_is_shown_and_the_way_to_the_next(
    session: Session, client: FlaskClient, owner: Principal, store: Callable[[Principal], Store]
) -> None:
    asset = document(session, owner, store)
    page = client.get(f"/assets/{asset.id}").text
    assert f'src="/m/{asset.id}/v/1/pages/1.webp"' in page
    assert 'alt="Page 1 of 3"' in page
    assert f'href="/assets/{asset.id}?page=2#stage"' in page
    assert "High water." in page


def test_any_page_can_be_asked_for(
    session: Session, client: FlaskClient, owner: Principal, store: Callable[[Principal], Store]
) -> None:
    asset = document(session, owner, store)
    second = client.get(f"/assets/{asset.id}/stage?page=2", headers=PARTIAL).text
    assert f'src="/m/{asset.id}/v/1/pages/2.webp"' in second
    # There is no picture of the third, so its text is shown.
    third = client.get(f"/assets/{asset.id}/stage?page=3", headers=PARTIAL).text
    assert "pages/3.webp" not in third
    assert "The moon pulls." in third
    assert "the first 2 pages only" in third
    for odd in ("99", "0", "-1", "x", "9" * 400):
        text = client.get(f"/assets/{asset.id}/stage?page={odd}", headers=PARTIAL).text
        assert 'max="3"' in text


def test_bookmarks_and_links_lead_to_pages_and_out(
    session: Session, client: FlaskClient, owner: Principal, store: Callable[[Principal], Store]
) -> None:
    asset = document(session, owner, store)
    panel = client.get(f"/assets/{asset.id}/contents", headers=PARTIAL).text
    assert f'href="/assets/{asset.id}?page=3#stage"' in panel
    assert "The &lt;Moon&gt;" in panel
    assert 'href="https://example.org/a?b=1&amp;c=2" target="_blank" rel="noopener' in panel
    assert 'href="mailto:hello@example.org"' in panel
    # A heading that leads nowhere is no link.
    assert "Appendix" in panel


def test_a_match_leads_to_its_page(
    session: Session, client: FlaskClient, owner: Principal, store: Callable[[Principal], Store]
) -> None:
    asset = document(session, owner, store)
    found = client.get(f"/assets/{asset.id}/said/matches?find=moon", headers=PARTIAL).text
    assert f'href="/assets/{asset.id}?page=3#stage"' in found


def test_what_could_not_be_shown_is_said(
    session: Session, client: FlaskClient, owner: Principal, store: Callable[[Principal], Store]
) -> None:
    note = "Pictures of the pages need LibreOffice on the server. The text can be searched."
    asset = document(session, owner, store, drawn=0, notes=(note,))
    page = client.get(f"/assets/{asset.id}").text
    assert note in page
    assert "High water." in page
    german = client.get(f"/assets/{asset.id}", headers={"Accept-Language": "de"}).text
    assert "LibreOffice installiert sein" in german


def test_pictures_of_pages_are_for_those_who_may_see_the_file(
    session: Session, api: Caller, store: Callable[[Principal], Store]
) -> None:
    asset = document(session, api.who, store)
    reply = api.get(f"/m/{asset.id}/v/1/pages/2.webp")
    assert (reply.data, reply.mimetype) == (b"page 2", "image/webp")
    assert_problem(api.get(f"/m/{asset.id}/v/1/pages/3.webp"), 404)
    theirs = document(session, make_principal(session), store)
    assert_problem(api.get(f"/m/{theirs.id}/v/1/pages/1.webp"), 404)
    assert_problem(api.get(f"/api/v1/assets/{theirs.id}/places"), 404)


def test_the_api_lists_places(
    session: Session, api: Caller, store: Callable[[Principal], Store]
) -> None:
    asset = document(session, api.who, store)
    found = items(api.get(f"/api/v1/assets/{asset.id}/places"))
    assert found[1] == {
        "kind": "bookmark",
        "title": "The <Moon>",
        "level": 1,
        "on": None,
        "page": 3,
        "url": None,
    }
    assert found[4] == {
        "kind": "link",
        "title": "Our site",
        "level": None,
        "on": 2,
        "page": None,
        "url": "https://example.org/a?b=1&c=2",
    }
    assert len(found) == 6
    other = make_asset(session, api.who, kind="video")
    session.commit()
    assert items(api.get(f"/api/v1/assets/{other.id}/places")) == []


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//example.org",
        "https://",
        "mailto:",
        "https://[broken",
        "https://example.org/" + "a" * 2_000,
    ],
)
def test_what_is_no_address_to_follow_is_left_out(url: str) -> None:
    assert places.followable(url) is None


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://example.org/a", "https://example.org/a"),
        (" http://example.org ", "http://example.org"),
        ("www.example.org", "https://www.example.org"),
        ("mailto:a@example.org", "mailto:a@example.org"),
    ],
)
def test_what_is_one_stays(written: str, url: str) -> None:
    assert places.followable(written) == url


def test_a_locked_document_says_that_it_is_locked(
    session: Session, client: FlaskClient, owner: Principal
) -> None:
    asset = make_asset(session, owner, kind="document", mime="application/pdf")
    version = current_version(session, asset)
    reason = "The PDF is password-protected, so its pages cannot be shown or searched."
    session.add(
        Task(
            workspace_id=asset.workspace_id,
            asset_id=asset.id,
            version_id=version.id,
            queue="media",
            step="poster",
            state=TaskState.SKIPPED,
            reason=reason,
        )
    )
    session.commit()
    assert reason in client.get(f"/assets/{asset.id}").text
