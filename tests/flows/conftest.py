"""One running Lectern for the journeys of a test process, and a Chromium to make them in."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    StorageState,
    expect,
    sync_playwright,
)

from tests.flows.api import Api

CHECKOUT = Path(__file__).resolve().parents[2]
OWNER = "owner@example.org"
PASSWORD = "correct horse battery staple"
START_S = 120.0
LECTURE_S = 20
expect.set_options(timeout=20_000)


@dataclass
class Served:
    """A `serve` on a folder of its own."""

    base: str
    data: Path
    setup_link: str
    process: "subprocess.Popen[bytes]"

    def command(self, *arguments: str, stdin: str = "") -> str:
        """Run a command of `bin/lectern` on the same folder; returns what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "web.cli", *arguments, "--data", str(self.data)],
            cwd=CHECKOUT,
            env=environment(),
            input=stdin,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def environment() -> dict[str, str]:
    """Ours, without a tester's own installation; sweeps are quick, so that tests are."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("LECTERN_")}
    return {**kept, "LECTERN_LEASE_SECONDS": "6", "LECTERN_SWEEP_SECONDS": "1"}


def start(data: Path, port: int = 0) -> Served:
    """Start Lectern and wait until it answers."""
    log = data.parent / f"{data.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "web.cli", "serve", "--port", str(port), "--data", str(data)],
            cwd=CHECKOUT,
            env=environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + START_S
    while True:
        said = log.read_text()
        base = re.search(r"ready at (http://\S+)", said)
        link = re.search(r"http://\S+/setup/\S+", said)
        if base and link:
            return Served(base[1], data, link[0], process)
        assert process.poll() is None, said
        assert time.monotonic() < deadline, said
        time.sleep(0.1)


def stop(served: Served) -> None:
    """End it as Ctrl-C does."""
    served.process.send_signal(signal.SIGTERM)
    served.process.wait(60)


@contextmanager
def running() -> Iterator[Served]:
    """A Lectern on a new folder, which goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="lectern-flow-"))
    served = start(folder / "data")
    try:
        yield served
    finally:
        stop(served)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def new_served() -> Iterator[Served]:
    """A Lectern nobody has used yet."""
    with running() as served:
        yield served


@pytest.fixture(scope="package")
def served() -> Iterator[Served]:
    """A Lectern with an owner, shared by the journeys of this process, and gone after them."""
    with running() as served:
        served.command("user", "add", OWNER, "--role", "owner", "--password-stdin", stdin=PASSWORD)
        yield served


@pytest.fixture(scope="package")
def api(served: Served) -> Api:
    """The owner's token."""
    said = served.command("token", "create", "--user", OWNER, "--scope", "read", "--scope", "write")
    return Api(served.base, said.split()[-1])


# Not for the session: as long as Playwright runs, its thread has an event loop, and the tests of
# other folders want one of their own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium: the one the launcher found, the system's, or Playwright's."""
    executable = os.environ.get("LECTERN_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable,
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
        )
        yield chromium
        chromium.close()


@pytest.fixture(autouse=True)
def _closed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Closes what a test has opened in the shared browser, also when the test fails."""
    yield
    if "browser" in request.fixturenames:
        for context in request.getfixturevalue("browser").contexts:
            context.close()


@pytest.fixture(scope="package")
def signed_in(browser: Browser, served: Served) -> StorageState:
    """The cookies of the owner, who has signed in once through the form."""
    context = browser.new_context()
    sign_in(context.new_page(), served.base)
    cookies = context.storage_state()["cookies"]
    context.close()
    return {"cookies": cookies, "origins": []}


@pytest.fixture
def context(browser: Browser, signed_in: StorageState) -> Iterator[BrowserContext]:
    """A browser with an empty cache and storage of its own, in which the owner is signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, storage_state=signed_in)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, served: Served) -> Iterator[Page]:
    """A page that fails its test on a console error, a script error or a request to elsewhere."""
    page = context.new_page()
    wrong = watch(page, served.base)
    yield page
    assert wrong == []


def watch(page: Page, base: str) -> list[str]:
    """Collect what must not happen on any page."""
    wrong: list[str] = []
    page.on(
        "console",
        lambda message: (
            wrong.append(f"console: {message.text}")
            if message.type == "error" and not _expected(message.text)
            else None
        ),
    )
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on(
        "request",
        lambda request: (
            wrong.append(f"request to {request.url}")
            if not request.url.startswith((base, "data:", "blob:", base.replace("http", "ws")))
            else None
        ),
    )
    return wrong


def _expected(text: str) -> bool:
    """Chromium reports every refusal as an error; refusals are part of some stories."""
    return "status of 409" in text or "status of 422" in text


def sign_in(page: Page, base: str, email: str = OWNER) -> None:
    """Through the form, as a person does."""
    page.goto(f"{base}/sign-in")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"/library"))


def clear_selection(page: Page) -> None:
    """As the button of the selection's bar does, on a page that has one."""
    page.evaluate(
        """async () => {
          const { clear, csrf } = document.querySelector('selection-bar').dataset;
          await fetch(clear, { method: 'POST', headers: { 'X-CSRF-Token': csrf } });
        }"""
    )


@pytest.fixture(scope="session")
def whole_lecture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lecture: of the test assets where they are, else of ffmpeg's own test sources."""
    found = Path(os.environ.get("LECTERN_TEST_ASSETS", CHECKOUT.parent / "shared"))
    spoken = found / "media" / "react-hooks.mp4"
    if spoken.is_file():
        return spoken
    sources = ["-f", "lavfi", "-i", "testsrc2=s=1280x720:r=10", "-f", "lavfi", "-i", "sine=r=22050"]
    encoded = ["-t", "40", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "20", "-c:a", "aac"]
    return _made(tmp_path_factory.mktemp("whole"), "react-hooks.mp4", *sources, *encoded)


@pytest.fixture(scope="session")
def lecture(whole_lecture: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its first twenty seconds: what most journeys need of a lecture is done sooner."""
    source = ["-i", str(whole_lecture), "-t", str(LECTURE_S), "-c", "copy"]
    return _made(tmp_path_factory.mktemp("lecture"), whole_lecture.name, *source)


def _made(folder: Path, name: str, *options: str) -> Path:
    target = folder / name
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([ffmpeg, "-loglevel", "error", *options, str(target)], check=True)
    return target


@pytest.fixture(scope="session")
def slow_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute that no browser plays, so it has to be transcoded, and that takes a while."""
    source = ["-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=25", "-t", "40"]
    encoded = ["-c:v", "mpeg4", "-q:v", "3"]
    return _made(tmp_path_factory.mktemp("slow"), "slow-lecture.avi", *source, *encoded)


@pytest.fixture(scope="session")
def big_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some tens of MB: several requests' worth."""
    source = ["-f", "lavfi", "-i", "nullsrc=s=640x360:r=25,geq=random(1)*255:128:128", "-t", "6"]
    encoded = ["-c:v", "mpeg4", "-q:v", "2", "-pix_fmt", "yuv420p"]
    return _made(tmp_path_factory.mktemp("big"), "big-lecture.mp4", *source, *encoded)
