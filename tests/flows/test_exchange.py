"""Import and export as an owner meets them: an archive made, looked at, brought in, taken back."""

import re
import uuid
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.flows.api import Api
from tests.flows.conftest import Served
from tests.flows.test_versions import check_axe

LEAF = Path(__file__).resolve().parents[2] / "web/cli/sample/files/leaf-cross-section.png"
NARROW = {"width": 320, "height": 700}
WIDE = {"width": 1280, "height": 800}


@pytest.fixture
def picture(api: Api) -> dict[str, Any]:
    """A picture with a name of its own."""
    asset: dict[str, Any] = api.add(LEAF, on_duplicate="keep")
    rename(api, asset, f"Leaf {uuid.uuid4().hex[:8]}")
    return api.call("GET", f"/assets/{asset['id']}").json  # type: ignore[no-any-return]


def rename(api: Api, asset: dict[str, Any], name: str) -> None:
    assert api.call("PATCH", f"/assets/{asset['id']}", {"name": name}).status == 200


def name_of(api: Api, asset: dict[str, Any]) -> str:
    return str(api.call("GET", f"/assets/{asset['id']}").json["name"])


def check(page: Page) -> None:
    """Nobody is shut out, on a narrow screen neither."""
    check_axe(page)
    page.set_viewport_size(NARROW)
    width: Any = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    wide: Any = page.evaluate(
        "[...document.querySelectorAll('body *')]"
        ".filter((each) => each.getBoundingClientRect().right > innerWidth + 1)"
        ".map((each) => each.outerHTML.slice(0, 90))"
    )
    assert width <= 0, f"{width} px too wide: {wide}"
    page.set_viewport_size(WIDE)


def test_an_export_is_made_looked_at_brought_in_and_taken_back(
    page: Page, served: Served, api: Api, picture: dict[str, Any], tmp_path: Path
) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{served.base}/exchange")
    expect(page.get_by_role("heading", name="Import and export", level=1)).to_be_visible()
    check(page)
    page.get_by_role("button", name="Create export").click()
    link = page.get_by_role("link", name=re.compile("Download")).first
    expect(link).to_be_visible(timeout=60_000)
    check(page)
    with page.expect_download() as download:
        link.click()
    archive = tmp_path / "library.zip"
    download.value.save_as(archive)
    with zipfile.ZipFile(archive) as read:
        assert picture["name"] in read.read("assets.jsonl").decode()

    rename(api, picture, "Somebody's other name")
    page.get_by_label("Choose an archive…").set_input_files(str(archive))
    expect(page.get_by_role("heading", name="Import of library.zip", level=1)).to_be_visible()
    row = page.get_by_role("listitem").filter(has_text=picture["name"])
    expect(row.locator("del")).to_have_text("Somebody's other name")
    expect(row.locator("ins")).to_have_text(picture["name"])
    check(page)
    # Nothing has happened yet.
    assert name_of(api, picture) == "Somebody's other name"

    page.get_by_role("button", name="Import").click()
    undo = page.get_by_role("button", name="Undo the import")
    expect(undo).to_be_visible(timeout=60_000)
    assert name_of(api, picture) == picture["name"]
    check(page)
    undo.click()
    expect(page.get_by_text(re.compile("^Undone: "))).to_be_visible(timeout=60_000)
    assert name_of(api, picture) == "Somebody's other name"
    check(page)


def test_what_is_no_archive_is_refused_in_words(page: Page, served: Served, tmp_path: Path) -> None:
    page.emulate_media(reduced_motion="reduce")
    wrong = tmp_path / "wrong.zip"
    wrong.write_bytes(b"not a ZIP at all")
    page.goto(f"{served.base}/exchange")
    page.get_by_label("Choose an archive…").set_input_files(str(wrong))
    expect(page.locator("archive-import").get_by_role("alert")).to_contain_text(
        "This is not a ZIP archive"
    )
    check(page)
