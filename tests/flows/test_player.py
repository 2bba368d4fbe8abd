"""The player as a learner meets it: streams, keys, captions, transcript, places, and failures."""

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.flows.api import Api
from tests.flows.conftest import Served

SECONDS = 30
CHAPTERS = (("Why hooks exist", 0, 9), ("State & friends", 9, 20), ("Rules", 20, SECONDS))
SAID = {
    "en": ("Hello and welcome.", "A hook is a function.", "Never call hooks in a loop."),
    "de": ("Hallo und willkommen.", "Ein Hook ist eine Funktion.", "Nie in einer Schleife."),
}
STREAMS_S = 240.0
AT = "document.querySelector('video').currentTime"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute with chapters, quickly encoded in several sizes."""
    folder = tmp_path_factory.mktemp("clip")
    marks = "".join(
        f"[CHAPTER]\nTIMEBASE=1/1\nSTART={start}\nEND={end}\ntitle={title}\n"
        for title, start, end in CHAPTERS
    )
    (folder / "marks.txt").write_text(f";FFMETADATA1\n{marks}")
    made = folder / "hooks.mp4"
    picture = ["-f", "lavfi", "-i", f"smptebars=s=1280x720:r=10:d={SECONDS}"]
    sound = ["-f", "lavfi", "-i", f"sine=r=22050:d={SECONDS}"]
    inputs = [*picture, *sound, "-i", str(folder / "marks.txt"), "-map_chapters", "2"]
    coded = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "40", "-c:a", "aac", "-shortest"]
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([ffmpeg, "-loglevel", "error", *inputs, *coded, str(made)], check=True)
    return made


@pytest.fixture(scope="module")
def asset(api: Api, clip: Path) -> dict[str, Any]:
    """The clip with streams in all sizes, and captions in two languages."""
    made = api.add(clip, on_duplicate="keep")
    for language, said in SAID.items():
        starts = (1, 10, 21)
        cues = zip(starts, said, strict=True)
        blocks = [f"00:00:{at:02}.000 --> 00:00:{at + 4:02}.000\n{text}\n" for at, text in cues]
        vtt = "WEBVTT\n\n" + "\n".join(blocks)
        path = f"/assets/{made['id']}/captions.vtt?lang={language}"
        reply = api.call("PUT", path, vtt.encode(), {"Content-Type": "text/vtt"})
        assert reply.status == 201, reply.body
    deadline = time.monotonic() + STREAMS_S
    while True:
        found = api.call("GET", f"/assets/{made['id']}").json
        states = {task["step"]: task["state"] for task in found["tasks"]}
        if states.get("hls") == "done":
            return made
        assert time.monotonic() < deadline, states
        time.sleep(0.5)


@pytest.fixture
def watched(page: Page, served: Served, asset: dict[str, Any]) -> Page:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{served.base}/watch/{asset['id']}")
    loaded(page)
    return page


def until(page: Page, true: str) -> None:
    """Wait for an expression: as a function, for the page's policy lets nothing be evaluated."""
    page.wait_for_function(f"() => {true}")


def loaded(page: Page) -> None:
    until(page, "document.querySelector('video').readyState >= 2")


def player(page: Page) -> Locator:
    return page.get_by_role("region", name=re.compile("^Player: "))


def press(page: Page, key: str) -> None:
    player(page).focus()
    page.keyboard.press(key)


def stands_at(page: Page, seconds: float) -> None:
    until(page, f"Math.abs({AT} - {seconds}) < 0.6")


def settings(page: Page) -> Locator:
    player(page).get_by_role("button", name="Settings").click()
    return page.get_by_role("dialog", name="Player settings")


