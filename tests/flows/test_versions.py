"""Versions as a person meets them: replaced, compared, brought back, deleted for good."""

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.flows.api import Api
from tests.flows.conftest import PASSWORD, Served


@pytest.fixture
def asset(api: Api, lecture: Path) -> dict[str, Any]:
    """A lecture in two lessons."""
    made = api.add(lecture, on_duplicate="keep")
    lessons = [{"ref": f"l{number}", "title": f"Lesson {number}"} for number in (1, 2)]
    ref = f"course-{made['id']}"
    chapters = [{"ref": "c", "title": "Chapter", "lessons": lessons}]
    api.call("PUT", f"/courses/{ref}", {"title": "Versions", "chapters": chapters})
    for lesson in lessons:
        path = f"/courses/{ref}/lessons/{lesson['ref']}/usages"
        assert api.call("PUT", path, {"assets": [{"id": made["id"]}]}).status == 200
    return {**made, "course": ref}


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Versions")


def shown(api: Api, asset: dict[str, Any]) -> list[str]:
    items = api.call("GET", f"/assets/{asset['id']}/usages").json["items"]
    return [item["policy"] for item in items]


def check_axe(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_file_is_replaced_for_one_lesson_compared_and_brought_back(
    page: Page, served: Served, api: Api, asset: dict[str, Any], big_clip: Path
) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{served.base}/assets/{asset['id']}")
    panel(page).get_by_role("link", name="Replace file…").click()
    dialog = page.get_by_role("dialog", name=re.compile("Replace"))
    dialog.get_by_label("New file").set_input_files(str(big_clip))
    expect(dialog.get_by_text(re.compile(r"big-lecture\.mp4.*MB"))).to_be_visible()
    dialog.get_by_role("checkbox", name=re.compile("Lesson 2")).check()
    expect(dialog.get_by_role("radio", name="Only these:")).to_be_checked()
    check_axe(page)
    dialog.get_by_role("button", name="Upload new version").click()
    expect(dialog).to_be_hidden()

    newest = panel(page).locator('[data-version="2"]')
    expect(newest).to_contain_text("Current", timeout=60_000)
    assert shown(api, asset) == ["pin", "follow"]

    panel(page).get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="Compare versions")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Original name"))).to_contain_text("big-lecture")
    check_axe(page)
    page.go_back()

    panel(page).get_by_role("link", name="Restore version 1").click()
    asked = page.get_by_role("dialog", name="Restore version 1?")
    expect(asked).to_contain_text("It becomes version 3 immediately")
    asked.get_by_role("button", name="Restore version").click()
    expect(panel(page).locator('[data-version="3"]')).to_contain_text("Current")
    now = api.call("GET", f"/assets/{asset['id']}").json
    assert (now["version"], now["state"], now["digest"]) == (3, "ready", asset["digest"])
    check_axe(page)


def test_a_note_is_written_by_keyboard(page: Page, served: Served, asset: dict[str, Any]) -> None:
    page.goto(f"{served.base}/assets/{asset['id']}")
    panel(page).get_by_role("link", name="Note for version 1").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("What changed in this version?")).to_be_focused()
    page.keyboard.type("with the old intro")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(panel(page)).to_contain_text("with the old intro")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_used_file_is_replaced_everywhere_then_deleted_for_good(
    page: Page, served: Served, api: Api, asset: dict[str, Any], lecture: Path
) -> None:
    page.emulate_media(reduced_motion="reduce")
    other = api.add(lecture, on_duplicate="keep")
    api.call("PATCH", f"/assets/{other['id']}", {"name": f"Second take {asset['id']}"})
    page.goto(f"{served.base}/assets/{asset['id']}")
    page.get_by_role("button", name="Move to trash").click()
    page.get_by_role("link", name="Replace everywhere with…").click()
    page.get_by_label("Find the replacement file").fill(f"take {asset['id']}")
    page.get_by_role("radio", name=re.compile("Second take")).check()
    check_axe(page)
    page.get_by_role("button", name="Replace everywhere").click()
    expect(page.get_by_role("region", name="Used in")).to_contain_text("No lesson uses this file")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert shown(api, other) == ["follow", "follow"]

    page.get_by_role("button", name="Move to trash").click()
    told = page.get_by_role("region", name="This file is in the trash.")
    expect(told).to_contain_text("Moved to the trash by you")
    told.get_by_role("link", name="Delete permanently…").click()
    dialog = page.get_by_role("dialog", name=re.compile("Permanently delete"))
    dialog.get_by_label("Your password").fill("wrong")
    dialog.get_by_role("button", name="Delete permanently").click()
    expect(dialog).to_contain_text("Incorrect password.")
    check_axe(page)
    dialog.get_by_label("Your password").fill(PASSWORD)
    dialog.get_by_role("button", name="Delete permanently").click()
    page.wait_for_url(re.compile("trashed=1"))
    assert api.call("GET", f"/assets/{asset['id']}").status == 404
