"""Many files changed as one from the library page: foreseen, done, refused with reasons, undone."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, StorageState, expect

from tests.flows import many
from tests.flows.api import Api
from tests.flows.conftest import Served, clear_selection


def open_library(page: Page, served: Served, word: str) -> None:
    page.goto(f"{served.base}/library?q={word}&sort=-created")
    clear_selection(page)
    with page.expect_response(re.compile("/selection/changes")):
        page.reload()


def item(page: Page, name: str) -> Locator:
    return page.locator("card-grid [data-asset]").filter(
        has=page.get_by_role("link", name=name, exact=True)
    )


def choose(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_role("link", name=name, exact=True).click(modifiers=["Control"])
    expect(bar(page)).to_contain_text(f"{len(names)} selected")


def bar(page: Page) -> Locator:
    return page.get_by_role("toolbar", name="Selected files")


def do(page: Page, what: str) -> Locator:
    """Open a dialog from the bar."""
    bar(page).get_by_role("button", name=what, exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def test_tags_are_foreseen_added_and_taken_back_as_one(page: Page, served: Served) -> None:
    many.make(served, "Taggable", 4)
    open_library(page, served, "Taggable")
    choose(page, "Taggable 4", "Taggable 3", "Taggable 2")
    dialog = do(page, "Tag…")
    confirm = dialog.get_by_role("button", name=re.compile("^Tag "))
    expect(confirm).to_be_disabled()
    dialog.get_by_label("Tags to add").fill("exam,")
    expect(dialog.get_by_text("3 files will change.")).to_be_visible()
    confirm.click()
    expect(dialog).to_be_hidden()
    expect(bar(page).get_by_role("button", name="Tag…", exact=True)).to_be_focused()
    for name in ("Taggable 2", "Taggable 3", "Taggable 4"):
        expect(item(page, name)).to_contain_text("exam")
    expect(item(page, "Taggable 1")).not_to_contain_text("exam")
    toast = page.locator("#toasts")
    expect(toast).to_contain_text("3 files tagged")
    toast.get_by_role("button", name="Undo").click()
    expect(toast).to_contain_text("Undone: 3 files reverted")
    expect(item(page, "Taggable 3")).not_to_contain_text("exam")
    expect(bar(page)).to_contain_text("3 selected")


def test_new_names_are_shown_while_the_pattern_is_typed(page: Page, served: Served) -> None:
    many.make(served, "Nameable", 3)
    open_library(page, served, "Nameable")
    choose(page, "Nameable 3", "Nameable 1")
    dialog = do(page, "Rename…")
    dialog.get_by_label("Pattern", exact=True).fill("Nameable unit {n:02}")
    expect(dialog.get_by_role("cell", name="Nameable unit 02")).to_be_visible()
    dialog.get_by_label("Pattern", exact=True).fill("{unit}")
    expect(dialog.get_by_text("{unit} is no placeholder")).to_be_visible()
    expect(dialog.get_by_role("button", name=re.compile("^Rename "))).to_be_disabled()
    dialog.get_by_text("Find and replace").click()
    dialog.get_by_label("Find", exact=True).fill("Nameable")
    dialog.get_by_label("Replace with").fill("Nameable clip")
    expect(dialog.get_by_role("cell", name="Nameable clip 3")).to_be_visible()
    dialog.get_by_role("button", name="Rename 2 files").click()
    expect(item(page, "Nameable clip 3")).to_be_visible()
    expect(item(page, "Nameable 2")).to_be_visible()


def test_trash_lists_what_stays_and_gives_all_back(page: Page, served: Served, api: Api) -> None:
    used, *_ = many.make(served, "Binnable", 5)
    lesson = {"ref": "bin", "title": "Keeps it"}
    course = {"title": "Bins", "chapters": [{"ref": "c", "title": "C", "lessons": [lesson]}]}
    api.call("PUT", "/courses/bins", course)
    put = api.call("PUT", "/courses/bins/lessons/bin/usages", {"assets": [{"id": str(used)}]})
    assert put.status == 200, put.body
    open_library(page, served, "Binnable")
    choose(page, "Binnable 5", "Binnable 4", "Binnable 3")
    dialog = do(page, "Trash")
    expect(dialog).to_contain_text("2 files will change. 1 will not change:")
    expect(dialog).to_contain_text("Keeps it")
    assert Axe().run(page).violations_count == 0
    dialog.get_by_role("button", name="Move 2 files to the trash").click()
    panel = page.get_by_role("region", name="2 files moved to the trash")
    expect(panel).to_contain_text("1 was not changed:")
    expect(panel.get_by_role("link", name="Binnable 5")).to_be_visible()
    expect(item(page, "Binnable 4")).to_have_count(0)
    expect(item(page, "Binnable 3")).to_have_count(0)
    expect(bar(page)).to_contain_text("1 selected")
    panel.get_by_role("button", name="Undo").click()
    expect(item(page, "Binnable 4")).to_be_visible()
    expect(item(page, "Binnable 3")).to_be_visible()
    expect(page.get_by_role("region", name="Undone: 2 files reverted")).to_be_visible()


def test_focus_goes_on_with_the_next_file(page: Page, served: Served) -> None:
    many.make(served, "Leavable", 4)
    open_library(page, served, "Leavable")
    choose(page, "Leavable 3")
    dialog = do(page, "Trash")
    dialog.get_by_role("button", name="Move 1 file to the trash").press("Enter")
    expect(item(page, "Leavable 3")).to_have_count(0)
    expect(bar(page)).to_be_hidden()
    expect(page.get_by_role("link", name="Leavable 2", exact=True)).to_be_focused()


def test_one_card_is_tagged_from_its_own_menu(page: Page, served: Served) -> None:
    many.make(served, "Single", 2)
    open_library(page, served, "Single")
    item(page, "Single 2").hover()
    page.get_by_role("button", name="Actions for Single 2").click()
    page.locator("#card-menu").get_by_role("button", name="Tag…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Single 2")
    dialog.get_by_label("Tags to add").fill("solo,")
    dialog.get_by_role("button", name="Tag 1 file").click()
    expect(item(page, "Single 2")).to_contain_text("solo")
    expect(item(page, "Single 1")).not_to_contain_text("solo")


def test_many_files_are_moved_by_a_worker_with_progress(page: Page, served: Served) -> None:
    many.make(served, "Movable", 230)
    open_library(page, served, "Movable")
    choose(page, "Movable 230")
    page.get_by_role("button", name="Select all 230 matching").click()
    expect(bar(page)).to_contain_text("230 selected")
    dialog = do(page, "Move to…")
    dialog.get_by_label("New folder", exact=True).check()
    dialog.get_by_label("Path of the new folder").fill("Shelf/Moved")
    dialog.get_by_role("button", name="Move 230 files").click()
    expect(dialog).to_be_hidden()
    panel = page.locator(".batch")
    expect(panel).to_contain_text("230 files moved to “Shelf/Moved”", timeout=60_000)
    panel.get_by_role("link", name="Recent bulk changes").click()
    row = page.get_by_role("listitem").filter(has_text="230 files moved to “Shelf/Moved”")
    row.get_by_role("button", name=re.compile("^Undo")).click()
    expect(page).to_have_url(re.compile("/bulk$"))
    assert Axe().run(page).violations_count == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_dialogs_are_accessible_and_fit_a_small_phone(
    browser: Browser, served: Served, signed_in: StorageState, scheme: str
) -> None:
    context = browser.new_context(
        storage_state=signed_in,
        viewport={"width": 320, "height": 640},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    many.make(served, f"Phone{scheme}", 2)
    open_library(page, served, f"Phone{scheme}")
    choose(page, f"Phone{scheme} 1")
    for what in ("Tag…", "Remove tags…", "Move to…", "Rename…", "Trash"):
        dialog = do(page, what)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        results = Axe().run(page)
        assert results.violations_count == 0, f"{what}: {results.generate_report()}"
        dialog.get_by_role("button", name="Cancel").click()
        expect(dialog).to_be_hidden()
    context.close()
