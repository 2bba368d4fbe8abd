"""First paint of a video's page against the library's, in Chromium, over the sample library.

`python -m bench.paint` starts Lectern with its sample, waits until every step has ended, and opens
both pages in turn, each time in a browser that has kept the static files and nothing else.
"""

import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from bench._measure import hold

ROUNDS = 9
# The library's first paint must be at least this share of the file page's.
BAR = 0.5
START_S = 300.0
LECTERN = (sys.executable, "-m", "web.cli")
OWNER = "owner@example.org"
PAINT = """() => new Promise((done) => {
  const look = () => {
    const [entry] = performance.getEntriesByName("first-contentful-paint");
    if (entry) done(entry.startTime);
    else setTimeout(look, 10);
  };
  look();
})"""


def main() -> int:
    """Run the bench; 1 when the bar is missed."""
    password = secrets.token_urlsafe(16)
    with serving(password) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("LECTERN_CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox"],
        )
        context = signed_in(browser, base, password)
        pages = {"library": f"{base}/library", "file": video(context, base)}
        for address in pages.values():
            first_paint(context, address)
        times: dict[str, list[float]] = {name: [] for name in pages}
        for _ in range(ROUNDS):
            for name, address in pages.items():
                times[name].append(first_paint(context, address))
        browser.close()
    for name, each in times.items():
        print(f"  {name:<12} first paint: median {median(each):6.0f} ms, best {min(each):6.0f} ms")
    ratio = median(times["library"]) / median(times["file"])
    return 0 if hold("first paint of the library against a file's page", ratio, BAR) else 1


@contextmanager
def serving(password: str) -> Iterator[str]:
    """Lectern with its sample and an owner; yields where it answers."""
    with tempfile.TemporaryDirectory(prefix="lectern-bench-") as folder:
        data, log = Path(folder) / "data", Path(folder) / "log"
        command = [*LECTERN, "serve", "--demo", "--port", "0", "--data", str(data)]
        with (
            log.open("wb") as output,
            subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process,
        ):
            try:
                base = wait_for(log, process, r"ready at (http://\S+)")
                wait_for(log, process, r"(The sample is in the library)")
                add = ["user", "add", OWNER, "--role", "owner", "--password-stdin"]
                command = [*LECTERN, *add, "--data", str(data)]
                subprocess.run(command, input=password, text=True, check=True)
                yield base
            finally:
                process.terminate()


def wait_for(log: Path, process: "subprocess.Popen[bytes]", pattern: str) -> str:
    """What the log says, as soon as it does."""
    deadline = time.monotonic() + START_S
    while not (line := re.search(pattern, log.read_text())):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(log.read_text())
        time.sleep(0.2)
    return line[1]


def signed_in(browser: Browser, base: str, password: str) -> BrowserContext:
    """A browser with the owner's session, after everything has been processed."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{base}/sign-in")
    page.locator("input[name=email]").fill(OWNER)
    page.locator("input[name=password]").fill(password)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(re.compile("/library"))
    deadline = time.monotonic() + START_S
    # A card with steps on their way is drawn with its progress.
    while page.goto(f"{base}/library") and page.locator("[data-state=processing]").count():
        if time.monotonic() > deadline:
            raise RuntimeError("the sample is still being processed")
        time.sleep(1)
    page.close()
    return context


def video(context: BrowserContext, base: str) -> str:
    """The page of a video of the sample, with captions and slides."""
    page = context.new_page()
    page.goto(f"{base}/library?q=react-hooks")
    path = page.locator("[data-kind=video] a[href*='/assets/']").first.get_attribute("href")
    page.close()
    return f"{base}{path}"


def first_paint(context: BrowserContext, address: str) -> float:
    """Milliseconds from the start of navigation to the first content."""
    page = context.new_page()
    page.goto(address)
    found: float = page.evaluate(PAINT)
    page.wait_for_load_state("networkidle")
    page.close()
    return found


if __name__ == "__main__":
    sys.exit(main())
