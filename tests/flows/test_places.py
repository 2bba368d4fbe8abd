"""Folders, tags and saved searches, as an instructor keeps them in order."""

import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.flows.api import Api
from tests.flows.conftest import Served
from tests.flows.test_keyboard import walk_to

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


@pytest.fixture
def word() -> str:
    """Something no other journey on this server says."""
    return f"j{time.monotonic_ns() % 10**9}"


def add(api: Api, name: str, **metadata: str) -> str:
    """A small picture in the library; returns its id."""
    upload = api.wait_for_upload(api.send(name, PNG, on_duplicate="keep", **metadata))
    assert upload["state"] == "done", upload
    asset: str = api.wait_for_asset(upload["asset"])["id"]
    return asset


def places(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Places")


def act(page: Page, folder: str, what: str) -> Locator:
    """Choose from the folder's menu; the dialog that opens."""
    places(page).get_by_role("button", name=f"Actions for folder {folder}").click()
    page.get_by_role("link", name=what).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def check(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_folder_is_made_moved_renamed_and_deleted_and_its_file_stays(
    page: Page, served: Served, api: Api, word: str
) -> None:
    asset = add(api, f"{word}.png", folder=f"{word} old")
    page.goto(f"{served.base}/library")
    places(page).get_by_role("link", name="New folder").click()
    dialog = page.get_by_role("dialog", name="New folder")
    dialog.get_by_label("Name").fill(f"{word} old")
    dialog.get_by_role("button", name="Create folder").click()
    expect(dialog.get_by_role("alert")).to_contain_text("already")
    dialog.get_by_label("Name").fill(f"{word} shelf")
    dialog.get_by_role("button", name="Create folder").click()
    expect(dialog).to_be_hidden()
    shelf = places(page).get_by_role("link", name=f"{word} shelf")
    expect(shelf).to_be_visible()

    dialog = act(page, f"{word} old", "Move to…")
    dialog.get_by_label("Move to").select_option(label=f"{word} shelf")
    dialog.get_by_role("button", name="Move").click()
    expect(shelf).to_contain_text("1 file")
    places(page).locator("summary", has_text=f"Folders in {word} shelf").click()
    expect(places(page).get_by_role("link", name=f"{word} old")).to_be_visible()

    dialog = act(page, f"{word} old", "Rename…")
    check(page)
    dialog.get_by_label("New name").fill(f"{word} new")
    dialog.get_by_label("New name").press("Enter")
    renamed = places(page).get_by_role("link", name=f"{word} new")
    # It was opened before the list came anew, so it is open still.
    expect(renamed).to_be_visible()
    expect(
        places(page).get_by_role("button", name=f"Actions for folder {word} new")
    ).to_be_focused()
    assert api.call("GET", f"/assets/{asset}").json["folder"]["path"] == f"{word} shelf/{word} new"

    renamed.click()
    expect(renamed).to_have_attribute("aria-current", "page")
    expect(page.locator(f'[data-asset="{asset}"]')).to_be_visible()
    dialog = act(page, f"{word} new", "Delete…")
    expect(dialog).to_contain_text(f"1 file: move to “{word} shelf”")
    dialog.get_by_role("button", name="Delete folder").click()
    expect(shelf).to_have_attribute("aria-current", "page")
    expect(page.locator(f'[data-asset="{asset}"]')).to_be_visible()
    assert api.call("GET", f"/assets/{asset}").json["folder"]["path"] == f"{word} shelf"


def test_a_folder_is_dragged_into_another_and_never_into_itself(
    page: Page, served: Served, api: Api, word: str
) -> None:
    for name in ("inner", "outer"):
        add(api, f"{word} {name}.png", folder=f"{word} {name}")
    page.goto(f"{served.base}/library")
    inner = places(page).get_by_role("link", name=f"{word} inner")
    outer = places(page).get_by_role("link", name=f"{word} outer")
    inner.drag_to(outer)
    expect(outer).to_contain_text("2 files")
    places(page).locator("summary", has_text=f"Folders in {word} outer").click()
    outer.drag_to(inner)
    expect(page.get_by_role("dialog")).to_contain_text("cannot be moved into itself")
    page.get_by_role("button", name="Cancel").click()
    inner.drag_to(places(page).get_by_role("heading", name="Folders"))
    expect(outer).to_contain_text("1 file")


def test_a_selection_dropped_on_a_folder_asks_to_be_moved_there(
    page: Page, served: Served, api: Api, word: str
) -> None:
    add(api, f"{word}.png", folder=word)
    page.goto(f"{served.base}/library")
    folder = places(page).get_by_role("link", name=word)
    asked = folder.evaluate(
        """link => new Promise((resolve) => {
            document.addEventListener("lectern:move-here", (event) => {
                event.stopImmediatePropagation();
                resolve(event.detail.folder);
            }, { capture: true, once: true });
            const dataTransfer = new DataTransfer();
            dataTransfer.setData("application/x-lectern-selection", "1");
            const options = { dataTransfer, bubbles: true, cancelable: true };
            const over = new DragEvent("dragover", options);
            link.dispatchEvent(over);
            if (!over.defaultPrevented) resolve("not taken");
            link.dispatchEvent(new DragEvent("drop", options));
        })"""
    )
    assert asked == folder.get_attribute("data-folder")


def test_two_tags_become_one_after_a_look_at_what_changes(
    page: Page, served: Served, api: Api, word: str
) -> None:
    one = add(api, f"{word} one.png", tags=f"{word}-a")
    both = add(api, f"{word} both.png", tags=f"{word}-a,{word}-b")
    page.goto(f"{served.base}/library")
    places(page).get_by_role("link", name="All tags").click()
    page.get_by_label("Find a tag").fill(word)
    expect(page.get_by_role("status").filter(has_text="2 tags")).to_be_visible()
    check(page)
    for tag in ("a", "b"):
        page.get_by_label(f"Select {word}-{tag}").check()
    page.get_by_role("button", name="Merge selected…").click()
    dialog = page.get_by_role("dialog", name="Merge 2 tags")
    dialog.get_by_label("Name of the merged tag").fill(f"{word}-all")
    dialog.get_by_role("button", name="Preview changes").click()
    dialog = page.get_by_role("dialog", name=f"Merge into “{word}-all”?")
    expect(dialog).to_contain_text("2 files will change")
    expect(dialog).to_contain_text(f"{word} both.png")
    expect(dialog).to_contain_text("Lessons that use these files are not affected.")
    check(page)
    assert api.call("GET", f"/assets/{one}").json["tags"] == [f"{word}-a"]
    dialog.get_by_role("button", name="Merge", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name=f"{word}-all", exact=True)).to_be_visible()
    for asset in (one, both):
        assert api.call("GET", f"/assets/{asset}").json["tags"] == [f"{word}-all"]
    page.get_by_role("link", name=f"{word}-all", exact=True).click()
    expect(page.locator(f'[data-asset="{one}"]')).to_be_visible()


def test_a_search_is_saved_used_updated_and_forgotten(
    page: Page, served: Served, api: Api, word: str
) -> None:
    mine = add(api, f"{word} mine.png", tags=word)
    other = add(api, f"{word} other.png")
    page.goto(f"{served.base}/library?tag={word}")
    places(page).get_by_role("link", name="Save current view as a search").click()
    dialog = page.get_by_role("dialog", name="Save this search")
    dialog.get_by_label("Name").fill(word)
    dialog.get_by_label("Share with everyone").check()
    dialog.get_by_role("button", name="Save search").click()
    saved = places(page).get_by_role("link", name=word)
    expect(saved).to_have_attribute("aria-current", "page")

    page.goto(f"{served.base}/library")
    expect(saved).not_to_have_attribute("aria-current", "page")
    saved.click()
    expect(page.locator(f'[data-asset="{mine}"]')).to_be_visible()
    expect(page.locator(f'[data-asset="{other}"]')).to_have_count(0)

    page.goto(f"{served.base}/library?q={word}")
    places(page).get_by_role("button", name=f"Actions for search {word}").click()
    page.get_by_role("link", name="Update to current view…").click()
    page.get_by_role("button", name="Update", exact=True).click()
    expect(saved).to_have_attribute("aria-current", "page")
    expect(saved).to_have_attribute("href", re.compile(f"q={word}"))
    places(page).get_by_role("button", name=f"Actions for search {word}").click()
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("button", name="Delete search").click()
    expect(saved).to_have_count(0)


def test_the_current_place_follows_what_is_chosen_beside_it(page: Page, served: Served) -> None:
    page.goto(f"{served.base}/library")
    never = places(page).get_by_role("link", name="Never used")
    never.click()
    expect(never).to_have_attribute("aria-current", "page")
    page.wait_for_function("() => customElements.get('folder-tree')")
    # As the filters do: the address changes, and the page does not.
    page.evaluate(
        """() => {
            history.pushState({}, "", "/library?usage=used&sort=usage");
            document.dispatchEvent(new CustomEvent("htmx:after:history:update"));
        }"""
    )
    expect(places(page).get_by_role("link", name="Rarely used")).to_have_attribute(
        "aria-current", "page"
    )
    expect(never).not_to_have_attribute("aria-current", "page")
    check(page)


def test_on_a_phone_the_places_are_a_drawer(page: Page, served: Served) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{served.base}/library")
    link = places(page).get_by_role("link", name="Never used")
    expect(link).to_be_hidden()
    places(page).get_by_role("button", name="Places").click()
    expect(link).to_be_visible()
    check(page)
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    places(page).get_by_role("button", name="Places").click()
    link.click()
    page.wait_for_url(re.compile("usage=never"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_tags_are_typed_suggested_and_taken_off_by_keyboard_alone(
    page: Page, served: Served, api: Api, word: str
) -> None:
    for name, tags in (("a", f"{word} cellar"), ("b", f"{word} cells"), ("c", f"{word} cells")):
        add(api, f"{word} {name}.png", tags=tags)
    asset = add(api, f"{word} mine.png", tags=f"{word} old")
    page.goto(f"{served.base}/assets/{asset}")
    walk_to(page, page.get_by_role("link", name="Edit: Tags"))
    page.keyboard.press("Enter")
    field = page.get_by_role("combobox", name="Tags")
    expect(field).to_be_focused()
    page.keyboard.type(f"{word} cel")
    options = page.get_by_role("listbox").get_by_role("option")
    expect(options).to_have_count(3)
    expect(options.nth(0)).to_contain_text(f"{word} cells")
    expect(options.nth(1)).to_contain_text(f"{word} cellar")
    expect(options.nth(2)).to_contain_text("New tag")
    expect(field).to_have_attribute("aria-expanded", "true")
    check(page)
    page.keyboard.press("ArrowDown")
    active = field.get_attribute("aria-activedescendant")
    assert active == options.nth(0).get_attribute("id")
    page.keyboard.press("Enter")
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_role("status").filter(has_text=f"{word} cells added")).to_be_attached()
    page.keyboard.type("with comma,")
    chosen = page.get_by_role("list", name="Selected tags").get_by_role("listitem")
    expect(chosen).to_have_text([f"{word} old", f"{word} cells", "with comma"])
    page.keyboard.press("Backspace")
    expect(page.get_by_role("status").filter(has_text="with comma removed")).to_be_attached()
    expect(chosen).to_have_count(2)
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name=f"Remove {word} cells")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(chosen).to_have_text([f"{word} cells"])
    expect(field).to_be_focused()
    page.keyboard.type("unfinished")
    walk_to(page, page.get_by_role("button", name="Save", exact=True))
    page.keyboard.press("Enter")
    expect(field).to_have_count(0)
    assert api.call("GET", f"/assets/{asset}").json["tags"] == [f"{word} cells", "unfinished"]
