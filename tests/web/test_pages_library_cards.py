"""Cards cut from a shape are the cards that their template makes."""

import time
import uuid
from datetime import UTC, datetime

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from lectern.search.cards import Card, TaskLine
from web.pages.library.cards import CARD, ROW, card_html, row_html

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Co"]), max_size=20)
CARDS = st.builds(
    Card,
    id=st.uuids(),
    name=TEXT,
    kind=st.sampled_from(["video", "audio", "image", "document"]),
    state=st.sampled_from(["ready", "processing", "failed"]),
    mime=st.sampled_from(["video/mp4", "image/png"]),
    poster=st.none() | st.from_regex(r"[0-9a-f]{12}", fullmatch=True),
    duration=st.sampled_from(["", "0:07", "1:02:03"]),
    size=st.sampled_from(["", "1.2 MB", "0 B"]),
    tags=st.lists(TEXT, max_size=6).map(tuple),
    usage_count=st.integers(0, 2_000),
    usage=st.sampled_from(["used", "formerly", "never"]),
    version=st.integers(1, 300),
    width=st.none(),
    height=st.none(),
    lock_version=st.integers(1, 9),
    created_at=st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    tasks=st.just(()),
    trashed=st.booleans(),
    snippet=st.just("") | TEXT,
)


@given(card=CARDS, oob=st.booleans())
def test_a_cut_card_is_what_its_template_makes(application: Flask, card: Card, oob: bool) -> None:
    with application.test_request_context():
        for template, cut in ((CARD, card_html), (ROW, row_html)):
            made = application.jinja_env.get_template(template).render(card=card, oob=oob)
            assert cut(card, oob) == made


def card(**values: object) -> Card:
    plain = {
        "id": uuid.uuid4(),
        "name": "Cells & walls",
        "kind": "video",
        "state": "ready",
        "mime": "video/mp4",
        "poster": "abcdef012345",
        "duration": "1:00",
        "size": "12 MB",
        "tags": ("cell biology",),
        "usage_count": 2,
        "usage": "used",
        "version": 1,
        "width": None,
        "height": None,
        "lock_version": 1,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "tasks": (),
        "trashed": False,
    }
    return Card(**{**plain, **values})  # type: ignore[arg-type]


def test_words_are_marked_in_texts_and_never_in_attributes(application: Flask) -> None:
    with application.test_request_context():
        html = card_html(card(), words=("cell",))
    assert "<mark>Cell</mark>s &amp; walls</a>" in html
    assert "<mark>cell</mark> biology" in html
    assert 'aria-label="Actions for Cells &amp; walls"' in html


def test_a_row_shows_the_passage_that_matches(application: Flask) -> None:
    with application.test_request_context():
        html = row_html(card(snippet="… of the <b>cell</b> …"), words=("cell",))
    assert "… of the &lt;b&gt;<mark>cell</mark>&lt;/b&gt; …" in html


def test_a_card_under_way_shows_its_own_steps(application: Flask) -> None:
    running = card(state="processing", tasks=(TaskLine("playable", "running", 43, None),))
    with application.test_request_context():
        assert 'value="43"' in card_html(running)


def test_a_card_under_way_leaves_out_what_begins_after_another_step(
    application: Flask,
) -> None:
    lines = (
        TaskLine("playable", "running", 43, None),
        TaskLine("slides", "waiting", 0, "This starts when the file can be played.", held=True),
    )
    with application.test_request_context():
        html = card_html(card(state="processing", tasks=lines))
    assert "Converting for playback" in html
    assert "Reading the slides" not in html
    assert "This starts" not in html


@pytest.mark.parametrize("known", [False, True])
def test_cards_cost_little(application: Flask, known: bool) -> None:
    """CPU time only, and the best of five: the bars hold on a busy machine too."""
    shown = [card(name=f"clip {number}", usage_count=number % 7) for number in range(60)]
    with application.test_request_context():
        for each in [*shown, *(shown if known else [])]:
            card_html(each if known else each._replace(id=uuid.uuid4()))
        best = min(measured(shown, fresh=not known) for _ in range(5))
    assert best < (0.5e-3 if known else 2.6e-3)


def measured(shown: list[Card], fresh: bool) -> float:
    """Seconds of CPU for the cards, which nobody has seen yet when they are `fresh`."""
    asked = [each._replace(id=uuid.uuid4()) if fresh else each for each in shown]
    begin = time.process_time()
    for each in asked:
        card_html(each)
    return time.process_time() - begin
