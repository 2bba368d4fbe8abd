"""Captions as a person meets them: waiting for a model, uploaded, reviewed, deleted and back."""

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.flows.api import Api
from tests.flows.conftest import Served

VTT = "WEBVTT\n\n00:00.100 --> 00:01.000\nCall you state.\n\n00:0x.0 --> 00:02.000\nlost\n"


@pytest.fixture
def asset(api: Api, lecture: Path) -> dict[str, Any]:
    """A lecture in a lesson of a course with a glossary of its own."""
    made = api.add(lecture, on_duplicate="keep")
    ref = f"course-{made['id']}"
    chapters = [{"ref": "c", "title": "Hooks", "lessons": [{"ref": "l", "title": "State"}]}]
    course = api.call("PUT", f"/courses/{ref}", {"title": "React", "chapters": chapters}).json
    path = f"/courses/{ref}/lessons/l/usages"
    assert api.call("PUT", path, {"assets": [{"id": made["id"]}]}).status == 200
    return {**made, "course": course["id"]}


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Captions")


def check_axe(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_captions_are_uploaded_corrected_reviewed_deleted_and_back(
    page: Page, served: Served, asset: dict[str, Any], tmp_path: Path
) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{served.base}/courses/{asset['course']}")
    glossary = page.get_by_role("region", name="Glossary")
    glossary.get_by_label("Term").fill("useState")
    glossary.get_by_label("Common misspellings").fill("you state")
    page.keyboard.press("Enter")
    expect(glossary.get_by_text("instead of you state")).to_be_visible()
    check_axe(page)

    page.goto(f"{served.base}/assets/{asset['id']}")
    expect(panel(page)).to_contain_text("bin/lectern models fetch", timeout=60_000)
    expect(panel(page).get_by_role("button", name="Try again")).to_be_visible()
    panel(page).get_by_role("link", name="Upload…").press("Enter")
    dialog = page.get_by_role("dialog")
    file = tmp_path / "captions.vtt"
    file.write_text(VTT)
    dialog.get_by_label("File").set_input_files(str(file))
    dialog.get_by_label("Language").select_option("en")
    check_axe(page)
    dialog.get_by_role("button", name="Upload").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("status").filter(has_text="Line 6")).to_be_visible()

    row = panel(page).locator('[data-captions="en"]')
    expect(row).to_contain_text("Call you state.")
    panel(page).get_by_role("link", name="The glossary suggests 1 correction").click()
    expect(dialog.locator("ins")).to_have_text("useState.")
    dialog.get_by_role("button", name="Apply selected corrections").click()
    expect(row).to_contain_text("Call useState.")

    page.get_by_role("button", name="Mark English captions as reviewed").press("Enter")
    expect(row).to_have_attribute("data-state", "reviewed")
    page.get_by_role("button", name="Delete English captions").click()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("Reviewed by")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download English captions").click()
        page.get_by_role("link", name="As SRT").click()
    assert "Call useState." in Path(waiting.value.path()).read_text()
    check_axe(page)
    page.set_viewport_size({"width": 320, "height": 800})
    box = panel(page).bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
