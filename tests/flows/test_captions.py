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


def put_captions(api: Api, asset: dict[str, Any], language: str, vtt: str) -> None:
    path = f"/assets/{asset['id']}/captions.vtt?lang={language}"
    reply = api.call("PUT", path, vtt.encode(), {"Content-Type": "text/vtt"})
    assert reply.status == 201, reply.body


def runs(found: Locator, way: str) -> None:
    """Its text runs that way, once the page has settled."""
    expect(found).to_have_css("direction", way)


def test_hours_before_the_first_cue_are_taken_off_by_one_click_and_come_back(
    page: Page, served: Served, api: Api, asset: dict[str, Any]
) -> None:
    put_captions(api, asset, "en", "WEBVTT\n\n01:00:01.000 --> 01:00:03.000\nFrom a timeline\n")
    page.goto(f"{served.base}/assets/{asset['id']}")
    offer = panel(page).get_by_text("The times begin at 1:00:01")
    expect(offer).to_be_visible()
    check_axe(page)
    panel(page).get_by_role("button", name="Shift to the beginning").press("Enter")
    undo = page.get_by_role("button", name="Undo")
    # What has the focus stays.
    undo.focus()
    expect(offer).to_have_count(0)
    vtt = f"/assets/{asset['id']}/captions.vtt?lang=en"
    assert b"00:00:01.000 --> 00:00:03.000" in api.call("GET", vtt).body
    undo.press("Enter")
    expect(offer).to_be_visible()
    assert b"01:00:01.000 --> 01:00:03.000" in api.call("GET", vtt).body


def test_hebrew_captions_run_from_the_right_wherever_they_are_read(
    page: Page, served: Served, api: Api, asset: dict[str, Any]
) -> None:
    said = "שלום, כיתה! היום נלמד על HTML5 ו-CSS3."
    voices = f"WEBVTT\n\n00:00.100 --> 00:04.000\n<v Ann Lee>{said}\n"
    put_captions(api, asset, "he", voices)
    page.goto(f"{served.base}/assets/{asset['id']}")
    runs(panel(page).locator(".captions__excerpt"), "rtl")
    page.locator("#said-find").fill("HTML5")
    hit = page.locator("#said-found .match__text")
    expect(hit).to_contain_text("HTML5")
    runs(hit, "rtl")

    page.goto(f"{served.base}/assets/{asset['id']}/captions/he/edit")
    row = page.locator("textarea.cue__text")
    expect(row).to_have_value(said)
    runs(row, "rtl")
    expect(row).to_have_attribute("lang", "he")
    expect(page.locator(".cue__speaker")).to_have_text("Ann Lee")
    check_axe(page)
    page.locator("#editor-player :is(video, audio)").evaluate("media => (media.currentTime = 1)")
    shown = page.locator("[data-part=shown]")
    expect(shown).to_have_text(said)
    runs(shown, "rtl")

    page.goto(f"{served.base}/watch/{asset['id']}")
    line = page.locator(".transcript__lines button > span")
    expect(line).to_have_text(said)
    runs(line, "rtl")
    expect(page.locator(".transcript__lines")).to_have_attribute("lang", "he")
    expect(page.locator(".transcript__lines strong")).to_have_text("Ann Lee")
    # The words begin at the right edge of their own box; the page itself goes on left to right.
    edges = line.evaluate(
        """element => {
            const range = document.createRange();
            range.setStart(element.firstChild, 0);
            range.setEnd(element.firstChild, 1);
            const [first, box] = [range.getBoundingClientRect(), element.getBoundingClientRect()];
            return [first.right - box.left, box.width];
        }"""
    )
    assert edges[0] > edges[1] - 4
    runs(page.locator("html"), "ltr")
    check_axe(page)
