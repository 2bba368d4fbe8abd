"""The library page: searching, filtering, sorting and looking, with Back, Forward and reload."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.flows.api import Api
from tests.flows.conftest import Served

# No word of these is said or shown in the lecture itself, which is searched too.
NAMES = ("Photosynthesis in leaves", "useMarmalade final", "Cell walls", "Quiet recording")


@pytest.fixture(scope="module")
def shelf(api: Api, lecture: Path) -> list[str]:
    """The ids of four files whose names, tags and descriptions differ; the first is used."""
    ids = []
    for number, name in enumerate(NAMES):
        asset = api.add(lecture, on_duplicate="keep")
        changes = {
            "name": name,
            "tags": ["shelf", "botany"] if number == 0 else ["shelf", f"shelf {number}"],
            "description": "All about chloroplasts." if number == 2 else "",
        }
        assert api.call("PATCH", f"/assets/{asset['id']}", changes).status == 200
        ids.append(asset["id"])
    lessons = [{"ref": "l", "title": "Leaves"}]
    course = {"title": "Botany", "chapters": [{"ref": "c", "title": "C", "lessons": lessons}]}
    assert api.call("PUT", "/courses/botany", course).status in {200, 201}
    used = api.call("PUT", "/courses/botany/lessons/l/usages", {"assets": [{"id": ids[0]}]})
    assert used.status == 200
    return ids


def files(page: Page) -> list[str]:
    return page.locator("card-grid [data-asset] a").all_inner_texts()


def box(page: Page) -> Locator:
    return page.get_by_role("searchbox", name="Search the library")


def only(page: Page, *names: str) -> None:
    shown = page.locator("card-grid [data-asset]")
    expect(shown).to_have_count(len(names))
    for name in names:
        expect(shown.filter(has_text=name)).to_have_count(1)


def choose(page: Page, menu: str, choice: str) -> None:
    """Open a filter's menu unless it is open, and click a choice."""
    details = page.locator("details").filter(has=page.locator("summary", has_text=menu))
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    details.locator("label").filter(has_text=choice).first.click()


def test_searching_while_typing_keeps_the_address_and_asks_once(
    page: Page, served: Served, shelf: list[str]
) -> None:
    page.goto(f"{served.base}/library?tag=shelf")
    only(page, *NAMES)
    asked: list[Request] = []
    page.on("request", lambda r: asked.append(r) if "/library/cards" in r.url else None)
    before = page.evaluate("history.length")
    page.keyboard.press("/")
    expect(box(page)).to_be_focused()
    page.keyboard.type("marmalade", delay=20)
    only(page, "useMarmalade final")
    assert len(asked) == 1
    assert "undefined" not in asked[0].url
    expect(page.locator("mark")).to_have_text("Marmalade")
    expect(page).to_have_url(re.compile(r"\?q=marmalade&tag=shelf$|\?tag=shelf&q=marmalade$"))
    assert page.evaluate("history.length") == before
    page.reload()
    only(page, "useMarmalade final")
    expect(box(page)).to_have_value("marmalade")
    box(page).focus()
    page.keyboard.press("Escape")
    expect(box(page)).to_have_value("")
    only(page, *NAMES)


def test_back_and_forward_walk_the_filters(page: Page, served: Served, shelf: list[str]) -> None:
    page.goto(f"{served.base}/library?tag=shelf")
    choose(page, "Usage", "Not currently used")
    only(page, *NAMES[1:])
    page.keyboard.press("Escape")
    page.get_by_label("Sort by").select_option("Name, A to Z")
    expect(page).to_have_url(re.compile("sort=name"))
    expect(page.locator("card-grid [data-asset] a").first).to_have_text("Cell walls")
    page.go_back()
    expect(page).not_to_have_url(re.compile("sort=name"))
    expect(page.get_by_label("Sort by")).to_have_value("")
    only(page, *NAMES[1:])
    page.go_back()
    only(page, *NAMES)
    expect(
        page.get_by_role("radio", name="Not currently used", include_hidden=True)
    ).not_to_be_checked()
    page.go_forward()
    only(page, *NAMES[1:])
    page.reload()
    only(page, *NAMES[1:])
    expect(
        page.get_by_role("link", name="Remove the filter Usage: Not currently used")
    ).to_be_visible()


