"""Two browsers: what one does, the other sees, without a reload."""

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, expect

from tests.flows.api import Api
from tests.flows.conftest import Served, sign_in, watch


def test_a_second_browser_sees_the_first_ones_progress(
    page: Page, browser: Browser, served: Served, slow_clip: Path
) -> None:
    other_context = browser.new_context()
    other = other_context.new_page()
    sign_in(other, served.base)
    wrong = watch(other, served.base)
    page.goto(f"{served.base}/library")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload", exact=True).click()
    chooser.value.set_files(slow_clip)
    card = other.locator("[data-asset]").filter(has_text=slow_clip.name)
    expect(card).to_have_attribute("data-state", "processing", timeout=60_000)
    expect(card.get_by_role("progressbar").first).to_be_visible()
    expect(card).to_have_attribute("data-state", "ready", timeout=120_000)
    assert wrong == []
    other_context.close()


def test_a_page_opened_later_shows_the_same(
    page: Page, served: Served, api: Api, lecture: Path
) -> None:
    asset = api.add(lecture, on_duplicate="keep")
    page.goto(f"{served.base}/library")
    expect(page.locator(f'[data-asset="{asset["id"]}"]')).to_have_attribute("data-state", "ready")


def test_a_page_is_live_however_late_its_scripts_come(browser: Browser, served: Served) -> None:
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, served.base)
    late: list[Route] = []
    page.route("**/hx-ws*", lambda route: late.append(route))
    # What htmx asks for on its own as soon as it has started.
    with page.expect_request("**/notices/count*"):
        page.goto(f"{served.base}/library", wait_until="commit")
    with page.expect_websocket():
        late[0].continue_()
    expect(page.locator("#live")).to_have_attribute("data-live", "on")
    context.close()


def test_usage_counts_change_on_open_pages(
    page: Page, served: Served, api: Api, lecture: Path
) -> None:
    asset = api.add(lecture, on_duplicate="keep")
    course = {
        "title": "Live",
        "chapters": [{"ref": "c", "title": "C", "lessons": [{"ref": "l", "title": "L"}]}],
    }
    assert api.call("PUT", "/courses/live", course).status in {200, 201}
    page.goto(f"{served.base}/library")
    card = page.locator(f'[data-asset="{asset["id"]}"]')
    expect(card).to_contain_text("Not used yet")
    declared = api.call("PUT", "/courses/live/lessons/l/usages", {"assets": [{"id": asset["id"]}]})
    assert declared.status == 200, declared.body
    expect(card).to_contain_text(re.compile("Used in 1"))
    refused = api.call("DELETE", f"/assets/{asset['id']}")
    assert refused.status == 409
    assert refused.json["usages"][0]["lesson"]["ref"] == "l"
