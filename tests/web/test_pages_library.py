import re
import uuid
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.library import trash
from lectern.models import Asset, Role
from lectern.people.principal import Principal
from lectern.search import cards
from tests.factories import make_asset, make_colleague, make_course, make_principal
from tests.web.conftest import SignIn
from web.pages.library.views import PAGE, card_html, render_card

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


def names(html: str) -> list[str]:
    plain = re.sub("</?mark>", "", html)
    return re.findall(r'card__name"><a [^>]*>([^<]*)</a>', plain)


def make_many(session: Session, owner: Principal, count: int) -> list[Asset]:
    """Assets named by their age, the oldest being 0."""
    return [
        make_asset(
            session, owner, name=f"clip {n}", created_at=datetime(2026, 1, 1, 0, 0, n, tzinfo=UTC)
        )
        for n in range(count)
    ]


def test_front_door_leads_to_the_library(client: FlaskClient) -> None:
    assert client.get("/").location == "/library"


def test_empty_library_invites_to_drop_a_file(client: FlaskClient) -> None:
    html = client.get("/library").text
    assert "Drop your first recording here" in html
    assert 'id="grid"' not in html


def test_viewer_of_an_empty_library_is_not_asked_to_upload(
    session: Session, sign_in: SignIn
) -> None:
    html = sign_in(make_principal(session, Role.VIEWER)).get("/library").text
    assert "Nothing here yet" in html
    assert "data-upload" not in html


