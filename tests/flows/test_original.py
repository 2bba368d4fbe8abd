"""What the browser at hand can play is offered before anything has been made of it."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import imageio_ffmpeg
import psutil
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.flows.api import Api
from tests.flows.conftest import Served

SECONDS = 24
VIDEO = "document.querySelector('original-offer video')"


def encoded(folder: Path, name: str, *coding: str) -> Path:
    path = folder / name
    picture = ["-f", "lavfi", "-i", f"testsrc2=s=640x360:r=12:d={SECONDS}"]
    sound = ["-f", "lavfi", "-i", f"sine=r=48000:d={SECONDS}"]
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    words = [ffmpeg, "-loglevel", "error", *picture, *sound, "-pix_fmt", "yuv420p", *coding]
    subprocess.run([*words, str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def webm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    coding = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"]
    return encoded(tmp_path_factory.mktemp("original"), "seminar.webm", *coding)


@contextmanager
def held_back(served: Served, queue: str = "media") -> Iterator[None]:
    """The workers of a queue stand still meanwhile, as if they had long films before."""
    busy = [
        process
        for process in psutil.Process(served.process.pid).children(recursive=True)
        if process.cmdline()[-2:] == ["worker", queue]
    ]
    assert busy
    for process in busy:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in busy:
            process.send_signal(signal.SIGCONT)


def added(api: Api, file: Path) -> str:
    """The file, checked and in the library, and no further."""
    upload = api.send(file.name, file.read_bytes(), on_duplicate="keep")
    return str(api.wait_for_upload(upload)["asset"])


def stage(page: Page) -> Locator:
    return page.get_by_role("region", name="Video")


def until(page: Page, true: str) -> None:
    page.wait_for_function(f"() => {true}")


def test_the_original_plays_while_streams_are_made_and_changes_over_when_asked_to(
    page: Page, served: Served, api: Api, webm: Path
) -> None:
    page.emulate_media(reduced_motion="reduce")
    with held_back(served):
        asset = added(api, webm)
        page.goto(f"{served.base}/assets/{asset}")
        expect(page.get_by_text("You are watching the original.")).to_be_visible()
        until(page, f"{VIDEO}.readyState >= 2")
        source = page.evaluate(f"{VIDEO}.currentSrc")
        assert source.endswith(f"/m/{asset}/v/1/original?inline=1")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        page.evaluate(f"{VIDEO}.muted = true")
        page.evaluate(f"{VIDEO}.currentTime = 13")
        page.evaluate(f"{VIDEO}.play()")
        until(page, f"{VIDEO}.currentTime > 14")
    change = page.get_by_role("button", name="Switch now")
    expect(change).to_be_visible(timeout=90_000)
    # Nothing has been exchanged under whoever watches.
    assert page.evaluate(f"{VIDEO}.currentSrc") == source
    assert not page.evaluate(f"{VIDEO}.paused") or page.evaluate(f"{VIDEO}.ended")
    page.evaluate(f"{VIDEO}.pause()")
    page.evaluate(f"{VIDEO}.currentTime = 17.4")
    change.click()
    page.wait_for_url("**?t=17")
    expect(page.locator("original-offer")).to_have_count(0)
    until(page, "document.querySelector('video').readyState >= 1")
    until(page, "Math.abs(document.querySelector('video').currentTime - 17) < 0.6")
    assert "original" not in page.evaluate("document.querySelector('video').currentSrc")


def test_a_lesson_offers_the_original_as_well(
    page: Page, served: Served, api: Api, webm: Path
) -> None:
    with held_back(served):
        asset = added(api, webm)
        lesson = {"ref": "first", "title": "First"}
        chapters = [{"ref": "one", "title": "One", "lessons": [lesson]}]
        course = {"title": "Originals", "chapters": chapters}
        assert api.call("PUT", "/courses/originals", course).status in {200, 201}
        usages = {"assets": [{"id": asset, "policy": "follow"}]}
        put = api.call("PUT", "/courses/originals/lessons/first/usages", usages)
        assert put.status == 200, put.body
        page.goto(f"{served.base}/courses")
        page.get_by_role("link", name="Originals").click()
        page.get_by_role("link", name="First").first.click()
        expect(page.get_by_text("You are watching the original.")).to_be_visible()
        until(page, f"{VIDEO}.readyState >= 1")


def test_what_a_browser_cannot_play_or_must_not_show_waits(
    page: Page, served: Served, api: Api, tmp_path: Path, assets_dir: Path
) -> None:
    strange = encoded(tmp_path, "old.avi", "-c:v", "mpeg4", "-c:a", "mp3")
    # Its middle is cut out, and a copy of its coded data would show it.
    trimmed = assets_dir / "media" / "hunted" / "cutmiddle.mp4"
    with held_back(served):
        for file in (strange, trimmed):
            page.goto(f"{served.base}/assets/{added(api, file)}")
            expect(page.get_by_role("heading", name="Being processed")).to_be_visible()
            expect(page.locator("original-offer template")).to_have_count(0)
