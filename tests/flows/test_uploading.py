"""Uploads that are interrupted, repeated, dropped and refused."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.flows.api import Api
from tests.flows.conftest import Served


def choose(page: Page, *files: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload", exact=True).click()
    chooser.value.set_files(list(files))


def test_an_upload_goes_on_after_a_reload(
    page: Page, served: Served, api: Api, big_clip: Path
) -> None:
    page.goto(f"{served.base}/library")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 6_000_000},
    )
    choose(page, big_clip)
    api.wait_until(
        "/uploads",
        lambda found: any(0 < item["offset"] < item["size"] for item in found["items"]),
    )
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    tray = page.get_by_role("region", name="Uploads")
    expect(tray).to_contain_text(big_clip.name)
    with page.expect_response(re.compile("/api/v1/uploads/.+")) as first:
        choose(page, big_clip)
    assert first.value.request.method in {"HEAD", "GET"}, "it should ask where to go on"
    card = page.locator("[data-asset]").filter(has_text=big_clip.name)
    expect(card).to_be_visible(timeout=90_000)


def test_what_is_not_media_is_refused_in_words(page: Page, served: Served, tmp_path: Path) -> None:
    script = tmp_path / "not-a-film.mp4"
    script.write_text("#!/bin/sh\necho not a video\n")
    page.goto(f"{served.base}/library")
    choose(page, script)
    tray = page.get_by_role("region", name="Uploads")
    expect(tray).to_contain_text(re.compile("script|text", re.IGNORECASE))
    expect(page.locator("[data-asset]").filter(has_text="not-a-film.mp4")).to_have_count(0)


def test_a_known_file_is_noticed_before_it_is_sent(
    page: Page, served: Served, api: Api, lecture: Path
) -> None:
    asset = api.add(lecture, on_duplicate="keep")
    page.goto(f"{served.base}/library")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method + request.url))
    choose(page, lecture)
    question = page.get_by_role("dialog")
    expect(question).to_contain_text(asset["name"])
    for choice in ("existing", "version", "both"):
        expect(question.get_by_text(re.compile(choice, re.IGNORECASE)).first).to_be_visible()
    question.get_by_role("button", name=re.compile("Use the existing")).click()
    expect(question).to_be_hidden()
    assert not [line for line in sent if line.startswith("PATCH")]


def test_files_are_dropped_on_the_page(page: Page, served: Served, lecture: Path) -> None:
    page.goto(f"{served.base}/library")
    held = page.evaluate_handle(
        """async () => {
          const canvas = new OffscreenCanvas(640, 360);
          const paint = canvas.getContext('2d');
          paint.fillStyle = 'teal'; paint.fillRect(0, 0, 640, 360);
          paint.fillStyle = 'white'; paint.fillRect(200, 100, 240, 160);
          const data = new DataTransfer();
          const blob = await canvas.convertToBlob();
          data.items.add(new File([blob], 'dropped.png', {type: blob.type}));
          return data;
        }"""
    )
    for kind in ("dragenter", "dragover", "drop"):
        page.dispatch_event("body", kind, {"dataTransfer": held})
    card = page.locator("[data-asset]").filter(has_text="dropped.png")
    expect(card).to_have_attribute("data-state", "ready", timeout=60_000)
