"""What happens to a file after its upload, as its owner sees it."""

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.flows.api import Api
from tests.flows.conftest import Served
from tests.flows.test_original import added, held_back


def check_axe(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_step_that_waits_is_explained_tried_again_and_stopped(
    page: Page, served: Served, api: Api, lecture: Path
) -> None:
    made = api.add(lecture, on_duplicate="keep")
    page.goto(f"{served.base}/assets/{made['id']}")
    panel = page.get_by_role("region", name="Processing")
    captions = panel.locator('[data-step="captions"]')
    expect(captions).to_have_attribute("data-state", "waiting", timeout=60_000)
    expect(captions).to_contain_text("model")
    captions.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Queued again.")).to_be_visible()
    expect(captions).to_have_attribute("data-state", "waiting", timeout=30_000)
    check_axe(page)

    page.goto(f"{served.base}/processing")
    waiting = page.get_by_role("region", name="Waiting for other steps")
    mine = waiting.get_by_role("listitem").filter(
        has=page.locator(f'a[href$="/assets/{made["id"]}"]')
    )
    expect(mine).to_be_visible()
    expect(page.get_by_role("region", name="Workers")).to_contain_text("idle")
    check_axe(page)
    mine.get_by_role("button", name="Stop").click()
    expect(mine).to_have_count(0, timeout=15_000)
    page.goto(f"{served.base}/assets/{made['id']}")
    expect(captions).to_have_attribute("data-state", "cancelled")
    expect(page.get_by_role("region", name="History")).to_contain_text("Stopped a step")


def test_what_a_file_needs_is_stopped_and_started_again(
    page: Page, served: Served, api: Api, lecture: Path
) -> None:
    with held_back(served):
        asset = added(api, lecture)
        page.goto(f"{served.base}/assets/{asset}")
        panel = page.get_by_role("region", name="Processing")
        playable = panel.locator('[data-step="playable"]')
        playable.get_by_role("button", name="Stop").click()
        expect(playable).to_have_attribute("data-state", "cancelled")
    page.goto(f"{served.base}/assets/{asset}")
    stopped = page.get_by_role("heading", name="Processing was stopped", include_hidden=True)
    expect(stopped).to_have_count(1)
    assert api.call("GET", f"/assets/{asset}").json["state"] == "processing"
    check_axe(page)
    playable.get_by_role("button", name="Try again").click()
    expect(playable).to_have_attribute("data-state", "done", timeout=90_000)
    api.wait_for_asset(asset)
    page.goto(f"{served.base}/assets/{asset}")
    expect(page.get_by_role("region", name="Player:")).to_be_visible()


def test_the_check_of_an_upload_is_stopped_and_started_again(
    page: Page, served: Served, api: Api, lecture: Path
) -> None:
    page.goto(f"{served.base}/library")
    with held_back(served, "probe"):
        page.locator("file-drop input:not([webkitdirectory])").set_input_files(
            {"name": "held.mp4", "mimeType": "video/mp4", "buffer": lecture.read_bytes() + bytes(1)}
        )
        uploads = page.get_by_role("region", name="Uploads")
        uploads.get_by_role("button", name="Stop checking held.mp4").click()
        expect(uploads).to_contain_text("The check of this file was stopped.")
        check_axe(page)
    uploads.get_by_role("button", name="Check held.mp4 again").click()
    expect(uploads).to_contain_text("Added to the library.", timeout=60_000)