def test_newest_card_is_first_and_shows_what_the_asset_is(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    make_many(session, owner, 2)
    html = client.get("/library").text
    assert names(html) == ["clip 1", "clip 0"]
    assert "1:00" in html
    assert "Not used yet" in html
    assert ">2 files<" in html


def test_pages_follow_one_another_without_gap_or_repetition(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    make_many(session, owner, PAGE - 1)
    make_asset(session, owner, name="old", created_at=datetime(2020, 1, 1, tzinfo=UTC))
    make_asset(session, owner, name="older", created_at=datetime(2019, 1, 1, tzinfo=UTC))
    first = client.get("/library").text
    more = re.search(r'hx-get="([^"]*cursor=[^"]*)"', first)
    assert more is not None
    second = client.get(more[1].replace("&amp;", "&"), headers=PARTIAL).text
    assert [*names(first), *names(second)][-3:] == ["clip 0", "old", "older"]
    assert len(names(first)) == PAGE
    assert "Load more" not in second


def test_load_more_is_a_link_that_works_without_scripts(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    make_many(session, owner, PAGE - 1)
    make_asset(session, owner, name="old", created_at=datetime(2020, 1, 1, tzinfo=UTC))
    make_asset(session, owner, name="older", created_at=datetime(2019, 1, 1, tzinfo=UTC))
    link = re.search(r'<a class="button"\s+href="([^"]*cursor=[^"]*)"', client.get("/library").text)
    assert link is not None
    html = client.get(link[1].replace("&amp;", "&")).text
    assert names(html) == ["older"]
    assert "To the beginning" in html


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("?q=mitosis", ["Mitosis"]),
        ("?q=MITO", ["Mitosis"]),
        ("?kind=audio", ["Podcast"]),
        ("?usage=never&sort=name", ["Mitosis", "Podcast"]),
        ("?sort=name", ["Mitosis", "Podcast"]),
        ("?sort=-name", ["Podcast", "Mitosis"]),
    ],
)
def test_filters_are_in_the_address(
    client: FlaskClient, session: Session, owner: Principal, address: str, found: list[str]
) -> None:
    make_asset(session, owner, name="Mitosis")
    make_asset(session, owner, name="Podcast", kind="audio")
    assert names(client.get(f"/library{address}").text) == found


def test_searching_replaces_the_results_and_the_address(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    make_asset(session, owner, name="Mitosis")
    reply = client.get("/library/cards?q=mito&kind=&sort=&usage=&typing=1", headers=PARTIAL)
    assert reply.headers["HX-Replace-Url"] == "/library?q=mito"
    assert "HX-Push-Url" not in reply.headers
    assert names(reply.text) == ["Mitosis"]
    assert 'id="total"' in reply.text
    assert "<html" not in reply.text


def test_no_match_says_what_was_sought(client: FlaskClient) -> None:
    html = client.get("/library?q=<b>zebra").text
    assert "Nothing matches" in html
    assert "&lt;b&gt;zebra" in html


def test_unknown_kind_is_refused_in_words(client: FlaskClient) -> None:
    reply = client.get("/library?kind=tape")
    assert reply.status_code == 422
    assert "kind must be one of video" in reply.text


def test_name_with_markup_stays_text(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    make_asset(session, owner, name="<script>alert(1)</script>")
    html = client.get("/library").text
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_trash_is_its_own_page(client: FlaskClient, session: Session, owner: Principal) -> None:
    trash.trash(session, owner, make_asset(session, owner, name="Gone"), days=30)
    make_asset(session, owner, name="Kept")
    assert names(client.get("/library").text) == ["Kept"]
    assert names(client.get("/library?trashed=1").text) == ["Gone"]


def test_another_workspace_is_not_shown(client: FlaskClient, session: Session) -> None:
    stranger = make_principal(session)
    theirs = make_asset(session, stranger, name="Secret")
    assert "Secret" not in client.get("/library").text
    refreshed = client.get(f"/library/refresh?id={theirs.id}", headers=PARTIAL)
    assert "Secret" not in refreshed.text


def test_refresh_tells_what_changed_what_is_gone_and_what_is_new(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    shown, gone, newest = (make_asset(session, owner, name=name) for name in ("a", "b", "c"))
    trash.trash(session, owner, gone, days=30)
    address = f"/library/refresh?id={shown.id}&id={gone.id}&id=nonsense&top={shown.id}"
    html = client.get(address, headers=PARTIAL).text
    assert f'id="asset-{shown.id}"' in html
    assert f'<div id="asset-{gone.id}" hx-swap-oob="delete">' in html
    assert f'<div id="row-{gone.id}" hx-swap-oob="delete">' in html
    before, _, after = html.partition("<hx-partial")
    assert names(before) == ["a"]
    assert names(after) == ["c"]
    assert str(newest.id) in after


def test_pushed_card_is_the_page_s_card_with_an_instruction(
    app: Flask, client: FlaskClient, session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner)
    page = client.get("/library").text
    rows = client.get("/library?view=list").text
    with app.app_context():
        pushed = render_card(owner.workspace_id, asset.id)
    plain = pushed.replace(' hx-swap-oob="outerMorph"', "")
    card, row = (part.strip() for part in plain.split('<div class="line"'))
    assert pushed.count('hx-swap-oob="outerMorph"') == 2
    assert card in page
    assert row in rows


def test_pushed_card_of_a_missing_or_foreign_asset_only_removes(
    app: Flask, session: Session, owner: Principal
) -> None:
    theirs = make_asset(session, make_principal(session), name="Secret")
    with app.app_context():
        for asset_id in (theirs.id, uuid.uuid4()):
            assert render_card(owner.workspace_id, asset_id) == (
                f'<div id="asset-{asset_id}" hx-swap-oob="delete" data-purged></div>'
                f'<div id="row-{asset_id}" hx-swap-oob="delete" data-purged></div>'
            )


def test_card_counts_the_places_that_use_it(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    asset, course = make_asset(session, owner), make_course(session, owner)
    usages.put(session, owner, usages.Place(course.ref), [usages.UsageSpec(asset.id)])
    html = client.get(f"/assets/{asset.id}/card", headers=PARTIAL).text
    assert "Used in 1 place<" in html


def test_equal_cards_are_rendered_once(app: Flask, session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner)
    with app.test_request_context():
        card = cards.one(session, owner, asset.id)
        assert card is not None
        assert card_html(card) is card_html(card._replace())
        assert card_html(card) != card_html(card._replace(name="Another"))


def test_failed_card_says_why(app: Flask, session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner, state="failed")
    with app.test_request_context():
        card = cards.one(session, owner, asset.id)
        assert card is not None
        line = cards.TaskLine("playable", "failed", 0, "The video has no pictures.")
        html = card_html(card._replace(tasks=(line,)))
    assert "The video has no pictures." in html
    assert 'data-state="failed"' in html


def test_running_card_shows_each_step(app: Flask, session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner, state="processing")
    with app.test_request_context():
        card = cards.one(session, owner, asset.id)
        assert card is not None
        lines = (
            cards.TaskLine("poster", "done", 100, None),
            cards.TaskLine("playable", "running", 43, None),
        )
        html = card_html(card._replace(tasks=lines))
    assert '<progress max="100" value="43"' in html
    assert html.count('class="step"') == 2
    assert 'aria-busy="true"' in html


def test_contributor_sees_no_button_that_would_be_refused(
    session: Session, sign_in: SignIn, owner: Principal
) -> None:
    make_asset(session, owner)
    viewer = make_colleague(session, owner, Role.VIEWER)
    html = sign_in(viewer).get("/library").text
    assert 'data-post="trashing"' not in html
    assert "data-original" not in html


def test_signed_out_browser_is_sent_to_the_door(app: Flask) -> None:
    reply = app.test_client().get("/library?kind=video")
    assert reply.status_code == 303
    assert reply.location == "/sign-in?next=/library%3Fkind%3Dvideo"


def test_sound_without_a_picture_keeps_its_own_drawing(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    heard = [make_asset(session, owner, name=f"{n}.mp3", kind="audio") for n in range(2)]
    drawn = [drawing(client.get(f"/assets/{each.id}/card").text) for each in [*heard, heard[0]]]
    assert drawn[0] == drawn[2]
    assert drawn[0] != drawn[1]


def test_document_is_drawn_as_a_sheet_with_its_type(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner, name="Term <1>.pdf", kind="document")
    assert ">PDF</text>" in drawing(client.get(f"/assets/{asset.id}/card").text)


def drawing(html: str) -> str:
    found = re.search(r'<svg class="motif.*?</svg>', html, re.DOTALL)
    assert found, html
    return found[0]
