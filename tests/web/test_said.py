"""What is said and shown, on pages and over the API."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.insight import slides, transcripts
from lectern.insight.slides import Line, Shown
from lectern.insight.transcripts import Heard, Segment
from lectern.library import versions
from lectern.models import Asset
from lectern.people.principal import Principal
from tests.factories import make_asset, make_blob, make_principal
from tests.web.answers import assert_problem, items
from tests.web.conftest import Caller

ASSETS = "/api/v1/assets"


def lecture(session: Session, owner: Principal, name: str = "Lecture") -> Asset:
    """Three sentences, the last two of which are said while the slide is shown."""
    asset = make_asset(session, owner, name=name)
    version = versions.get_current(session, asset)
    assert version is not None
    told = ["Welcome.", "Osmosis is a <movement> of water.", "Osmosis ends.", "Osmosis again."]
    spoken = [Segment(n * 61.0, n * 61.0 + 5, each) for n, each in enumerate(told)]
    key = (version.workspace_id, version.blob_id, "nano", "settings")
    transcripts.record(session, *key, heard=Heard("en", spoken))
    lines = [[Line("Osmosis & water", 0.9, (0, 0, 1, 1))]]
    thumbs = [make_blob(session, asset.workspace_id, mime="image/webp")]
    slides.record(session, version, "reader", [Shown(60.0, 200.0, 0)], lines, thumbs)
    session.commit()
    return asset


def test_a_list_says_where_the_words_are(session: Session, api: Caller) -> None:
    asset = lecture(session, api.who)
    (item,) = items(api.get(f"{ASSETS}?q=osmosis"))
    assert item["matches_total"] == 4
    shown, first, second = item["matches"]
    assert (shown["kind"], shown["start"], shown["end"]) == ("shown", 60.0, 200.0)
    assert (first["kind"], first["start"]) == ("said", 61.0)
    assert first["text"] == "Osmosis is a <movement> of water."
    assert first["thumbnail_url"] == f"/m/{asset.id}/v/1/slides/0.webp"
    assert second["start"] == 122.0
    (item,) = items(api.get(ASSETS))
    assert "matches" not in item
    (item,) = items(api.get(f"{ASSETS}?said=welcome"))
    assert [each["text"] for each in item["matches"]] == ["Welcome."]
    assert item["matches"][0]["thumbnail_url"] is None
    assert items(api.get(f"{ASSETS}?shown=welcome")) == []


def test_one_file_is_searched(session: Session, api: Caller) -> None:
    asset = lecture(session, api.who)
    found = items(api.get(f"{ASSETS}/{asset.id}/matches?q=osmosis"))
    assert [each["start"] for each in found] == [60.0, 61.0, 122.0, 183.0]
    assert items(api.get(f"{ASSETS}/{asset.id}/matches?q=shown:osmosis")) == found[:1]
    assert items(api.get(f"{ASSETS}/{asset.id}/matches")) == []
    assert_problem(api.get(f"{ASSETS}/{asset.id}/matches?q=wrong:x"), 422)
    theirs = lecture(session, make_principal(session))
    assert_problem(api.get(f"{ASSETS}/{theirs.id}/matches?q=osmosis"), 404)


@pytest.mark.usefixtures("owner")
def test_the_library_shows_sentences_and_the_way_to_them(
    session: Session, client: FlaskClient, owner: Principal
) -> None:
    asset = lecture(session, owner)
    assert "/library/said?q=osmosis" in client.get("/library?q=osmosis").text
    assert 'id="matches"' not in client.get("/library?kind=video").text
    page = client.get("/library/said?q=osmosis").text
    assert f'data-matches="{asset.id}"' in page
    assert "<mark>Osmosis</mark> is a &lt;movement&gt; of water." in page
    assert f"/watch/{asset.id}?t=61" in page
    assert "Play from 1:01" in page
    assert "3 more matches in this file" in page
    assert "_blank" not in page
    assert 'target="_blank"' in client.get("/library/said?q=osmosis&aside=1").text
    assert client.get("/library/said?q=unheard").text.strip() == ""
    assert client.get("/library/said?q=wrong:x").text.strip() == ""


def test_a_file_is_searched_on_its_page(
    session: Session, client: FlaskClient, owner: Principal
) -> None:
    asset = lecture(session, owner)
    page = client.get(f"/assets/{asset.id}?find=ends").text
    assert 'id="said-find"' in page
    assert 'value="ends"' in page
    assert f"/m/{asset.id}/v/1/slides/0.webp" in page
    search = f"/assets/{asset.id}/said/matches?find="
    found = client.get(f"{search}ends").text
    assert "Osmosis <mark>ends</mark>." in found
    assert "1 place" in found
    assert "No matches in this file" in client.get(f"{search}xyz").text
    assert "is no search operator" in client.get(f"{search}wrong:x").text
    bare = make_asset(session, owner)
    session.commit()
    assert 'id="said-find"' not in client.get(f"/assets/{bare.id}").text


def test_words_in_controls_are_chips(
    session: Session, client: FlaskClient, owner: Principal
) -> None:
    lecture(session, owner)
    page = client.get("/library?said=osmosis&shown=").text
    assert '<span class="holding__title">Spoken</span>' in page
    assert "On screen</span><span" not in page
    assert 'name="said" value="osmosis"' in page