def test_a_chip_takes_its_filter_away_and_the_control_follows(
    page: Page, served: Served, shelf: list[str]
) -> None:
    page.goto(f"{served.base}/library?tag=shelf&usage=used&kind=video")
    only(page, NAMES[0])
    page.get_by_role("link", name="Remove the filter Usage: Used in lessons").click()
    only(page, *NAMES)
    used = page.locator("input[name=usage][value=used]")
    expect(used).not_to_be_checked()
    expect(page.get_by_role("link", name=re.compile("^Remove the filter"))).to_have_count(2)
    # What is chosen next does not bring it back.
    choose(page, "Tags", "botany")
    only(page, NAMES[0])
    expect(page).not_to_have_url(re.compile("usage"))
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Clear all").click()
    expect(page).to_have_url(f"{served.base}/library")
    expect(page.get_by_role("link", name="Clear all")).to_have_count(0)


def test_choices_tell_how_many_files_they_have(
    page: Page, served: Served, shelf: list[str], api: Api
) -> None:
    page.goto(f"{served.base}/library?tag=shelf")
    expect(page.locator("#total")).to_have_text("4 files")
    page.locator("summary", has_text="Usage").click()
    expect(page.get_by_role("radio", name="Never used")).to_be_visible()
    expect(page.locator("label", has_text="Used in lessons")).to_contain_text("1")
    course = page.get_by_role("combobox", name="Course")
    expect(course.locator("option", has_text="Botany")).to_have_text("Botany (1)")
    # A lesson takes another file in: the open page counts it.
    pair = [{"id": shelf[0]}, {"id": shelf[1], "slot": "b"}]
    used = api.call("PUT", "/courses/botany/lessons/l/usages", {"assets": pair})
    assert used.status == 200
    expect(course.locator("option", has_text="Botany")).to_have_text("Botany (2)")
    course.select_option("botany")
    only(page, NAMES[0], NAMES[1])
    back = api.call("PUT", "/courses/botany/lessons/l/usages", {"assets": pair[:1]})
    assert back.status == 200


def test_tags_are_found_in_their_menu_and_combined(
    page: Page, served: Served, shelf: list[str]
) -> None:
    page.goto(f"{served.base}/library")
    page.locator("summary", has_text="Tags").click()
    expect(page.get_by_label("Find a tag")).to_be_focused()
    expect(page.get_by_role("checkbox", name="shelf 1")).to_be_visible()
    page.get_by_role("radio", name="Any of them").check()
    page.get_by_label("Find a tag").fill("shelf 1")
    expect(page.get_by_role("checkbox", name="botany")).to_be_hidden()
    page.keyboard.press("Enter")
    only(page, NAMES[1])
    page.get_by_label("Find a tag").fill("botany")
    page.get_by_role("checkbox", name="botany").check()
    only(page, NAMES[0], NAMES[1])
    expect(page).to_have_url(re.compile("any_tag=.*any_tag="))
    page.get_by_role("radio", name="All of them").check()
    expect(page.get_by_text("No files match these filters.")).to_be_visible()


