"""Editing a file where it is shown: alone, by keyboard, and with somebody else at the same time."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, StorageState, expect

from tests.flows.api import Api
from tests.flows.conftest import PASSWORD, Served, sign_in, watch

BEN = "ben@example.org"
MOST_TABS = 80


@pytest.fixture
def asset(api: Api, lecture: Path) -> dict[str, Any]:
    return api.add(lecture, on_duplicate="keep")


@pytest.fixture(scope="module")
def ben_s(served: Served) -> Callable[[Browser], BrowserContext]:
    """Opens browsers of another editor."""
    served.command("user", "add", BEN, "--role", "editor", "--password-stdin", stdin=PASSWORD)

    def opened(browser: Browser) -> BrowserContext:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        sign_in(page, served.base, BEN)
        page.close()
        return context

    return opened


@pytest.fixture
def other(
    browser: Browser, served: Served, ben_s: Callable[[Browser], BrowserContext]
) -> Iterator[Page]:
    """Ben's page, which may have no errors either."""
    context = ben_s(browser)
    page = context.new_page()
    wrong = watch(page, served.base)
    yield page
    assert wrong == []
    context.close()


def about(page: Page) -> Locator:
    return page.get_by_role("region", name="About this file")


def edit(page: Page, field: str, text: str) -> None:
    """Open a field and type, without saving."""
    about(page).get_by_role("link", name=f"Edit: {field}").click()
    box = about(page).get_by_role("textbox", name=field)
    expect(box).to_be_focused()
    box.fill(text)


def save(page: Page) -> None:
    about(page).get_by_role("button", name="Save").click()


def test_two_people_at_one_field_both_see_both(
    page: Page, other: Page, served: Served, api: Api, asset: dict[str, Any]
) -> None:
    for each in (page, other):
        each.goto(f"{served.base}/assets/{asset['id']}")
        edit(each, "Description", "Hooks keep state.")
    save(page)
    expect(about(page).get_by_text("Hooks keep state.")).to_be_visible()
    # Their news have come, and left alone what is being typed.
    expect(other.get_by_role("region", name="History")).to_contain_text("Description changed")
    box = about(other).get_by_role("textbox", name="Description")
    box.fill("Hooks keep state between renders.")
    save(other)
    told = other.get_by_role("alertdialog")
    expect(told).to_contain_text("changed this in the meantime")
    expect(told.get_by_role("region", name=re.compile("Current version, by"))).to_contain_text(
        "keep state."
    )
    expect(told.get_by_role("region", name="Your version")).to_contain_text("between renders")
    assert Axe().run(other).violations_count == 0
    other.keyboard.press("Escape")
    expect(told).to_be_hidden()
    expect(box).to_have_value("Hooks keep state between renders.")
    expect(box).to_be_focused()
    save(other)
    other.get_by_role("button", name="Save mine instead").click()
    expect(about(page).get_by_text("between renders")).to_be_visible()
    assert api.call("GET", f"/assets/{asset['id']}").json["description"].endswith("renders.")


def test_theirs_can_be_kept_with_one_press(
    page: Page, other: Page, served: Served, api: Api, asset: dict[str, Any]
) -> None:
    for each, text in ((page, "CC0 1.0"), (other, "MIT")):
        each.goto(f"{served.base}/assets/{asset['id']}")
        about(each).get_by_role("link", name="Edit: License").click()
        about(each).get_by_role("combobox", name="License").fill(text)
    save(page)
    expect(about(page).get_by_text("CC0 1.0")).to_be_visible()
    save(other)
    other.get_by_role("link", name="Keep theirs").click()
    expect(other.get_by_role("alertdialog")).to_be_hidden()
    expect(about(other).get_by_text("CC0 1.0")).to_be_visible()
    expect(about(other).get_by_role("link", name="Edit: License")).to_be_focused()
    assert api.call("GET", f"/assets/{asset['id']}").json["licence"] == "CC0 1.0"


def test_two_people_at_two_fields_are_not_in_each_other_s_way(
    page: Page, other: Page, served: Served, api: Api, asset: dict[str, Any]
) -> None:
    for each in (page, other):
        each.goto(f"{served.base}/assets/{asset['id']}")
    edit(page, "Description", "Mine.")
    other.get_by_role("link", name="Rename").click()
    other.get_by_role("textbox", name="Name", exact=True).fill("Hooks by Ben")
    other.keyboard.press("Enter")
    expect(other.get_by_role("heading", name="Hooks by Ben")).to_be_visible()
    expect(page.get_by_role("heading", name="Hooks by Ben")).to_be_visible()
    save(page)
    expect(about(other).get_by_text("Mine.")).to_be_visible()
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    now = api.call("GET", f"/assets/{asset['id']}").json
    assert (now["name"], now["description"]) == ("Hooks by Ben", "Mine.")


def test_fields_are_edited_by_keyboard_alone(
    page: Page, served: Served, api: Api, asset: dict[str, Any]
) -> None:
    page.goto(f"{served.base}/assets/{asset['id']}")
    walk_to(page, about(page).get_by_role("link", name="Edit: Description"))
    page.keyboard.press("Enter")
    box = about(page).get_by_role("textbox", name="Description")
    expect(box).to_be_focused()
    page.keyboard.type("Typed")
    page.keyboard.press("Enter")
    page.keyboard.type("by hand")
    page.keyboard.press("Escape")
    again = about(page).get_by_role("link", name="Edit: Description")
    expect(again).to_be_focused()
    expect(about(page)).not_to_contain_text("Typed")
    page.keyboard.press("Enter")
    expect(box).to_be_focused()
    page.keyboard.type("Typed by hand")
    page.keyboard.press("Control+Enter")
    expect(again).to_be_focused()
    walk_to(page, about(page).get_by_role("link", name="Edit: Tags"))
    page.keyboard.press("Enter")
    expect(about(page).get_by_role("combobox", name="Tags")).to_be_focused()
    page.keyboard.type("hooks,state")
    page.keyboard.press("Enter")
    walk_to(page, about(page).get_by_role("button", name="Save"))
    page.keyboard.press("Enter")
    expect(about(page).get_by_role("link", name="hooks")).to_be_visible()
    now = api.call("GET", f"/assets/{asset['id']}").json
    assert (now["description"], now["tags"]) == ("Typed by hand", ["hooks", "state"])
    assert Axe().run(page).violations_count == 0


