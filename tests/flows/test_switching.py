"""A replacement for a later time, and the page about storage, as a person meets them."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.flows.api import Api
from tests.flows.conftest import Served
from tests.flows.test_versions import check_axe, panel


def test_a_replacement_waits_for_its_time_and_is_called_forward(
    page: Page, served: Served, api: Api, lecture: Path, big_clip: Path
) -> None:
    page.emulate_media(reduced_motion="reduce")
    asset: dict[str, Any] = api.add(lecture, on_duplicate="keep")
    page.goto(f"{served.base}/assets/{asset['id']}")
    panel(page).get_by_role("link", name="Replace file…").click()
    dialog = page.get_by_role("dialog", name=re.compile("Replace"))
    dialog.get_by_label("New file").set_input_files(str(big_clip))
    dialog.get_by_label("Date and time").fill("2020-01-01T08:00")
    expect(dialog.get_by_role("radio", name="At a specific time:")).to_be_checked()
    dialog.get_by_role("button", name="Upload new version").click()
    expect(dialog.get_by_role("alert")).to_contain_text("That time is over")
    year = page.evaluate("new Date().getFullYear() + 1")
    dialog.get_by_label("Date and time").fill(f"{year}-03-02T08:00")
    check_axe(page)
    dialog.get_by_role("button", name="Upload new version").click()
    expect(dialog).to_be_hidden()

    newest = panel(page).locator('[data-version="2"]')
    expect(newest).to_contain_text("Becomes current on", timeout=60_000)
    expect(newest).to_have_attribute("data-state", "ready", timeout=60_000)
    expect(newest).not_to_contain_text("Current")
    check_axe(page)
    newest.get_by_role("link", name="Schedule for version 2").click()
    asked = page.get_by_role("dialog", name="When should version 2 become current?")
    expect(asked.get_by_label("Date and time")).to_have_value(f"{year}-03-02T08:00")
    check_axe(page)
    asked.get_by_role("button", name="Switch now").click()
    expect(asked).to_be_hidden()
    expect(newest).to_contain_text("Current")
    assert api.call("GET", f"/assets/{asset['id']}").json["version"] == 2


def test_the_page_about_storage_draws_and_leads_on(
    page: Page, served: Served, api: Api, lecture: Path
) -> None:
    api.add(lecture, on_duplicate="keep")
    problems: list[str] = []
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.goto(f"{served.base}/storage")
    expect(page.locator("growth-chart canvas")).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        check_axe(page)
    page.get_by_text("Show as a table").click()
    expect(page.get_by_role("columnheader", name="Month", exact=True)).to_be_visible()
    page.get_by_role("link", name="Videos").click()
    expect(page).to_have_url(re.compile("kind=video"))
    assert problems == []
