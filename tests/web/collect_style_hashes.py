"""Finds the inline styles in media-chrome's shadow trees, by letting Chromium run it.

`python -m tests.web.collect_style_hashes` writes them to `web/vendor_hashes.json`; a test compares.
"""

import json
import os
import re
import shutil
from pathlib import Path

from playwright.sync_api import Playwright, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "web" / "static"
TARGET = ROOT / "web" / "vendor_hashes.json"
ORIGIN = "http://lectern.localhost"
COLLECT = """
async () => {
  await Promise.all([...document.querySelectorAll(':not(:defined)')]
    .map((element) => customElements.whenDefined(element.localName)));
  const found = new Set();
  const visit = async (tree) => {
    for (const element of tree.querySelectorAll('*')) {
      if (element.hasAttribute('style')) throw new Error(`${element.localName} has a style`);
      if (element.localName === 'style') {
        const text = new TextEncoder().encode(element.textContent);
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
        found.add('sha256-' + btoa(String.fromCharCode(...digest)));
      }
      if (element.shadowRoot) await visit(element.shadowRoot);
    }
  };
  await visit(document);
  return [...found].sort();
}
"""


def package() -> str:
    """The vendored folder, named with its version."""
    return next(path.name for path in (STATIC / "vendor").glob("media-chrome-*"))


def page_of_controls() -> str:
    """Every element our player uses, as the player's template names them."""
    template = (ROOT / "templates" / "shared" / "_player.html").read_text()
    names = sorted(set(re.findall(r"<(media-[a-z-]+)", template)) - {"media-controller"})
    inside = "".join(f"<{name}></{name}>" for name in names)
    return (
        f"<!doctype html><body><media-controller>{inside}</media-controller>"
        f'<script src="/static/vendor/{package()}/iife/index.js"></script>'
    )


def collect(playwright: Playwright) -> list[str]:
    """The hashes as CSP writes them, without quotes."""
    browser = playwright.chromium.launch(
        executable_path=os.environ.get("LECTERN_CHROMIUM") or shutil.which("chromium"),
        args=["--no-sandbox"],
    )
    try:
        page = browser.new_page()
        page.route(
            f"{ORIGIN}/static/**", lambda route: route.fulfill(path=_file(route.request.url))
        )
        page.route(
            f"{ORIGIN}/",
            lambda route: route.fulfill(body=page_of_controls(), content_type="text/html"),
        )
        page.goto(f"{ORIGIN}/")
        found: list[str] = page.evaluate(COLLECT)
        return found
    finally:
        browser.close()


def _file(url: str) -> Path:
    return STATIC / url.removeprefix(f"{ORIGIN}/static/")


if __name__ == "__main__":
    with sync_playwright() as running:
        hashes = collect(running)
    TARGET.write_text(json.dumps({"package": package(), "hashes": hashes}, indent=2) + "\n")