def test_the_list_sorts_by_its_heads_and_is_remembered(
    page: Page, served: Served, shelf: list[str]
) -> None:
    page.goto(f"{served.base}/library?tag=shelf")
    page.get_by_role("link", name="List").click()
    expect(page.get_by_role("columnheader", name="Name")).to_be_visible()
    page.get_by_role("link", name="Compact").click()
    expect(page.locator("#results")).to_have_attribute("data-density", "compact")
    page.get_by_role("columnheader", name="Name").get_by_role("link").click()
    name = page.get_by_role("columnheader", name="Name")
    expect(name).to_have_attribute("aria-sort", "ascending")
    assert files(page) == sorted(NAMES, key=str.lower)
    name.get_by_role("link").click()
    expect(name).to_have_attribute("aria-sort", "descending")
    expect(page.get_by_label("Sort by")).to_have_value("-name")
    page.goto(f"{served.base}/library?q=chloroplasts")
    expect(page.get_by_role("columnheader", name="Name")).to_be_visible()
    expect(page.locator("#results")).to_have_attribute("data-density", "compact")
    page.get_by_role("link", name="Comfortable").click()
    expect(page.locator("mark")).to_have_text("chloroplasts")
    page.get_by_role("link", name="Grid").click()
    expect(page.get_by_role("columnheader")).to_have_count(0)


def test_an_operator_is_a_chip_and_the_last_word_stands(
    page: Page, served: Served, shelf: list[str]
) -> None:
    page.goto(f"{served.base}/library?tag=shelf")
    box(page).fill("used:never walls")
    only(page, "Cell walls")
    chip = page.get_by_role("link", name="Remove the filter used:never")
    expect(chip).to_be_visible()
    choose(page, "Usage", "Used in lessons")
    expect(chip).to_have_count(0)
    expect(box(page)).to_have_value("walls")
    box(page).fill("walls used:never")
    only(page, "Cell walls")
    chip.click()
    expect(box(page)).to_have_value("walls")
    only(page, "Cell walls")


def test_a_slip_of_the_finger_is_told(page: Page, served: Served, shelf: list[str]) -> None:
    page.goto(f"{served.base}/library?tag=shelf")
    box(page).fill("phtosynthesis")
    only(page, NAMES[0])
    told = page.get_by_text("No results for “phtosynthesis”. Showing results for “photosynthesis”.")
    expect(told).to_be_visible()
    expect(page.locator("mark")).to_have_text("Photosynthesis")


def test_limits_of_ones_own(page: Page, served: Served, shelf: list[str]) -> None:
    page.goto(f"{served.base}/library?tag=shelf")
    page.locator("summary", has_text="Size").click()
    page.get_by_label("Size: From MB").fill("5000")
    page.get_by_label("Size: From MB").press("Tab")
    expect(page.get_by_text("No files match these filters.")).to_be_visible()
    expect(page).to_have_url(re.compile("min_size=5000000000"))
    page.get_by_label("Size: From MB").fill("many")
    page.get_by_label("Size: From MB").press("Tab")
    results = page.get_by_role("region", name="Files")
    expect(results).to_contain_text("“many” is not a valid limit for a filter.")
    page.locator("#choices-size").get_by_label("Any").check()
    only(page, *NAMES)


def test_what_makes_no_sense_is_answered_where_files_would_be(
    page: Page, served: Served, shelf: list[str]
) -> None:
    page.goto(f"{served.base}/library?tag=shelf")
    results = page.get_by_role("region", name="Files")
    box(page).fill("colour:red")
    expect(results).to_contain_text("“colour:” is no search operator.")
    expect(page.locator("input[name=tag][value=shelf]")).to_be_checked()
    box(page).fill("x" * 10_000)
    expect(results).to_contain_text("at most 500 characters")
    box(page).fill("walls")
    only(page, "Cell walls")
    for address in ("?cursor=broken", "?q=%00%07", "?kind=tape", "?min_size=-1", "?q=%ED%A0%80"):
        reply = page.goto(f"{served.base}/library{address}")
        assert reply is not None
        assert reply.status < 500
        expect(box(page)).to_be_visible()


def test_filters_open_as_a_sheet_on_a_phone(page: Page, served: Served, shelf: list[str]) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{served.base}/library?tag=shelf")
    use = page.locator("summary", has_text="Usage")
    expect(use).to_be_hidden()
    page.get_by_role("button", name="Filters").click()
    use.click()
    page.get_by_role("radio", name="Not currently used").check()
    only(page, *NAMES[1:])
    page.get_by_role("button", name="Show the files").click()
    expect(use).to_be_hidden()
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0
