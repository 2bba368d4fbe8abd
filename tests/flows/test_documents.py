"""Documents as a person meets them: searched, leafed through, jumped about in."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.flows.api import Api
from tests.flows.conftest import Served
from tests.lectern.media import documents

SLIDES = (
    ("Plate tectonics", "Why continents drift", "Mention Wegener"),
    ("Trenches", "Where plates dive", ""),
    ("Ridges", "Where they are made", ""),
)


def check_axe(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [1280, 320])
def test_a_book_is_leafed_through_and_jumped_about_in(
    page: Page, served: Served, api: Api, tmp_path: Path, width: int
) -> None:
    made = api.add(documents.book(tmp_path / "book.pdf"), on_duplicate="keep")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{served.base}/assets/{made['id']}")
    stage = page.get_by_role("region", name="Document")
    first = stage.get_by_role("img", name="Page 1 of 3")
    expect(first).to_be_visible()
    page.wait_for_function(
        "() => document.querySelector('.viewer__sheet').src.includes('/pages/1.webp')"
    )
    check_axe(page)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

    stage.get_by_role("link", name="Next page").click()
    expect(stage.get_by_role("img", name="Page 2 of 3")).to_be_visible()
    # The keyboard stays where it was.
    page.keyboard.press("Enter")
    expect(stage.get_by_role("img", name="Page 3 of 3")).to_be_visible()
    expect(stage.get_by_role("link", name="Next page")).to_be_disabled()
    assert "page=3" in page.url

    number = stage.get_by_role("spinbutton", name="Page")
    number.fill("1")
    number.press("Enter")
    expect(stage.get_by_role("img", name="Page 1 of 3")).to_be_visible()

    contents = page.get_by_role("region", name="Contents")
    contents.get_by_role("link", name="The Moon").click()
    expect(stage.get_by_role("img", name="Page 2 of 3")).to_be_visible()
    out = contents.get_by_role("link", name="Lectern on the web")
    expect(out).to_have_attribute("href", "https://example.org/lectern?a=1")
    expect(out).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(contents.get_by_role("link")).to_have_count(6)


def test_a_slide_is_found_by_what_the_speaker_noted(
    page: Page, served: Served, api: Api, tmp_path: Path
) -> None:
    made = api.add(documents.deck(tmp_path / "talk.pptx", SLIDES), on_duplicate="keep")
    page.goto(f"{served.base}/assets/{made['id']}")
    page.get_by_role("searchbox", name="Text of the document").fill("dive")
    page.get_by_role("link", name="Page 2").filter(has_text="Where plates dive").click()
    stage = page.get_by_role("region", name="Document")
    expect(stage.get_by_role("spinbutton", name="Page")).to_have_value("2")
    page.goto(f"{served.base}/library?q=wegener")
    page.get_by_role("link", name="Mention Wegener").click()
    expect(stage.get_by_role("spinbutton", name="Page")).to_have_value("1")
    check_axe(page)