def check_axe(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_streams_are_played_and_steered_by_keys(watched: Page) -> None:
    page = watched
    with page.expect_request(re.compile(r"/hls/[\w.]+\.mp4$")) as segment:
        press(page, "k")
        until(page, f"{AT} > 0.5")
    assert segment.value.headers["range"].startswith("bytes=")
    assert page.evaluate("document.querySelector('video').currentSrc").startswith("blob:")
    press(page, "Space")
    assert page.evaluate("document.querySelector('video').paused")

    for key, seconds in [("5", 15), ("l", 25), ("j", 15), ("ArrowRight", 20), ("Home", 0)]:
        press(page, key)
        stands_at(page, seconds)
    for key, seconds in [("n", 9), ("n", 20), ("p", 9), ("p", 0)]:
        press(page, key)
        stands_at(page, seconds)
    chapter = page.get_by_role("navigation", name="Chapters").get_by_role("button")
    expect(chapter.nth(0)).to_have_attribute("aria-current", "true")
    chapter.filter(has_text="State & friends").click()
    stands_at(page, 9)

    press(page, "m")
    expect(player(page).get_by_role("status")).to_have_text("Muted")
    press(page, ">")
    assert page.evaluate("document.querySelector('video').playbackRate") == 1.25
    press(page, "?")
    help_ = page.get_by_role("dialog", name="Player keyboard shortcuts")
    expect(help_).to_contain_text("Play or pause")
    check_axe(page)
    page.keyboard.press("Escape")
    expect(help_).to_be_hidden()

    menu = settings(page)
    expect(menu.get_by_label("Speed")).to_have_value("1.25")
    sizes = menu.get_by_label("Quality").locator("option").all_inner_texts()
    assert sizes[0].startswith("Automatic")
    assert {"720p", "360p"} <= set(sizes)
    with page.expect_request(re.compile(r"/hls/v360\.mp4$")):
        menu.get_by_label("Quality").select_option("360p")
    menu.get_by_label("Keyboard shortcuts").uncheck()
    page.keyboard.press("Escape")
    press(page, "0")
    page.reload()
    loaded(page)
    press(page, "5")
    assert page.evaluate(AT) < 12, "the keys are switched off"
    assert page.evaluate("document.querySelector('video').playbackRate") == 1.25


def test_captions_are_switched_styled_read_and_searched(watched: Page) -> None:
    page = watched
    lines = page.get_by_role("region", name="Transcript").get_by_role("listitem")
    expect(lines).to_have_count(3)
    menu = settings(page)
    for name, language in [("English", "en"), ("German", "de")]:
        menu.get_by_label("Captions").select_option(name)
        expect(lines.nth(1)).to_contain_text(SAID[language][1])
    menu.get_by_label("Speed").select_option("1.5×")
    menu.get_by_text("Caption style").click()
    menu.get_by_label("Size").select_option("Large")
    menu.get_by_label("Background").select_option("Black")
    check_axe(page)
    page.keyboard.press("Escape")

    lines.nth(1).get_by_role("button").click()
    stands_at(page, 10)
    expect(lines.nth(1).get_by_role("button")).to_have_attribute("aria-current", "true")
    page.keyboard.press("ArrowDown")
    expect(lines.nth(2).get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    stands_at(page, 21)
    shown = "[...document.querySelector('video').textTracks].find(t => t.mode === 'showing')"
    until(page, f"{shown}.activeCues[0]?.text === {json.dumps(SAID['de'][2])}")

    search = page.get_by_role("searchbox", name="Search transcript")
    search.fill("FUNKTION")
    expect(page.locator("mark")).to_have_text("Funktion")
    expect(page.get_by_text("1 of 1")).to_be_visible()
    search.press("Enter")
    stands_at(page, 10)
    search.fill("nowhere")
    expect(page.get_by_text("No matches")).to_be_visible()
    follow = page.get_by_role("button", name="Follow")
    expect(follow).to_have_attribute("aria-pressed", "false")
    follow.press("Enter")
    expect(follow).to_have_attribute("aria-pressed", "true")

    page.reload()
    loaded(page)
    expect(lines.nth(0)).to_contain_text(SAID["de"][0])
    assert page.evaluate(f"{shown}.language") == "de"
    assert page.evaluate("document.querySelector('video').playbackRate") == 1.5
    size = (
        "getComputedStyle(document.querySelector('lectern-player')).getPropertyValue('--cue-size')"
    )
    assert float(page.evaluate(size)) > 1
    press(page, "c")
    expect(player(page).get_by_role("status")).to_have_text("Captions off")


def test_the_place_is_remembered_and_links_begin_there(
    watched: Page, context: BrowserContext, served: Served, asset: dict[str, Any]
) -> None:
    page = watched
    press(page, "5")
    stands_at(page, 15)
    press(page, "k")
    until(page, f"{AT} > 15.5")
    press(page, "k")
    page.reload()
    loaded(page)
    page.get_by_role("button", name=re.compile(r"Continue at 0:1\d\?")).click()
    until(page, f"{AT} >= 15 && !document.querySelector('video').paused")
    press(page, "k")

    page.goto(f"{served.base}/watch/{asset['id']}?t=0m20s")
    loaded(page)
    stands_at(page, 20)
    assert page.evaluate("document.querySelector('video').paused"), "nothing begins by itself"
    expect(page.get_by_role("button", name=re.compile("Continue at"))).to_have_count(0)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=served.base)
    settings(page).get_by_role("button", name="Copy link at this time").click()
    expect(player(page).get_by_role("status")).to_have_text("Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{served.base}/watch/{asset['id']}?t=20"


MOVE_AT_ONCE = """() => {
  const player = document.querySelector("lectern-player");
  new MutationObserver((_, observer) => {
    if (!player.querySelector("video").src.startsWith("blob:")) return;
    observer.disconnect();
    const { parentElement, nextSibling } = player;
    player.remove();
    globalThis.moved = true;
    setTimeout(() => parentElement.insertBefore(player, nextSibling), 200);
  }).observe(player, { subtree: true, attributeFilter: ["src"] });
}"""


def test_a_player_that_is_moved_as_streams_begin_begins_anew(
    page: Page, served: Served, asset: dict[str, Any]
) -> None:
    page.add_init_script(f"addEventListener('DOMContentLoaded', {MOVE_AT_ONCE})")
    page.goto(f"{served.base}/watch/{asset['id']}")
    until(page, "globalThis.moved")
    until(page, "document.querySelector('video')?.src.startsWith('blob:')")
    loaded(page)


def test_a_part_of_a_lesson_begins_and_ends_where_it_was_cut(
    page: Page, api: Api, served: Served, asset: dict[str, Any]
) -> None:
    chapters = [{"ref": "c", "title": "Hooks", "lessons": [{"ref": "l", "title": "State"}]}]
    course = api.call("PUT", "/courses/parts", {"title": "React", "chapters": chapters}).json
    used = {"assets": [{"id": asset["id"], "start": 5, "end": 7}]}
    assert api.call("PUT", "/courses/parts/lessons/l/usages", used).status == 200
    page.goto(served.base + course["chapters"][0]["lessons"][0]["url"])
    loaded(page)
    stands_at(page, 5)
    press(page, "k")
    expect(player(page).get_by_role("status")).to_have_text("This clip ends here.")
    assert page.evaluate("document.querySelector('video').paused")
    stands_at(page, 7)


def test_where_streams_fail_the_file_plays_and_where_that_fails_words_help(
    context: BrowserContext, served: Served, asset: dict[str, Any]
) -> None:
    page = context.new_page()
    page.route(re.compile(r"/hls/"), lambda route: route.abort())
    page.goto(f"{served.base}/watch/{asset['id']}")
    expect(player(page).get_by_role("status")).to_have_text(re.compile("Playing the MP4 file"))
    loaded(page)
    assert page.evaluate("document.querySelector('video').currentSrc").endswith("/play")
    press(page, "k")
    until(page, f"{AT} > 0.3")

    def refuse(route: Route) -> None:
        route.fulfill(status=404, body="")

    page.route(re.compile(r"/play$"), refuse)
    page.reload()
    expect(page.get_by_text("This file cannot be played here.")).to_be_visible()
    expect(page.get_by_role("link", name="Download it")).to_have_attribute(
        "href", re.compile(r"/720p\.mp4$")
    )


def test_a_small_phone_has_all_of_it(watched: Page) -> None:
    page = watched
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    player(page).get_by_role("button", name="Captions").click()
    until(page, "[...document.querySelector('video').textTracks].some(t => t.mode === 'showing')")
    box = settings(page).bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, 320)
    check_axe(page)
    page.keyboard.press("Escape")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    check_axe(page)
