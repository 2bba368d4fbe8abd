"""Every page as it is: axe finds nothing, nothing overflows a small phone, in light and in dark."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, StorageState

from tests.flows.api import Api
from tests.flows.conftest import Served, watch

WIDE = {"width": 1440, "height": 900}
# WCAG 1.4.10: a page reads at 320 CSS pixels.
PHONE = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def filled(served: Served, api: Api, lecture: Path) -> dict[str, str]:
    """A library with a used video, and where to find things."""
    asset = api.add(lecture, tags="react,a much longer tag than most", folder="Term 1/Week 1")
    lesson = {"ref": "l", "title": "Hooks, and why components remember"}
    course = {"title": "React", "chapters": [{"ref": "c", "title": "State", "lessons": [lesson]}]}
    api.call("PUT", "/courses/react", course)
    declared = api.call("PUT", "/courses/react/lessons/l/usages", {"assets": [{"id": asset["id"]}]})
    assert declared.status == 200
    used = api.call("GET", f"/assets/{asset['id']}/usages").json["items"][0]
    return {"asset": f"/assets/{asset['id']}", "lesson": used["url"].partition("#")[0]}


@pytest.fixture(params=["wide light", "wide dark", "phone light", "phone dark"])
def looked_at(
    request: pytest.FixtureRequest, browser: Browser, served: Served, signed_in: StorageState
) -> Iterator[tuple[Page, list[str]]]:
    size, scheme = request.param.split()
    context = browser.new_context(
        storage_state=signed_in,
        viewport=WIDE if size == "wide" else PHONE,
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page = context.new_page()
    yield page, watch(page, served.base)
    context.close()


PAGES = [
    "/library",
    "/library?q=nothing+is+called+so",
    "/library?trashed=1",
    "asset",
    "/courses",
    "lesson",
    "/account",
    "/members",
    "/api/docs",
]


def test_every_page_is_accessible_and_fits(
    looked_at: tuple[Page, list[str]], filled: dict[str, str], served: Served
) -> None:
    page, wrong = looked_at
    for path in PAGES:
        page.goto(served.base + filled.get(path, path))
        page.wait_for_load_state("load")
        if path == "/api/docs":
            page.locator("api-reference[ready] .opblock").first.wait_for()
        check(page, path)
    assert wrong == []


def test_the_picker_is_accessible_and_fits(
    looked_at: tuple[Page, list[str]], filled: dict[str, str], served: Served
) -> None:
    page, wrong = looked_at
    page.goto(served.base + filled["lesson"])
    page.get_by_role("button", name="Add media").click()
    page.get_by_role("dialog").get_by_role("searchbox").wait_for()
    check(page, "picker")
    assert wrong == []


def test_a_missing_page_says_so(looked_at: tuple[Page, list[str]], served: Served) -> None:
    page, _ = looked_at
    reply = page.goto(f"{served.base}/assets/00000000-0000-7000-8000-000000000000")
    assert reply is not None
    assert reply.status == 404
    check(page, "missing")


def check(page: Page, path: str) -> None:
    width: Any = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0, f"{path} is {width} px too wide"
    results = Axe().run(page)
    assert results.violations_count == 0, f"{path}: {results.generate_report()}"
