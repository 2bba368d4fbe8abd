"""Copies as a person meets them: side by side, merged, and taken apart again."""

import os
import re
import struct
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, StorageState, expect

from tests.flows.api import Api
from tests.flows.conftest import Served, watch


def png(grey: bytes, side: int = 64) -> bytes:
    """A square picture of these bytes, one for each pixel."""
    lines = b"".join(b"\0" + grey[at : at + side] for at in range(0, len(grey), side))
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


@pytest.fixture
def copies(api: Api, tmp_path: Path) -> list[dict[str, Any]]:
    """Three pictures of the same noise; the second is used in a lesson and has a tag."""
    word = uuid.uuid4().hex
    picture = png(os.urandom(64 * 64))
    found = []
    for name in ("First", "Second", "Third"):
        file = tmp_path / f"{name} {word[:6]}.png"
        file.write_bytes(picture)
        tags = {"tags": "only-here"} if name == "Second" else {}
        found.append(api.add(file, on_duplicate="keep", **tags))
    lesson = {"ref": "l", "title": "The lesson"}
    chapters = [{"ref": "c", "title": "Chapter", "lessons": [lesson]}]
    ref = f"course-{word}"
    api.call("PUT", f"/courses/{ref}", {"title": "Copies", "chapters": chapters})
    used = {"assets": [{"id": found[1]["id"]}]}
    assert api.call("PUT", f"/courses/{ref}/lessons/l/usages", used).status == 200
    return found


def group(page: Page, copies: list[dict[str, Any]]) -> Locator:
    return page.locator(f'[data-group="{copies[0]["digest"]}"]')


def copy(page: Page, asset: dict[str, Any]) -> Locator:
    return page.locator(f'li[data-asset="{asset["id"]}"]')


def check(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    width: Any = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0, f"{width} px too wide"
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_copies_are_merged_and_taken_apart_again(
    page: Page, served: Served, api: Api, copies: list[dict[str, Any]]
) -> None:
    first, second, third = copies
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{served.base}/library?duplicates=1")
    page.get_by_role("link", name="Compare duplicates").click()
    expect(page.get_by_role("heading", name="Duplicates", level=1)).to_be_visible()
    expect(group(page, copies)).to_contain_text("3 files with the same content")
    expect(copy(page, second).get_by_role("radio")).to_be_checked()
    check(page)

    copy(page, first).get_by_role("radio").check()
    copy(page, third).get_by_role("checkbox").uncheck()
    group(page, copies).get_by_role("button", name="Merge…").click()
    dialog = page.get_by_role("dialog", name=re.compile("Merge one file into “First"))
    expect(dialog).to_contain_text("1 place will show this file instead")
    expect(dialog).to_contain_text("Tags added: only-here")
    check(page)
    dialog.get_by_role("button", name="Merge", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(group(page, copies)).to_contain_text("2 files with the same content")
    now = api.call("GET", f"/assets/{first['id']}").json
    assert (now["usage_count"], now["tags"]) == (1, ["only-here"])
    assert api.call("GET", f"/assets/{second['id']}").json["merged_into"] == first["id"]

    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(group(page, copies)).to_contain_text("3 files with the same content")
    back = api.call("GET", f"/assets/{second['id']}").json
    assert (back["usage_count"], back["trashed_at"], back["tags"]) == (1, None, ["only-here"])


def test_a_merged_file_says_where_it_went(
    page: Page, served: Served, api: Api, copies: list[dict[str, Any]]
) -> None:
    first, second, _ = copies
    sent = {"keep": first["id"], "merge": [second["id"]]}
    assert api.call("POST", "/duplicates/merge", sent).status == 200
    page.goto(f"{served.base}/assets/{second['id']}")
    told = page.get_by_role("region", name=re.compile("Merged into"))
    check(page)
    told.get_by_role("link", name=first["name"]).click()
    history = page.get_by_role("region", name="History")
    history.get_by_role("link", name=re.compile("Merged")).first.click()
    expect(page.get_by_role("heading", name="1 file merged")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Undo the merge").click()
    expect(page.get_by_role("heading", name="1 file merged").locator("..")).to_contain_text(
        "Undone"
    )
    check(page)
    assert api.call("GET", f"/assets/{second['id']}").json["usage_count"] == 1


def test_what_cannot_be_merged_says_why_by_keyboard(
    page: Page, served: Served, api: Api, copies: list[dict[str, Any]]
) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{served.base}/duplicates/of/{copies[0]['id']}")
    assert api.call("DELETE", f"/assets/{copies[2]['id']}").status == 204
    copy(page, copies[1]).get_by_role("radio").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="These files cannot be merged")
    expect(dialog).to_contain_text("is in the trash. Restore it first.")
    check(page)
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()


@pytest.fixture(params=["wide light", "wide dark", "phone light", "phone dark"])
def looked_at(
    request: pytest.FixtureRequest, browser: Browser, served: Served, signed_in: StorageState
) -> Iterator[tuple[Page, list[str]]]:
    size, scheme = request.param.split()
    wide = {"width": 1440, "height": 900}
    context = browser.new_context(
        storage_state=signed_in,
        viewport=wide if size == "wide" else {"width": 320, "height": 640},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page = context.new_page()
    yield page, watch(page, served.base)
    context.close()


def test_the_pages_are_accessible_and_fit(
    looked_at: tuple[Page, list[str]], served: Served, copies: list[dict[str, Any]]
) -> None:
    page, wrong = looked_at
    for path in ("/duplicates", f"/duplicates/of/{copies[0]['id']}"):
        page.goto(served.base + path)
        check(page)
    group(page, copies).get_by_role("button", name="Merge…").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    check(page)
    assert wrong == []
