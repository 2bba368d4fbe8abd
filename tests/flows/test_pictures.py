"""Pictures as a person meets them: cards that come alive, a drawn sound, posters by hand."""

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from tests.flows.api import Api
from tests.flows.conftest import Served


def ended(asset: dict[str, Any], *steps: str) -> bool:
    states = {task["step"]: task["state"] for task in asset["tasks"]}
    return all(states.get(step) in {"done", "skipped", "failed"} for step in steps)


@pytest.fixture
def asset(api: Api, lecture: Path) -> dict[str, Any]:
    """A lecture with its storyboard."""
    made = api.add(lecture, on_duplicate="keep")
    path = f"/assets/{made['id']}"
    return api.wait_until(path, lambda now: ended(now, "storyboard", "waveform"))


def check_axe(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.emulate_media(reduced_motion="no-preference")


def test_a_card_comes_alive_under_the_pointer_and_the_focus(
    page: Page, served: Served, asset: dict[str, Any]
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{served.base}/library")
    card = page.locator(f'.card[data-asset="{asset["id"]}"]')
    poster, preview = card.locator(".card__poster"), card.locator(".preview__tile")
    expect(poster).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if "preview.json" in url or "storyboard" in url]
    # The link covers the whole card.
    card.get_by_role("link").hover()
    expect(preview).to_be_visible()
    box = poster.bounding_box()
    assert box is not None
    shown = set()
    for share in (0.05, 0.5, 0.95):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        page.wait_for_timeout(60)
        shown.add(
            preview.evaluate(
                "tile => getComputedStyle(tile).backgroundPosition + tile.style.backgroundImage"
            )
        )
    assert len(shown) == 3
    page.mouse.move(0, 0)
    expect(preview).to_be_hidden()
    card.get_by_role("link").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(preview).to_be_visible()
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    card.get_by_role("link").hover()
    page.wait_for_timeout(600)
    expect(preview).to_be_hidden()


def test_a_poster_is_picked_sent_and_taken_back(
    page: Page, served: Served, api: Api, asset: dict[str, Any], tmp_path: Path
) -> None:
    page.goto(f"{served.base}/assets/{asset['id']}")
    panel = page.get_by_role("region", name="Poster")
    # Before it knows its length nobody could seek in it either.
    page.wait_for_function("() => document.querySelector('#stage video')?.readyState > 0")
    page.locator("#stage video").evaluate("video => { video.currentTime = 1 }")
    use = panel.get_by_role("button", name="Use this frame (0:01)")
    use.focus()
    page.keyboard.press("Enter")
    picked = panel.get_by_role("button", name="Picked by hand")
    expect(picked).to_have_attribute("aria-pressed", "true", timeout=60_000)
    expect(panel).to_contain_text("Chosen by you")
    check_axe(page)

    photo = tmp_path / "me.png"
    Image.effect_noise((2400, 1600), 90).convert("RGB").save(photo)
    assert photo.stat().st_size > 1_000_000
    panel.get_by_label("Use your own image").set_input_files(str(photo))
    own = panel.get_by_role("button", name="poster: A picture of your own")
    expect(own).to_have_attribute("aria-pressed", "true", timeout=60_000)
    expect(picked).to_have_attribute("aria-pressed", "false")

    page.reload()
    history = page.get_by_role("region", name="History")
    history.get_by_role("button", name="Undo: Chose another poster").first.click()
    expect(picked).to_have_attribute("aria-pressed", "true")


def test_what_is_no_picture_is_refused_in_words(
    page: Page, served: Served, asset: dict[str, Any], tmp_path: Path
) -> None:
    page.goto(f"{served.base}/assets/{asset['id']}")
    fake = tmp_path / "poster.png"
    fake.write_bytes(b"\x89PNG\r\n\x1a\n" + b"nothing of a picture " * 40)
    panel = page.get_by_role("region", name="Poster")
    panel.get_by_label("Use your own image").set_input_files(str(fake))
    expect(panel.get_by_text("Your image could not be used.")).to_be_visible(timeout=60_000)


def test_the_sound_is_drawn_and_sought_by_keyboard_and_pointer(
    page: Page, served: Served, api: Api, assets_dir: Path
) -> None:
    made = api.add(assets_dir / "media" / "corpus" / "audio" / "speech-67s-16k.flac")
    api.wait_until(f"/assets/{made['id']}", lambda now: ended(now, "waveform"))
    page.goto(f"{served.base}/assets/{made['id']}")
    slider = page.get_by_role("slider", name="Playback position")
    expect(slider).to_have_attribute("aria-valuemax", "67")
    page.wait_for_function("() => document.querySelector('#stage audio').readyState > 0")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "0:10")
    box = slider.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(slider).to_have_attribute("aria-valuenow", "34")
    drawn = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0)"
    assert slider.locator("canvas").evaluate(drawn)
    expect(page.get_by_text("LUFS").first).to_be_visible()
    check_axe(page)
