"""Choosing files with the mouse, the keyboard and a finger; the choice stays where it was made."""

import itertools
import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, StorageState, expect

from tests.flows import many
from tests.flows.conftest import Served, clear_selection, watch


@pytest.fixture(scope="module")
def files(served: Served) -> str:
    """Enough files for three pages of cards; the word that finds them."""
    many.make(served, "Selectable", 135)
    return "Selectable"


@pytest.fixture
def library(page: Page, served: Served, files: str) -> Iterator[Page]:
    """The library with these files only, and nothing selected."""
    address = f"{served.base}/library?q={files}&sort=-created"
    page.goto(address)
    unselect(page)
    yield page
    page.goto(address)
    clear_selection(page)


def unselect(page: Page) -> None:
    """As the page's own button does, whatever is shown."""
    clear_selection(page)
    with page.expect_response(re.compile("/selection/changes")):
        page.reload()
    expect(bar(page)).to_be_hidden()


def bar(page: Page) -> Locator:
    return page.get_by_role("toolbar", name="Selected files")


def item(page: Page, number: int) -> Locator:
    """A file by its number; 135 is the first."""
    return page.locator("card-grid [data-asset]").filter(
        has=page.get_by_role("link", name=f"Selectable {number}", exact=True)
    )


def link(page: Page, number: int) -> Locator:
    return page.get_by_role("link", name=f"Selectable {number}", exact=True)


def selected(page: Page) -> list[int]:
    """The numbers of the files that look selected."""
    texts = page.locator('card-grid [aria-selected="true"] a').all_inner_texts()
    return sorted((int(text.split()[-1]) for text in texts if text.strip()), reverse=True)


def says(page: Page, words: str) -> None:
    expect(bar(page)).to_contain_text(words)


def test_mouse_selects_ranges_and_single_files(library: Page) -> None:
    item(library, 134).hover()
    library.get_by_role("checkbox", name="Select Selectable 134", exact=True).check()
    link(library, 130).click(modifiers=["Shift"])
    says(library, "5 selected")
    assert selected(library) == [134, 133, 132, 131, 130]
    link(library, 132).click(modifiers=["Shift"])
    says(library, "3 selected")
    link(library, 125).click(modifiers=["Control"])
    link(library, 133).click(modifiers=["Control"])
    says(library, "3 selected")
    assert selected(library) == [134, 132, 125]
    expect(library).to_have_url(re.compile("/library"))


def test_keyboard_moves_selects_and_extends(library: Page) -> None:
    grid = library.get_by_role("grid")
    expect(grid).to_have_attribute("aria-multiselectable", "true")
    assert grid.locator('[tabindex="0"]').count() == 1
    link(library, 135).focus()
    library.keyboard.press("ArrowRight")
    expect(link(library, 134)).to_be_focused()
    library.keyboard.press("Space")
    library.keyboard.press("Shift+ArrowRight")
    library.keyboard.press("Shift+ArrowRight")
    says(library, "3 selected")
    library.keyboard.press("Shift+ArrowLeft")
    says(library, "2 selected")
    assert selected(library) == [134, 133]
    library.keyboard.press("Control+Home")
    expect(link(library, 135)).to_be_focused()
    library.keyboard.press("ArrowDown")
    below = item(library, 135).bounding_box(), library.evaluate(BOX)
    assert below[0] is not None
    assert abs(below[0]["x"] - below[1]["x"]) < 2
    assert below[1]["y"] > below[0]["y"]
    library.keyboard.press("ArrowUp")
    library.keyboard.press("End")
    ends = library.evaluate(BOX)
    assert ends["y"] == pytest.approx(below[0]["y"], abs=2)
    assert ends["x"] > below[0]["x"]
    library.keyboard.press("Tab")
    assert library.evaluate("!document.activeElement.closest('[data-asset]')")
    link(library, 135).focus()
    library.keyboard.press("Escape")
    expect(bar(library)).to_be_hidden()
    library.keyboard.press("Enter")
    expect(library).to_have_url(re.compile("/assets/"))


BOX = """() => {
  const { x, y } = document.activeElement.closest('[data-asset]').getBoundingClientRect();
  return { x, y };
}"""


def test_menu_key_opens_the_menu_of_the_file(library: Page) -> None:
    link(library, 133).focus()
    library.keyboard.press("Shift+F10")
    expect(library.get_by_role("button", name="Rename…").first).to_be_visible()
    library.keyboard.press("Escape")


def test_rectangle_selects_and_scrolls_at_the_edge(library: Page) -> None:
    box = item(library, 135).bounding_box()
    assert box is not None
    library.mouse.move(box["x"] - 6, box["y"] - 6)
    library.mouse.down()
    library.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40, steps=5)
    expect(item(library, 135)).to_have_attribute("data-banded", "")
    library.mouse.move(box["x"] + box["width"] / 2, 798, steps=5)
    library.wait_for_function("() => scrollY > 600")
    library.mouse.up()
    expect(bar(library)).to_be_visible()
    # One column, from the first row on, is what it went over.
    column = selected(library)
    assert column[0] == 135
    assert len(column) >= 4
    steps = {a - b for a, b in itertools.pairwise(column)}
    assert len(steps) == 1
    library.evaluate("scrollTo(0, 0)")
    library.mouse.move(box["x"] - 6, box["y"] - 6)
    library.mouse.down()
    library.mouse.move(box["x"] + 900, box["y"] + 300, steps=5)
    library.keyboard.press("Escape")
    library.mouse.up()
    assert selected(library) == column
    expect(library.locator(".band")).to_have_count(0)