def test_a_change_is_undone_from_the_history(
    page: Page, served: Served, api: Api, asset: dict[str, Any]
) -> None:
    path = f"/assets/{asset['id']}"
    for text in ("One two three.", "One four three."):
        api.call("PATCH", path, {"description": text})
    page.goto(served.base + path)
    history = page.get_by_role("region", name="History")
    expect(history.get_by_role("deletion")).to_have_text("two")
    expect(history.get_by_role("insertion").first).to_have_text("four")
    history.get_by_role("button", name="Undo: Description changed").first.click()
    expect(about(page).get_by_text("One two three.")).to_be_visible()
    expect(history).to_contain_text("Undone: Description changed")
    history.get_by_role("combobox", name="Activity type").select_option("Uploads and versions")
    expect(history).not_to_contain_text("Undone")
    expect(history.get_by_role("listitem").first).to_contain_text("Uploaded")
    history.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="As CSV").click()
    saved = download.value.path().read_text()
    assert "asset.upload" in saved
    assert "asset.description" not in saved


def test_a_field_of_one_s_own_is_defined_and_filled_in(
    page: Page, served: Served, api: Api, asset: dict[str, Any]
) -> None:
    page.goto(f"{served.base}/assets/{asset['id']}")
    about(page).get_by_role("link", name="Fields").click()
    page.get_by_label("Name", exact=True).fill("Grade")
    expect(page.get_by_label("Options")).to_be_hidden()
    page.get_by_label("Type").select_option("Choice")
    page.get_by_label("Options").fill("Nine\nTen")
    assert Axe().run(page).violations_count == 0
    page.get_by_role("button", name="Add field").click()
    expect(page.get_by_role("heading", name="Grade")).to_be_visible()
    page.goto(f"{served.base}/assets/{asset['id']}")
    about(page).get_by_role("link", name="Edit: Grade").click()
    about(page).get_by_role("combobox", name="Grade").select_option("Ten")
    save(page)
    expect(about(page).get_by_text("Ten")).to_be_visible()
    assert api.call("GET", f"/assets/{asset['id']}").json["custom"] == {"grade": "Ten"}
    refused = api.call("PATCH", f"/assets/{asset['id']}", {"custom": {"grade": "Eleven"}})
    assert (refused.status, [*refused.json["errors"]]) == (422, ["custom.grade"])
    page.goto(f"{served.base}/fields")
    page.get_by_role("button", name="Remove: Grade").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove the field").click()
    expect(page.get_by_role("heading", name="Grade")).to_have_count(0)
    page.goto(f"{served.base}/assets/{asset['id']}")
    expect(about(page).get_by_text("Ten")).to_be_visible()


def test_uses_come_and_go_on_an_open_page(
    page: Page, served: Served, api: Api, asset: dict[str, Any]
) -> None:
    lesson = {"ref": "l", "title": "What a hook is"}
    course = {"title": "React", "chapters": [{"ref": "c", "title": "State", "lessons": [lesson]}]}
    api.call("PUT", "/courses/editing", course)
    page.goto(f"{served.base}/assets/{asset['id']}")
    used = page.get_by_role("region", name="Used in")
    expect(used).to_contain_text("No lesson uses this file")
    place = "/courses/editing/lessons/l/usages"
    declared = {"id": asset["id"], "policy": "pin", "version": 1}
    assert api.call("PUT", place, {"assets": [declared]}).status == 200
    expect(used.get_by_role("link", name="What a hook is")).to_be_visible()
    expect(used).to_contain_text("Stays at version 1")
    assert api.call("PUT", place, {"assets": []}).status == 200
    expect(used).to_contain_text("Previously in 1 place")
    used.get_by_text("Previously in 1 place").click()
    expect(used).to_contain_text("React › State › What a hook is")
    expect(used).to_contain_text("ended by")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_open_field_fits_a_small_phone(
    browser: Browser,
    served: Served,
    signed_in: StorageState,
    api: Api,
    asset: dict[str, Any],
    scheme: Any,
) -> None:
    api.call("PATCH", f"/assets/{asset['id']}", {"description": "One two", "tags": ["a-long-tag"]})
    context = browser.new_context(
        storage_state=signed_in,
        viewport={"width": 320, "height": 640},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page = context.new_page()
    for path in (f"/assets/{asset['id']}", "/fields"):
        page.goto(served.base + path)
        if path != "/fields":
            about(page).get_by_role("link", name="Edit: Description").click()
            expect(about(page).get_by_role("textbox", name="Description")).to_be_focused()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
    context.close()


def walk_to(page: Page, target: Locator) -> None:
    """Tab, as a person would, until the target or something inside it has the focus."""
    expect(target).to_be_attached()
    for _ in range(MOST_TABS):
        if target.evaluate("element => element.contains(document.activeElement)"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} is not reached by Tab")
