"""The caption editor by keyboard alone, with two people at once, and with two hours of cues."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.flows.api import Api
from tests.flows.conftest import PASSWORD, Served, sign_in

CUES = [
    {"start": 0.5, "end": 3.0, "text": "Call use state here."},
    {"start": 3.0, "end": 6.0, "text": "It gives a value."},
    {"start": 9.0, "end": 12.0, "text": "Then use state again."},
]
ANNA = "anna@example.org"


@pytest.fixture
def asset(api: Api, lecture: Path) -> str:
    """A lecture with three cues in English."""
    made = api.add(lecture, on_duplicate="keep")
    write(api, made["id"], CUES)
    return str(made["id"])


@pytest.fixture
def annas(browser: Browser, served: Served) -> Iterator[Page]:
    """Another person's browser."""
    given = ["--role", "editor", "--password-stdin"]
    served.command("user", "add", ANNA, *given, stdin=PASSWORD)
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, served.base, ANNA)
    yield page
    context.close()


def write(api: Api, asset: str, cues: list[dict[str, Any]]) -> None:
    path = f"/assets/{asset}/transcript.json?lang=en"
    assert api.call("PUT", path, {"segments": cues}).status in {200, 201}


def kept(api: Api, asset: str) -> list[dict[str, Any]]:
    found: dict[str, Any] = api.call("GET", f"/assets/{asset}/transcript.json?lang=en").json
    return [{name: each[name] for name in ("start", "end", "text")} for each in found["segments"]]


def texts(api: Api, asset: str) -> list[str]:
    return [each["text"] for each in kept(api, asset)]


def open_editor(page: Page, served: Served, asset: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{served.base}/assets/{asset}/captions/en/edit")
    page.wait_for_selector("caption-editor[data-ready]")


def cue(page: Page, number: int) -> Locator:
    return page.locator(".cue__text").nth(number)


def saved(page: Page) -> None:
    expect(page.get_by_text("All changes are saved.")).to_be_visible()


def test_captions_are_edited_by_keyboard_alone(
    page: Page, served: Served, api: Api, asset: str
) -> None:
    open_editor(page, served, asset)
    for _ in range(80):
        page.keyboard.press("Tab")
        if cue(page, 0).evaluate("field => field === document.activeElement"):
            break
    expect(cue(page, 0)).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type(" Now.")
    saved(page)
    expect(cue(page, 0)).to_have_value("Call use state here. Now.")
    assert texts(api, asset)[0] == "Call use state here. Now."

    page.keyboard.press("Home")
    page.keyboard.press("Control+ArrowRight")
    page.keyboard.press("Control+Enter")
    expect(cue(page, 0)).to_have_value("Call")
    expect(cue(page, 1)).to_be_focused()
    page.keyboard.press("Alt+Shift+J")
    expect(cue(page, 0)).to_have_value("Call use state here. Now.")
    expect(cue(page, 0)).to_be_focused()
    page.keyboard.press("Alt+z")
    expect(cue(page, 1)).to_have_value("use state here. Now.")
    page.keyboard.press("Alt+z")
    expect(cue(page, 0)).to_have_value("Call use state here. Now.")
    expect(page.locator(".cue")).to_have_count(3)

    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+i")
    page.keyboard.type("Inserted by hand.")
    expect(page.locator(".cue:not([data-draft])")).to_have_count(4)
    saved(page)
    assert texts(api, asset)[2] == "Inserted by hand."
    expect(cue(page, 2)).to_be_focused()
    page.keyboard.press("Alt+r")
    expect(page.locator(".cue")).to_have_count(3)
    expect(cue(page, 2)).to_have_value("Then use state again.")

    page.keyboard.press("Alt+t")
    expect(page.get_by_role("slider", name="Cue start")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowRight")
    expect(page.locator('.cue[data-start="8.71"]')).to_have_count(1)

    page.keyboard.press("Alt+h")
    expect(page.get_by_label("Find", exact=True)).to_be_focused()
    page.keyboard.type("USE STATE")
    expect(page.get_by_text("2 places")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("useState")
    page.keyboard.press("Enter")
    expect(cue(page, 2)).to_have_value("Then useState again.")
    expect(page.get_by_role("dialog")).to_be_hidden()
    cue(page, 2).focus()
    page.keyboard.press("Alt+s")
    expect(page.get_by_label("Milliseconds")).to_be_focused()
    page.keyboard.type("-210")
    page.keyboard.press("Enter")
    expect(page.locator('.cue[data-start="8.5"]')).to_have_count(1)
    expect(page.get_by_role("dialog")).to_be_hidden()

    cue(page, 2).focus()
    page.keyboard.press("Alt+Enter")
    page.wait_for_function("() => document.querySelector('#editor-player video').currentTime > 8.4")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.querySelector('#editor-player video').paused")
    page.keyboard.press("Alt+/")
    expect(page.get_by_role("dialog", name="Caption editor shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Mark as reviewed").press("Enter")
    expect(page.locator("#caption-state")).to_contain_text("Reviewed by")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("link", name="History…").press("Enter")
    page.get_by_role("button", name="Restore step 1", exact=True).press("Enter")
    expect(cue(page, 2)).to_have_value("Then use state again.")
    assert kept(api, asset) == CUES


def test_two_people_are_told_and_neither_loses_a_word(
    page: Page, served: Served, api: Api, asset: str, annas: Page
) -> None:
    open_editor(page, served, asset)
    open_editor(annas, served, asset)
    cue(annas, 2).fill("Anna was here.")
    expect(cue(page, 2)).to_have_value("Anna was here.")
    expect(page.get_by_role("alert").filter(has_text="editing too")).to_be_visible()

    annas.context.set_offline(True)
    cue(annas, 0).fill("What Anna says.")
    expect(annas.get_by_text("Not saved yet")).to_be_visible()
    cue(page, 0).fill("What I say.")
    saved(page)
    cue(page, 1).fill("Another one of mine.")
    saved(page)
    annas.context.set_offline(False)
    told = annas.get_by_role("alert").filter(has_text="Someone changed this cue to")
    expect(told).to_contain_text("What I say.")
    expect(cue(annas, 0)).to_have_value("What Anna says.")
    expect(cue(annas, 1)).to_have_value("Another one of mine.")
    assert texts(api, asset)[0] == "What I say."
    annas.get_by_role("button", name="Keep mine").press("Enter")
    expect(cue(page, 0)).to_have_value("What Anna says.")
    assert texts(api, asset) == ["What Anna says.", "Another one of mine.", "Anna was here."]


def test_two_hours_of_cues_are_saved_one_by_one(
    page: Page, served: Served, api: Api, asset: str
) -> None:
    many = [
        {"start": n * 2.4, "end": n * 2.4 + 2.3, "text": f"This is sentence {n}."}
        for n in range(3000)
    ]
    write(api, asset, many)
    open_editor(page, served, asset)
    expect(page.locator(".cue")).to_have_count(3000)
    with page.expect_response(lambda answer: answer.request.method == "PATCH") as waiting:
        cue(page, 1500).fill("Something else.")
    answer = waiting.value
    assert len(answer.body()) < 4000
    assert len(answer.request.post_data or "") < 1000
    assert json.loads(answer.body())["first"] == 1500
    saved(page)
    assert texts(api, asset)[1500] == "Something else."