def test_all_that_match_are_selected_over_pages_and_filters(library: Page, files: str) -> None:
    link(library, 135).focus()
    library.keyboard.press("Control+a")
    says(library, "Select all 135 matching")
    library.get_by_role("button", name="Select all 135 matching").click()
    says(library, "135 selected")
    library.get_by_role("searchbox").fill(f"{files} 13")
    expect(link(library, 1)).to_have_count(0)
    says(library, "135 selected")
    link(library, 134).click(modifiers=["Control"])
    says(library, "134 selected")
    library.get_by_role("searchbox").fill(files)
    expect(link(library, 120)).to_be_visible()
    says(library, "134 selected")
    assert 134 not in selected(library)
    library.reload()
    says(library, "134 selected")
    expect(item(library, 135)).to_have_attribute("aria-selected", "true")
    expect(item(library, 134)).to_have_attribute("aria-selected", "false")
    link(library, 135).click()
    expect(library.get_by_role("heading", name="Selectable 135")).to_be_visible()
    library.go_back()
    says(library, "134 selected")


def test_another_tab_shows_the_same_when_one_turns_to_it(
    library: Page, context: BrowserContext, served: Served, files: str
) -> None:
    other = context.new_page()
    wrong = watch(other, served.base)
    other.goto(f"{served.base}/library?q={files}&sort=-created")
    with library.expect_response(lambda reply: '"add":["' in (reply.request.post_data or "")):
        link(library, 131).click(modifiers=["Control"])
    says(library, "1 selected")
    other.evaluate("dispatchEvent(new Event('focus'))")
    says(other, "1 selected")
    expect(item(other, 131)).to_have_attribute("aria-selected", "true")
    with other.expect_response(lambda reply: '"add":["' in (reply.request.post_data or "")):
        link(other, 130).click(modifiers=["Control"])
    says(other, "2 selected")
    library.evaluate("dispatchEvent(new Event('focus'))")
    says(library, "2 selected")
    assert selected(library) == [131, 130]
    assert wrong == []
    other.close()


def test_a_choice_that_cannot_be_kept_is_told_and_taken_back(
    page: Page, context: BrowserContext, served: Served, files: str
) -> None:
    # Not the fixture's page, which fails on the browser's own message about the lost request.
    other = context.new_page()
    other.goto(f"{served.base}/library?q={files}&sort=-created")
    unselect(other)
    refused = []

    def refuse(route: object, request: object) -> None:
        if '"add"' in (request.post_data or ""):  # type: ignore[attr-defined]
            refused.append(request)
            route.abort()  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    other.route("**/selection/changes", refuse)
    link(other, 129).click(modifiers=["Control"])
    expect(other.get_by_text("The selection could not be saved.")).to_be_visible()
    expect(item(other, 129)).to_have_attribute("aria-selected", "false")
    expect(bar(other)).to_be_hidden()
    assert refused
    other.close()


def test_a_long_press_begins_and_taps_go_on(
    browser: Browser, served: Served, signed_in: StorageState, files: str
) -> None:
    context = browser.new_context(
        storage_state=signed_in,
        viewport={"width": 390, "height": 780},
        has_touch=True,
        is_mobile=True,
    )
    page = context.new_page()
    wrong = watch(page, served.base)
    page.goto(f"{served.base}/library?q={files}&sort=-created")
    unselect(page)
    press(page, item(page, 135))
    says(page, "1 selected")
    assert selected(page) == [135]
    link(page, 134).tap()
    says(page, "2 selected")
    expect(page).to_have_url(re.compile("/library"))
    box = page.get_by_role("checkbox", name="Select Selectable 133", exact=True)
    expect(box).to_be_visible()
    size = box.bounding_box()
    assert size is not None
    assert min(size["width"], size["height"]) >= 24
    box.tap()
    says(page, "3 selected")
    page.get_by_role("button", name="Clear the selection").tap()
    expect(bar(page)).to_be_hidden()
    link(page, 135).tap()
    expect(page).to_have_url(re.compile("/assets/"))
    assert wrong == []
    context.close()


def press(page: Page, target: Locator) -> None:
    """A finger that stays; Playwright has no such gesture of its own."""
    box = target.bounding_box()
    assert box is not None
    touch = page.context.new_cdp_session(page)
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + 30}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
    expect(bar(page)).to_be_visible()
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_a_selection_is_accessible_and_fits(
    browser: Browser, served: Served, signed_in: StorageState, files: str, scheme: str, width: int
) -> None:
    context = browser.new_context(
        storage_state=signed_in,
        viewport={"width": width, "height": 720},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(f"{served.base}/library?q={files}&sort=-created")
    unselect(page)
    link(page, 135).click(modifiers=["Control"])
    says(page, "1 selected")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    unselect(page)
    context.close()
