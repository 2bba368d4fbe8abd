"""The same story without a pointer."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.flows.api import Api
from tests.flows.conftest import Served

MOST_TABS = 80


def test_a_file_comes_into_a_lesson_by_keyboard_alone(
    page: Page, served: Served, api: Api, lecture: Path
) -> None:
    asset = api.add(lecture, on_duplicate="keep")
    page.goto(f"{served.base}/library")
    press(page, page.get_by_role("link", name="Courses", exact=True), "Enter")
    walk_to(page, page.get_by_label("Title of the new course"))
    page.keyboard.type("By hand")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="By hand")).to_be_visible()
    walk_to(page, page.get_by_label(re.compile("new chapter", re.IGNORECASE)))
    page.keyboard.type("Keys")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    walk_to(page, page.get_by_label(re.compile("new lesson", re.IGNORECASE)))
    page.keyboard.type("Tab and Enter")
    page.keyboard.press("Enter")
    lesson = page.get_by_role("link", name="Tab and Enter")
    expect(lesson).to_be_visible()
    press(page, lesson, "Enter")
    press(page, page.get_by_role("button", name="Add media"), "Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type(lecture.stem[:8])
    expect(dialog.get_by_text(lecture.name).first).to_be_visible()
    walk_to(page, dialog.locator(f'[data-asset="{asset["id"]}"]').first)
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("region", name="Lesson media")).to_contain_text(lecture.name)
    expect(page.get_by_role("button", name="Add media")).to_be_focused()


def test_escape_leaves_the_picker_and_returns_the_focus(
    page: Page, served: Served, api: Api
) -> None:
    course = {
        "title": "Escape",
        "chapters": [{"ref": "c", "title": "C", "lessons": [{"ref": "l", "title": "Way out"}]}],
    }
    api.call("PUT", "/courses/escape", course)
    page.goto(f"{served.base}/courses")
    page.get_by_role("link", name=re.compile("Escape")).first.click()
    page.get_by_role("link", name="Way out").click()
    button = page.get_by_role("button", name="Add media")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(button).to_be_focused()


def press(page: Page, target: Locator, key: str) -> None:
    walk_to(page, target)
    page.keyboard.press(key)


def walk_to(page: Page, target: Locator) -> None:
    """Tab, as a person would, until the target or something inside it has the focus."""
    expect(target).to_be_attached()
    for _ in range(MOST_TABS):
        if target.evaluate("element => element.contains(document.activeElement)"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} is not reached by Tab")
